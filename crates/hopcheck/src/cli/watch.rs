//! `hopcheck watch`.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::targets::{TargetName, live_profile};
use super::{BROKEN, Error, KEPT, interrupted};
use hopcheck_watch::{Display, Report, Watch, Wishes};

#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// What to watch: https://shop.example.com, or the NAME of a [target.NAME] in the profile, or NAME=URL
    #[arg(long, value_name = "TARGET")]
    target: TargetName,
    /// What is known of it [default: hopcheck.toml in this directory, if there is one]
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// End after this long: 90s, 10m, 1h30m [default: until Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = length)]
    length: Option<Duration>,
    /// End when Enter is pressed, too
    #[arg(long)]
    until_key: bool,
    /// Requests to the API in a second; the front end is asked at two fifths of that, preflights at one fifth
    #[arg(long, value_name = "R", default_value_t = Wishes::default().rate, value_parser = rate)]
    rate: f64,
    /// STOMP sessions to keep open
    #[arg(long, value_name = "N", default_value_t = Wishes::default().sessions)]
    sessions: usize,
    /// How many milliseconds without good answers, or without a session that was closed in good order, go unnoticed
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    gap: u64,
    /// Write what was found into files: html=FILE, json=FILE, or both
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',', value_parser = report_file)]
    report: Vec<(Kind, PathBuf)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Json,
}

/// Watches until the time is over, the key is pressed or Ctrl-C, and says whether somebody noticed.
pub(super) async fn watch_command(arguments: WatchArgs) -> Result<u8, Error> {
    if arguments.until_key && !std::io::stdin().is_terminal() {
        return Err(
            "--until-key needs a terminal to press Enter at; end the watch by --for, or by Ctrl-C".into()
        );
    }
    for (_, file) in &arguments.report {
        // Found out now, not after hours.
        std::fs::File::options()
            .append(true)
            .create(true)
            .open(file)
            .map_err(|error| cannot(file, &error))?;
    }
    let TargetName::Live { name, url } = &arguments.target else {
        return Err(
            "a watch is of a deployment: give --target its URL, or the name of its section in the profile"
                .into(),
        );
    };
    let profile = live_profile(name, url.as_deref(), arguments.profile.as_deref())?;
    let wishes = Wishes {
        rate: arguments.rate,
        sessions: arguments.sessions,
        gap: Duration::from_millis(arguments.gap),
        ..Wishes::default()
    };
    let watch = tokio::select! {
        watch = Watch::prepare(name, profile, wishes) => watch?,
        () = interrupted() => return Err("interrupted before the watch began".into()),
    };
    for line in watch.describe() {
        outln!("{line}");
    }
    outln!("  {}", until(&arguments));
    let running = watch.begin();
    let mut display = Display::detect();
    let ending = ended(&arguments);
    tokio::pin!(ending);
    loop {
        tokio::select! {
            () = &mut ending => break,
            () = tokio::time::sleep(display.pause()) => display.show(running.glance()),
        }
    }
    display.show(running.glance());
    let report = running.end().await;
    if report.is_empty() {
        return Err("the watch ended before the first answer".into());
    }
    outln!("\n{}", report.words().trim_end());
    for (kind, file) in &arguments.report {
        write(&report, *kind, file)?;
        outln!("written: {}", file.display());
    }
    Ok(if report.noticed { BROKEN } else { KEPT })
}

fn until(arguments: &WatchArgs) -> String {
    let mut ends = Vec::new();
    ends.extend(arguments.length.map(|length| format!("{} s are over", length.as_secs_f64())));
    ends.extend(arguments.until_key.then(|| "Enter is pressed".to_owned()));
    ends.push("Ctrl-C".to_owned());
    format!("until {}; then comes the verdict", ends.join(" or "))
}

/// Waits for whatever ends the watch.
async fn ended(arguments: &WatchArgs) {
    let time_is_over = async {
        match arguments.length {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    let key = async {
        if !arguments.until_key || key_pressed().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = time_is_over => {}
        () = key => {}
        () = interrupted() => {}
    }
}

/// Waits for Enter, on a thread that nobody waits for.
async fn key_pressed() -> Result<(), tokio::sync::oneshot::error::RecvError> {
    let (pressed, key) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line).is_ok_and(|length| length > 0) {
            // Nobody listens when the watch has ended otherwise.
            let _ = pressed.send(());
        }
    });
    key.await
}

fn write(report: &Report, kind: Kind, file: &Path) -> Result<(), Error> {
    let text = match kind {
        Kind::Html => report.html(),
        Kind::Json => report.json(),
    };
    std::fs::write(file, text).map_err(|error| cannot(file, &error).into())
}

fn cannot(file: &Path, error: &std::io::Error) -> String {
    format!("cannot write {}: {error}", file.display())
}

fn length(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time, as 90s, 10m and 1h30m are");
    let length: SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(length).map_err(|_| wrong())
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.1..=1000.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.1 to 1000".to_owned()),
    }
}

fn report_file(text: &str) -> Result<(Kind, PathBuf), String> {
    let known = "html=FILE or json=FILE";
    match text.split_once('=') {
        Some((_, "")) | None => Err(known.to_owned()),
        Some(("html", file)) => Ok((Kind::Html, file.into())),
        Some(("json", file)) => Ok((Kind::Json, file.into())),
        Some((kind, _)) => Err(format!("{known}; a watch has no report of the kind {kind:?}")),
    }
}
