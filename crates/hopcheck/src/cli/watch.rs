//! `hopcheck watch`.

use hopcheck_report::outln;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::exit::{EXIT_BROKEN, EXIT_KEPT, Error};
use super::interrupt::interrupted;
use super::targets::{TargetName, live_profile};
use hopcheck_watch::{Report, StatusDisplay, Watch, WatchOptions};

#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// The deployment to watch: a URL, NAME=URL, or the NAME of a [target.NAME] section of the profile
    #[arg(long, value_name = "TARGET")]
    target: TargetName,
    /// The profile of the deployment [default: hopcheck.toml in this directory, if there is one]
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// End after this time: 90s, 10m, 1h30m [default: until Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = length)]
    length: Option<Duration>,
    /// Also end when Enter is pressed
    #[arg(long)]
    until_key: bool,
    /// Requests to the API per second; those to the front end are two fifths, preflights and WebSockets one fifth of that
    #[arg(long, value_name = "R", default_value_t = WatchOptions::default().rate, value_parser = rate)]
    rate: f64,
    /// STOMP sessions to keep open
    #[arg(long, value_name = "N", default_value_t = WatchOptions::default().sessions)]
    sessions: usize,
    /// How many milliseconds without a good response, or until a cleanly closed session is back, go unnoticed
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    gap: u64,
    /// Show credentials in output and reports: secrets of the profile, cookies, Authorization, tokens in URLs
    #[arg(long)]
    show_secrets: bool,
    /// Write reports: html=FILE, json=FILE, or both
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',', value_parser = report_file)]
    report: Vec<(ReportKind, PathBuf)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReportKind {
    Html,
    Json,
}

/// Watches until the time is over, Enter or Ctrl-C is pressed, and prints the verdict.
pub(super) async fn watch_command(arguments: WatchArgs) -> Result<u8, Error> {
    if arguments.until_key && !std::io::stdin().is_terminal() {
        return Err(
            "--until-key needs a terminal to press Enter at; use --for or Ctrl-C to end the watch".into()
        );
    }
    for (_, file) in &arguments.report {
        // Fail now rather than after hours.
        std::fs::File::options()
            .append(true)
            .create(true)
            .open(file)
            .map_err(|error| cannot(file, &error))?;
    }
    let TargetName::Live { name, url } = &arguments.target else {
        return Err(
            "only a deployment can be watched: give --target its URL, or the name of its section in the profile"
                .into(),
        );
    };
    let profile = live_profile(name, url.as_deref(), arguments.profile.as_deref())?;
    let options = WatchOptions {
        rate: arguments.rate,
        sessions: arguments.sessions,
        gap: Duration::from_millis(arguments.gap),
        show_secrets: arguments.show_secrets,
        ..WatchOptions::default()
    };
    let watch = tokio::select! {
        watch = Watch::prepare(name, profile, options) => watch?,
        () = interrupted() => return Err("interrupted before the watch began".into()),
    };
    for line in watch.describe() {
        outln!("{line}");
    }
    outln!("  {}", until(&arguments));
    let running = watch.begin();
    let mut display = StatusDisplay::detect();
    let ending = wait_for_end(&arguments);
    tokio::pin!(ending);
    loop {
        tokio::select! {
            () = &mut ending => break,
            () = tokio::time::sleep(display.pause()) => display.show(running.status()),
        }
    }
    display.show(running.status());
    let report = running.end().await;
    if report.is_empty() {
        return Err("the watch ended before the first answer".into());
    }
    outln!("\n{}", report.text().trim_end());
    for (kind, file) in &arguments.report {
        write(&report, *kind, file)?;
        outln!("wrote {}", file.display());
    }
    Ok(if report.noticed { EXIT_BROKEN } else { EXIT_KEPT })
}

fn until(arguments: &WatchArgs) -> String {
    let mut ends = Vec::new();
    ends.extend(arguments.length.map(|length| format!("{} s are over", length.as_secs_f64())));
    ends.extend(arguments.until_key.then(|| "Enter is pressed".to_owned()));
    ends.push("Ctrl-C".to_owned());
    format!("until {}; the verdict follows", ends.join(" or "))
}

/// Waits until the watch should end.
async fn wait_for_end(arguments: &WatchArgs) {
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

/// Waits for Enter, on a detached thread.
async fn key_pressed() -> Result<(), tokio::sync::oneshot::error::RecvError> {
    let (pressed, key) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line).is_ok_and(|length| length > 0) {
            // Fails only if the watch has already ended.
            let _ = pressed.send(());
        }
    });
    key.await
}

fn write(report: &Report, kind: ReportKind, file: &Path) -> Result<(), Error> {
    let text = match kind {
        ReportKind::Html => report.html(),
        ReportKind::Json => report.json(),
    };
    std::fs::write(file, text).map_err(|error| cannot(file, &error).into())
}

fn cannot(file: &Path, error: &std::io::Error) -> String {
    format!("cannot write {}: {error}", file.display())
}

fn length(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration such as 90s, 10m or 1h30m");
    let length: SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(length).map_err(|_| wrong())
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.1..=1000.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.1 to 1000".to_owned()),
    }
}

fn report_file(text: &str) -> Result<(ReportKind, PathBuf), String> {
    let known = "html=FILE or json=FILE";
    match text.split_once('=') {
        Some((_, "")) | None => Err(known.to_owned()),
        Some(("html", file)) => Ok((ReportKind::Html, file.into())),
        Some(("json", file)) => Ok((ReportKind::Json, file.into())),
        Some((kind, _)) => Err(format!("{known}; a watch has no report of the kind {kind:?}")),
    }
}
