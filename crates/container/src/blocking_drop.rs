//! Waits for asynchronous work in `drop`, where nothing can be awaited.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hopcheck_targets::target::START_TIMEOUT;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Work that is completed even if it is dropped, as only its result can clean up what it has created by then, such as a
/// container that exists but does not run yet.
pub(crate) struct CompleteOnDrop<T: Send + 'static>(JoinHandle<T>);

impl<T: Send + 'static> CompleteOnDrop<T> {
    /// Starts the work; must be called in a runtime.
    pub(crate) fn start(work: impl Future<Output = T> + Send + 'static) -> CompleteOnDrop<T> {
        CompleteOnDrop(tokio::spawn(work))
    }
}

impl<T: Send + 'static> Future for CompleteOnDrop<T> {
    type Output = Result<T, io::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map_err(io::Error::other)
    }
}

impl<T: Send + 'static> Drop for CompleteOnDrop<T> {
    fn drop(&mut self) {
        let Ok(runtime) = Handle::try_current() else { return };
        // A single-threaded runtime cannot both wait and work.
        if !self.0.is_finished() && runtime.runtime_flavor() == RuntimeFlavor::MultiThread {
            run_blocking(|| drop(runtime.block_on(async { timeout(START_TIMEOUT, &mut self.0).await })));
            self.0.abort();
        }
    }
}

/// Something that waits for a runtime when it is dropped, and does so [`run_blocking`].
#[derive(Debug)]
pub(crate) struct BlockingDrop<T: Send>(Option<T>);

impl<T: Send> BlockingDrop<T> {
    pub(crate) fn new(value: T) -> BlockingDrop<T> {
        BlockingDrop(Some(value))
    }
}

impl<T: Send> Drop for BlockingDrop<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        run_blocking(|| drop(value));
    }
}

/// Runs work that blocks on a runtime: on a separate thread if this one may be inside a `block_on`. Otherwise both would
/// share a parker, and the inner one would take the wake-up that was meant for the outer one.
fn run_blocking(work: impl FnOnce() + Send) {
    match Handle::try_current() {
        Ok(runtime) if runtime.runtime_flavor() == RuntimeFlavor::MultiThread => {
            let entered = || {
                let _entered = runtime.enter();
                work();
            };
            tokio::task::block_in_place(|| std::thread::scope(|threads| drop(threads.spawn(entered))));
        }
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn abandoned_work_is_completed() {
        let done = Arc::new(AtomicBool::new(false));
        let work = Arc::clone(&done);
        let begun = CompleteOnDrop::start(async move {
            sleep(Duration::from_millis(20)).await;
            work.store(true, Ordering::SeqCst);
        });
        drop(begun);
        assert!(done.load(Ordering::SeqCst));
    }

    #[test]
    fn a_blocking_drop_does_not_steal_the_wake_up_of_an_outer_block_on() {
        let (ended, end) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let (said, heard) = tokio::sync::oneshot::channel();
                let slow = CompleteOnDrop::start(async move {
                    sleep(Duration::from_millis(20)).await;
                    said.send(()).expect("one who listens");
                    sleep(Duration::from_millis(20)).await;
                });
                let dropped = async { drop(slow) };
                // The one that listens goes first, so that it waits when the other one is dropped.
                let (heard, ()) = futures::future::join(heard, dropped).await;
                heard.expect("a word");
            });
            ended.send(()).expect("one who waits");
        });
        end.recv_timeout(START_TIMEOUT).expect("a wake-up that was lost");
    }
}
