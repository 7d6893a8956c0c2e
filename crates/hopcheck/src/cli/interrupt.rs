//! Ctrl-C and termination signals.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::exit::{EXIT_COULD_NOT_RUN, could_not_run};

/// Whether this process was interrupted.
static INTERRUPTED: OnceLock<watch::Sender<bool>> = OnceLock::new();

/// Whether anything was told so, which it then ends by itself.
static NOTICED: AtomicBool = AtomicBool::new(false);

/// How long work that waits for nothing, such as reading a very large configuration, may take to notice.
const GRACE_PERIOD: Duration = Duration::from_secs(3);

/// The error of an interrupted command.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; everything that was started has been stopped")]
pub(crate) struct Interrupted;

/// The same on every system.
const SIGHUP: u32 = 1;

/// Whether this process was started with a signal ignored, as far as known.
fn is_ignored(signal: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask =
        status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

/// Starts to listen: from now on termination signals are only recorded. Must be called in a runtime.
pub(crate) fn listen() {
    INTERRUPTED.get_or_init(listener);
}

/// Waits until this process is interrupted.
pub(crate) async fn interrupted() {
    let mut told = INTERRUPTED.get_or_init(listener).subscribe();
    if told.wait_for(|told| *told).await.is_err() {
        std::future::pending().await
    }
    NOTICED.store(true, Ordering::Relaxed);
}

/// Ends this process if nothing notices. What it has started ends with it, and the next run sweeps its scratch directories.
fn exit_unless_noticed() {
    thread::spawn(|| {
        thread::sleep(GRACE_PERIOD);
        if !NOTICED.load(Ordering::Relaxed) {
            could_not_run(&Interrupted);
            std::process::exit(EXIT_COULD_NOT_RUN.into());
        }
    });
}

/// Runs `work` unless this process is interrupted: then it is dropped, which cleans up.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Interrupted> {
    tokio::select! {
        done = work => Ok(done),
        () = interrupted() => Err(Interrupted),
    }
}

fn listener() -> watch::Sender<bool> {
    let (told, _) = watch::channel(false);
    // Not in the task, so that no signal before it starts is missed.
    if let (Ok(mut int), Ok(mut term)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        // A closed terminal ends the run too, unless SIGHUP is ignored (`nohup`).
        let mut hup = (!is_ignored(SIGHUP)).then(|| signal(SignalKind::hangup()).ok()).flatten();
        let tell = told.clone();
        tokio::spawn(async move {
            for times in 1.. {
                let closed = async {
                    match &mut hup {
                        Some(hup) => drop(hup.recv().await),
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    _ = int.recv() => {}
                    _ = term.recv() => {}
                    () = closed => {}
                }
                tell.send_replace(true);
                match times {
                    1 => exit_unless_noticed(),
                    // The second time, exit at once.
                    _ => std::process::exit(EXIT_COULD_NOT_RUN.into()),
                }
            }
        });
    }
    told
}

/// The same, for those who pass on why they stopped.
pub(super) async fn until_interrupted() -> String {
    interrupted().await;
    "interrupted".to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::process::{Command, Stdio};

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    /// Says that the test's own process is the one that works.
    const WORKS: &str = "HOPCHECK_TEST_WORKS";

    #[test]
    fn work_that_never_waits_is_ended() {
        if std::env::var_os(WORKS).is_some() {
            crate::cli::block_on(async {
                eprintln!("begun");
                thread::sleep(Duration::from_mins(2));
                Ok(0)
            });
            return;
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["work_that_never_waits_is_ended", "--nocapture"])
            .env(WORKS, "1")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = child.stderr.take().unwrap();
        let mut begun = [0; 6];
        said.read_exact(&mut begun).unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, format!("hopcheck: {Interrupted}\n"));
        assert_eq!(child.wait().unwrap().code(), Some(EXIT_COULD_NOT_RUN.into()));
    }
}
