//! Ctrl-C, and being told to end.

use std::sync::OnceLock;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Whether this process was told to end. Once it was, it stays so: whoever asks later hears of it, too.
static TOLD: OnceLock<watch::Sender<bool>> = OnceLock::new();

/// What a command ends with that was interrupted.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; all that was started has been ended")]
pub(crate) struct Interrupted;

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
        let tell = told.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = int.recv() => {}
                _ = term.recv() => {}
            }
            tell.send_replace(true);
        });
    }
    told
}
