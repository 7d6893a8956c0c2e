//! Work on many mutants at once.

use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::Error;
use super::interrupt::Interrupted;
use hopcheck_proving::mutants::Mutant;

/// Does `work` with each of `mutants`, `jobs` at once; the results in the order of the mutants. Each is `told` as it comes.
///
/// # Errors
/// That of the first mutant that `work` fails with.
pub(super) async fn each<T: Send + 'static>(
    mutants: Vec<Mutant>,
    jobs: usize,
    work: impl AsyncFn(&Mutant) -> Result<T, String> + Clone + Send + 'static,
    mut tell: impl FnMut(&T),
) -> Result<Vec<T>, Error> {
    let total = mutants.len();
    let queue = Arc::new(Mutex::new(mutants.into_iter().enumerate()));
    let (send, mut receive) = mpsc::unbounded_channel();
    // A mutant's scenarios share a thread: the runner's futures are not to be moved. Each thread takes one mutant after the other.
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
