//! `hopcheck fix`.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use hopcheck_fix::{Bench, Fix, Step};
use hopcheck_report::{Style, out};
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::Selection;
use hopcheck_targets::conf::Source;
use hopcheck_targets::machine;
use hopcheck_targets::scene::Scene;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::InstalledNginx;

use super::conf::OneConfArgs;
use super::exit::{EXIT_BROKEN, EXIT_KEPT, Error};
use super::overwrite::refuse_to_overwrite;
use super::session::DEFAULT_JOBS;
use super::targets::TargetName;

#[derive(Debug, Args)]
pub(super) struct FixArgs {
    #[command(flatten)]
    conf: OneConfArgs,
    /// What runs it: `reference`, `nginx` (in a container), `nginx=IMAGE` or `nginx=/PATH`
    /// [default: reference, or an installed nginx if the configuration uses features that the reference proxy does not have]
    #[arg(long, value_name = "TARGET")]
    pub(super) target: Option<TargetName>,
    /// The profile in place of the hopcheck.toml beside the file
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// The scenarios: a directory or one file [default: features/ of this checkout, or the built-in ones]
    #[arg(long, value_name = "DIR")]
    features: Option<PathBuf>,
    /// Also run slow scenarios, which wait for up to 75 s
    #[arg(long)]
    slow: bool,
    /// Mend what is warned of, too
    #[arg(long)]
    strict: bool,
    /// Write the mends into the files; on a terminal you are asked first
    #[arg(long)]
    apply: bool,
    /// Also write a report: json=FILE; `json` alone prints it instead
    #[arg(long, value_name = "REPORT")]
    report: Option<FixReport>,
    /// How many scenarios to run at once
    #[arg(short, long, value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = super::run::at_least_one)]
    jobs: usize,
}

/// A value of `--report`.
#[derive(Debug, Clone)]
enum FixReport {
    Printed,
    File(PathBuf),
}

impl FromStr for FixReport {
    type Err = String;

    fn from_str(text: &str) -> Result<FixReport, String> {
        match text.split_once('=') {
            None if text == "json" => Ok(FixReport::Printed),
            Some(("json", file)) if !file.is_empty() => Ok(FixReport::File(file.into())),
            _ => Err("a report is json or json=FILE".to_owned()),
        }
    }
}

/// Looks for mends, shows them, and writes them if that is asked for.
pub(super) async fn fix_command(arguments: FixArgs) -> Result<u8, Error> {
    let here = std::env::current_dir()?;
    let specification = match &arguments.features {
        Some(directory) => Specification::read(directory)?,
        None => Specification::find(&here)?,
    };
    let conf = arguments.conf.named();
    let path = conf.path(&here).ok_or("there is no nginx.conf here\n  help: name the file to mend")?;
    let source = conf.with_file(&path).source_with(&here, arguments.profile.as_deref())?;
    if let Some(FixReport::File(file)) = &arguments.report {
        refuse_to_overwrite(file, std::slice::from_ref(&path))?;
    }
    let stage = arguments.stage(&source).await?;
    let selection = Selection {
        slow: arguments.slow,
        strict: arguments.strict,
        jobs: arguments.jobs,
        ..Selection::default()
    };
    let bench = Bench { specification, stage, selection };
    let mut progress = Progress::default();
    let fix = hopcheck_fix::fix(&path, &here, &bench, &mut |step| progress.tell(&step)).await;
    progress.clear();
    let fix = fix?;
    machine::restore_umask();
    print(&fix, arguments.report.as_ref())?;
    let changed = fix.changed();
    if arguments.apply && !changed.is_empty() {
        if may_write(&changed).await? {
            fix.apply()?;
            changed.iter().for_each(|path| eprintln!("wrote {}", path.display()));
        } else {
            eprintln!("nothing is written");
            return Ok(EXIT_BROKEN);
        }
    }
    Ok(if fix.leaves_broken() { EXIT_BROKEN } else { EXIT_KEPT })
}

impl FixArgs {
    /// The configuration with what runs it.
    async fn stage(&self, source: &Source) -> Result<Arc<Stage>, Error> {
        let open = async |target: &TargetName| match target.open(source, None).await? {
            Setting::Staged(stage) => {
                machine::check(stage.target.scratch_parent())?;
                Ok::<Arc<Stage>, Error>(stage)
            }
            Setting::Live(_) => {
                Err("a live deployment cannot be mended: the target must be reference or nginx".into())
            }
        };
        let stage = open(self.target.as_ref().unwrap_or(&TargetName::Reference)).await?;
        if self.target.is_none()
            && let Some(program) = InstalledNginx::locate()
            && let Ok(Some(refused)) = Scene::refusal(&stage).await
            && refused.is_unsupported()
        {
            eprintln!(
                "hopcheck: the reference proxy refuses it: {}",
                refused.said.lines().next().unwrap_or_default()
            );
            return open(&TargetName::Installed(program)).await;
        }
        Ok(stage)
    }
}

fn print(fix: &Fix, report: Option<&FixReport>) -> Result<(), Error> {
    let style = Style::detect();
    match report {
        Some(FixReport::Printed) => out!("{}", fix.json()),
        _ => out!("{}", fix.text(&|code, text| style.paint(code, text))),
    }
    if let Some(FixReport::File(file)) = report {
        std::fs::write(file, fix.json())
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    Ok(())
}

/// Asks whether to write; without a terminal it was said already.
async fn may_write(changed: &[PathBuf]) -> Result<bool, Error> {
    if !std::io::stdin().is_terminal() {
        return Ok(true);
    }
    let names: Vec<String> = changed.iter().map(|path| path.display().to_string()).collect();
    out!("Write {}? [y/N] ", names.join(", "));
    std::io::stdout().flush()?;
    let (send, receive) = tokio::sync::oneshot::channel();
    // In a separate thread, so that Ctrl-C ends the program while it reads.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).map(|_| line);
        let _ = send.send(read); // fails only when the program is ending
    });
    Ok(matches!(receive.await??.trim(), "y" | "Y" | "yes"))
}

/// What is being done, on a terminal, once it takes a while.
#[derive(Debug)]
struct Progress {
    since: Instant,
    is_shown: bool,
    terminal: bool,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress { since: Instant::now(), is_shown: false, terminal: std::io::stderr().is_terminal() }
    }
}

impl Progress {
    /// Nobody needs to be told of less.
    const DELAY: Duration = Duration::from_secs(1);

    fn tell(&mut self, step: &Step<'_>) {
        let is_first = *step == Step::Running;
        if !self.terminal || !is_first && self.since.elapsed() < Progress::DELAY {
            return;
        }
        let text = match step {
            Step::Running => "running the scenarios …".to_owned(),
            Step::Trying { nth, of, title } => format!("trying {nth} of {of}: {title}"),
        };
        eprint!("\r\x1b[K{text}");
        self.is_shown = true;
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            eprint!("\r\x1b[K");
        }
    }
}
