//! `hopcheck run --on-save`: again whenever a file is saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hopcheck_report::{Style, outln};
use hopcheck_targets::conf::Snapshot;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::exit::{EXIT_COULD_NOT_RUN, Error};
use super::interrupt::{Interrupted, interrupted};
use super::run::{RunArgs, run_once};

/// An editor may save a file in several steps; it is done when nothing has happened for so long.
const QUIET: Duration = Duration::from_millis(100);

/// So many times it is waited for that.
const MAX_STEPS: usize = 50;

/// Runs the scenarios: once, or whenever the configuration is saved.
pub(super) async fn run_command(arguments: RunArgs) -> Result<u8, Error> {
    match arguments.on_save {
        true => run_on_save(&arguments).await,
        false => run_once(&arguments, Vec::new()).await.map(|ran| ran.code),
    }
}

/// Runs the scenarios, and again after each change, until interrupted. Returns the exit code of the last run.
async fn run_on_save(arguments: &RunArgs) -> Result<u8, Error> {
    let here = std::env::current_dir()?;
    let confs: Vec<PathBuf> = arguments.confs()?.iter().filter_map(|conf| conf.path(&here)).collect();
    if confs.is_empty() {
        return Err("there is no file that could be saved\n  help: name one, as in `hopcheck run --on-save nginx.conf`".into());
    }
    // What is wrong with the command line does not change.
    arguments.scenarios()?;
    let style = Style::detect();
    let (mut code, mut broken) = (None, Vec::new());
    loop {
        let files = Files::watch(&confs, arguments.profile())?;
        match run_once(arguments, std::mem::take(&mut broken)).await {
            Ok(ran) => (code, broken) = (Some(ran.code), ran.broken),
            Err(error) if error.is::<Interrupted>() => return code.ok_or(error),
            Err(error) => {
                outln!("{} {error}", style.bad("✗"));
                code = Some(EXIT_COULD_NOT_RUN);
            }
        }
        outln!("\n{}", style.quiet(&format!("waiting for {} to be saved; Ctrl-C ends", files.describe())));
        let changes = tokio::select! {
            changes = files.changes() => changes,
            () = interrupted() => return Ok(code.unwrap_or(EXIT_COULD_NOT_RUN)),
        };
        let first = match broken.len() {
            0 => String::new(),
            1 => ", what was broken first".to_owned(),
            count => format!(", the {count} that were broken first"),
        };
        outln!("\n{}: running again{first}", style.strong(&changes.join(", ")));
    }
}

/// The files of the configurations, watched.
struct Files<'a> {
    confs: &'a [PathBuf],
    profile: Option<&'a Path>,
    before: Vec<Snapshot>,
    /// Told when something happens in one of their directories.
    touched: Arc<Notify>,
    /// Watches for as long as it lives.
    _watcher: RecommendedWatcher,
}

impl<'a> Files<'a> {
    fn watch(confs: &'a [PathBuf], profile: Option<&'a Path>) -> Result<Files<'a>, Error> {
        let touched = Arc::new(Notify::new());
        let tell = Arc::clone(&touched);
        let told = move |event: notify::Result<Event>| {
            // That a file is read, as by us, changes nothing.
            if event.is_ok_and(|event| !event.kind.is_access()) {
                tell.notify_one();
            }
        };
        let mut watcher = notify::recommended_watcher(told)?;
        for folder in snapshots(confs, profile).iter().flat_map(Snapshot::folders) {
            // Of directories, as many editors put another file in the old one's place.
            watcher.watch(folder, RecursiveMode::NonRecursive).map_err(|error| {
                format!("cannot watch {}: {error}\n  help: run without --on-save", folder.display())
            })?;
        }
        // Only now: what happens from here on is noticed.
        let before = snapshots(confs, profile);
        Ok(Files { confs, profile, before, touched, _watcher: watcher })
    }

    /// Waits until something is different, and says what.
    async fn changes(&self) -> Vec<String> {
        loop {
            if !self.difference().is_empty() {
                for _ in 0..MAX_STEPS {
                    if tokio::time::timeout(QUIET, self.touched.notified()).await.is_err() {
                        break;
                    }
                }
                let changes = self.difference();
                if !changes.is_empty() {
                    return changes;
                }
            }
            self.touched.notified().await;
        }
    }

    fn difference(&self) -> Vec<String> {
        let now = snapshots(self.confs, self.profile);
        let mut changes: Vec<String> =
            now.iter().zip(&self.before).flat_map(|(now, before)| now.changes_since(before)).collect();
        changes.dedup();
        changes
    }

    fn describe(&self) -> String {
        let first = self.confs.first().map_or_else(String::new, |conf| conf.display().to_string());
        match self.before.iter().map(Snapshot::count).sum::<usize>() {
            0 | 1 => first,
            2 => format!("{first} or another file of it"),
            count => format!("{first} or one of {} other files", count - 1),
        }
    }
}

fn snapshots(confs: &[PathBuf], profile: Option<&Path>) -> Vec<Snapshot> {
    confs.iter().map(|conf| Snapshot::of(conf, profile)).collect()
}
