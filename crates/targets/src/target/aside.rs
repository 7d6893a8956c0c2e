//! Waiting for asynchronous work where nothing can be awaited: in a `drop`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::START_DEADLINE;

/// Work that is not left half done. When nobody waits for it any more it is still given its time, since what it has made by
/// then, a container that exists and does not run yet, only its result can be made away with.
pub(super) struct Whole<T: Send + 'static>(JoinHandle<T>);

impl<T: Send + 'static> Whole<T> {
    /// Begins the work; must be called in a runtime.
    pub(super) fn begin(work: impl Future<Output = T> + Send + 'static) -> Whole<T> {
        Whole(tokio::spawn(work))
    }
}

impl<T: Send + 'static> Future for Whole<T> {
    type Output = Result<T, io::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map_err(io::Error::other)
    }
}

impl<T: Send + 'static> Drop for Whole<T> {
    fn drop(&mut self) {
        let Ok(runtime) = Handle::try_current() else { return };
        // A runtime of one thread cannot both wait and work.
        if !self.0.is_finished() && runtime.runtime_flavor() == RuntimeFlavor::MultiThread {
            aside(|| drop(runtime.block_on(async { timeout(START_DEADLINE, &mut self.0).await })));
            self.0.abort();
        }
    }
}

/// Something that waits for a runtime when it is dropped, and does so [`aside`].
#[derive(Debug)]
pub(super) struct Aside<T: Send>(Option<T>);

impl<T: Send> Aside<T> {
    pub(super) fn new(value: T) -> Aside<T> {
        Aside(Some(value))
    }
}

impl<T: Send> Drop for Aside<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        aside(|| drop(value));
    }
}

/// Does what waits for a runtime's work, and returns when it is done: on a thread of its own where this one may be inside a
/// `block_on`. Both would wait by the same parker, and the inner one take the wake-up that was meant for the outer one.
fn aside(work: impl FnOnce() + Send) {
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
    async fn work_that_nobody_waits_for_any_more_is_done_all_the_same() {
        let done = Arc::new(AtomicBool::new(false));
        let work = Arc::clone(&done);
        let begun = Whole::begin(async move {
            sleep(Duration::from_millis(20)).await;
            work.store(true, Ordering::SeqCst);
        });
        drop(begun);
        assert!(done.load(Ordering::SeqCst));
    }

    #[test]
    fn what_is_waited_for_aside_takes_no_wake_up_from_what_is_beside_it() {
        let (ended, end) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let (said, heard) = tokio::sync::oneshot::channel();
                let slow = Whole::begin(async move {
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
        end.recv_timeout(START_DEADLINE).expect("a wake-up that was lost");
    }
}
