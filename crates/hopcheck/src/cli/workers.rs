//! Work on many mutants at once.

use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::exit::Error;
use super::interrupt::Interrupted;
use hopcheck_proving::mutants::Mutant;

/// Does `work` for each of `mutants`, `jobs` at once, and calls `tell` with each result as it arrives. Returns the results in
/// order.
///
/// # Errors
/// The first error of `work`.
pub(super) async fn run_each<T: Send + 'static>(
    mutants: Vec<Mutant>,
    jobs: usize,
    work: impl AsyncFn(&Mutant) -> Result<T, String> + Clone + Send + 'static,
    mut tell: impl FnMut(&T),
) -> Result<Vec<T>, Error> {
    let total = mutants.len();
    let queue = Arc::new(Mutex::new(mutants.into_iter().enumerate()));
    let (send, mut receive) = mpsc::unbounded_channel();
    // The scenarios of a mutant share a thread, as the runner's futures are not `Send`. Each thread takes one mutant at a time.
    let workers: Vec<_> = (0..jobs)
        .map(|_| {
            let (work, queue, send, handle) =
                (work.clone(), Arc::clone(&queue), send.clone(), Handle::current());
            tokio::task::spawn_blocking(move || {
                while let Some((nth, mutant)) = queue.lock().ok().and_then(|mut queue| queue.next()) {
                    if send.send((nth, handle.block_on(work(&mutant)))).is_err() {
                        return;
                    }
                }
            })
        })
        .collect();
    drop(send);
    let mut done = Vec::new();
    while let Some((nth, result)) = receive.recv().await {
        let result = result?;
        tell(&result);
        done.push((nth, result));
    }
    for worker in workers {
        worker.await?;
    }
    if done.len() < total {
        return Err(Interrupted.into());
    }
    done.sort_by_key(|(nth, _)| *nth);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
