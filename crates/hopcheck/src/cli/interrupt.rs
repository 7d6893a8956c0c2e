//! Ctrl-C, and being told to end.

use std::sync::OnceLock;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::COULD_NOT_RUN;

/// Whether this process was told to end. Once it was, it stays so: whoever asks later hears of it, too.
static TOLD: OnceLock<watch::Sender<bool>> = OnceLock::new();

/// What a command ends with that was interrupted.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; all that was started has been ended")]
pub(crate) struct Interrupted;

/// The number that every system gives it.
const SIGHUP: u32 = 1;

/// Whether this process was started with a signal ignored, as far as the system says.
fn is_ignored(signal: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask =
        status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

/// Takes up listening: from now on a signal to end does no more than to be heard of. Must be called in a runtime.
pub(crate) fn listen() {
    TOLD.get_or_init(listener);
}

/// Waits until this process is told to end.
pub(crate) async fn interrupted() {
    let mut told = TOLD.get_or_init(listener).subscribe();
    if told.wait_for(|told| *told).await.is_err() {
        std::future::pending().await
    }
}

/// Does `work`, unless this process is told to end: then whatever it has started ends as it is dropped.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Interrupted> {
    tokio::select! {
        done = work => Ok(done),
        () = interrupted() => Err(Interrupted),
    }
}

fn listener() -> watch::Sender<bool> {
    let (told, _) = watch::channel(false);
    // Taken up here, not in the task: none is missed that comes before that begins.
    if let (Ok(mut int), Ok(mut term)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        // A terminal that is closed ends the run, too, unless somebody wants it to go on (`nohup`).
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
                if times > 1 {
                    // Whoever asks twice does not want to wait.
                    std::process::exit(COULD_NOT_RUN.into());
                }
            }
        });
    }
    told
}
