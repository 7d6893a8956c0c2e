//! A session that is made of HTTP requests: some send to it, and one at a time receives from it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Error;
use axum::extract::ws::Message;
use futures::{Sink, Stream, sink, stream};
use tokio::sync::{mpsc, watch};

use super::frame;

/// How many bytes wait for a client at most. One that does not fetch them loses its session.
const MAX_BUFFERED: usize = 4 * 1024 * 1024;

/// How many requests that send may be in progress before the app server has to read.
const MAX_UNREAD: usize = 16;

/// Messages of one response are joined up to about this size, in bytes.
const MAX_JOINED: usize = 64 * 1024;

/// What the client sends, as a WebSocket would bring it.
pub(crate) type Incoming = Pin<Box<dyn Stream<Item = Result<Message, Error>> + Send>>;

/// Where what the client gets is written, as to a WebSocket.
pub(crate) type Outgoing = Pin<Box<dyn Sink<Message, Error = Error> + Send>>;

/// A session that is made of HTTP requests.
#[derive(Debug)]
pub(crate) struct Session {
    state: Mutex<State>,
    changes: watch::Sender<()>,
    /// Whether a request receives from it.
    received: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    /// What waits for the client.
    frames: VecDeque<String>,
    /// The bytes in it.
    buffered: usize,
    /// The frame that ends the session, for everyone who asks from then on.
    end: Option<String>,
    /// Where the client's frames go until the session has ended.
    incoming: Option<mpsc::Sender<String>>,
}

/// The end of a session for a request to receive from. A request that breaks off ends the session.
#[derive(Debug)]
pub(crate) struct Receiver {
    session: Arc<Session>,
    changes: watch::Receiver<()>,
    is_over: bool,
}

/// What the client gets next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frames {
    /// A frame, with more to come.
    Some(String),
    /// The frame that ends the session.
    Last(String),
}

impl Session {
    /// A session, and the app server's end of it.
    pub(super) fn open() -> (Arc<Session>, Incoming, Outgoing) {
        let (sender, receiver) = mpsc::channel(MAX_UNREAD);
        let session = Arc::new(Session {
            state: Mutex::new(State { incoming: Some(sender), ..State::default() }),
            changes: watch::Sender::new(()),
            received: watch::Sender::new(false),
        });
        let incoming = stream::unfold(receiver, async |mut receiver| {
            let text: String = receiver.recv().await?;
            Some((Ok(Message::text(text)), receiver))
        });
        let outgoing = sink::unfold(Arc::clone(&session), async |session, message| {
            session.write(message)?;
            Ok(session)
        });
        (session, Box::pin(incoming), Box::pin(outgoing))
    }

    /// Takes what the client has sent: a JSON array. False if the session has ended.
    pub(crate) async fn send(&self, array: String) -> bool {
        let incoming = self.lock().incoming.clone();
        match incoming {
            Some(incoming) => incoming.send(array).await.is_ok(),
            None => false,
        }
    }

    /// Lets a request receive; `None` while another one does.
    pub(crate) fn receive(self: &Arc<Self>) -> Option<Receiver> {
        let is_first = self.received.send_if_modified(|received| !std::mem::replace(received, true));
        let changes = self.changes.subscribe();
        is_first.then(|| Receiver { session: Arc::clone(self), changes, is_over: false })
    }

    /// Tells whether a request receives from it.
    pub(super) fn received(&self) -> watch::Receiver<bool> {
        self.received.subscribe()
    }

    /// The client has gone.
    pub(super) fn interrupt(&self) {
        self.end(&frame::close(Some(1002), "Connection interrupted"));
    }

    fn end(&self, frame: &str) {
        let mut state = self.lock();
        state.end.get_or_insert_with(|| frame.to_owned());
        state.incoming = None;
        drop(state);
        self.changes.send_replace(());
    }

    fn write(&self, message: Message) -> Result<(), Error> {
        let Message::Text(text) = message else {
            // A close frame follows the one in words; SockJS has no others.
            self.end(&frame::close(None, ""));
            return Ok(());
        };
        if text.starts_with('c') {
            self.end(&text);
            return Ok(());
        }
        let mut state = self.lock();
        if state.end.is_some() {
            return Err(Error::new("the session has ended"));
        }
        // One heart-beat is as good as ten to a client that fetches none.
        if text.as_str() != frame::HEART_BEAT || state.frames.back().is_none_or(|last| *last != *text) {
            state.buffered += text.len();
            state.frames.push_back(text.to_string());
        }
        let is_full = state.buffered > MAX_BUFFERED;
        drop(state);
        if is_full {
            self.end(&frame::close(Some(1008), "the client does not fetch its messages"));
            return Err(Error::new("the client does not fetch its messages"));
        }
        self.changes.send_replace(());
        Ok(())
    }

    /// What there is for the client, messages in one frame.
    fn take(&self) -> Option<Frames> {
        let mut state = self.lock();
        let Some(mut taken) = state.frames.pop_front() else { return state.end.clone().map(Frames::Last) };
        state.buffered -= taken.len();
        while taken.len() < MAX_JOINED
            && let Some(joined) = state.frames.front().and_then(|next| frame::joined(&taken, next))
        {
            taken = joined;
            let next = state.frames.pop_front().unwrap_or_default();
            state.buffered -= next.len();
        }
        Some(Frames::Some(taken))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// Waits for what the client gets next.
    pub(crate) async fn next(&mut self) -> Frames {
        loop {
            self.changes.mark_unchanged();
            if let Some(frames) = self.session.take() {
                return frames;
            }
            // The session holds the sender.
            let _ = self.changes.changed().await;
        }
    }

    /// The response is complete; the client may ask again.
    pub(crate) fn finish(mut self) {
        self.is_over = true;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if !self.is_over {
            self.session.interrupt();
        }
        self.session.received.send_replace(false);
    }
}

#[cfg(test)]
mod tests {
    use futures::{SinkExt, StreamExt};

    use super::*;

    #[tokio::test]
    async fn a_client_that_fetches_nothing_loses_its_session() {
        let (session, mut incoming, mut outgoing) = Session::open();
        let piece = frame::wrap(&"x".repeat(MAX_BUFFERED / 4));
        let mut written = 0;
        while outgoing.send(Message::text(piece.clone())).await.is_ok() {
            written += 1;
            assert!(written < 10, "without a bound");
        }
        assert_eq!(written, 3);
        assert!(!session.send("[]".to_owned()).await);
        assert!(incoming.next().await.is_none());
    }

    #[tokio::test]
    async fn heart_beats_do_not_pile_up() {
        let (session, _incoming, mut outgoing) = Session::open();
        for _ in 0..3 {
            outgoing.send(Message::text(frame::HEART_BEAT)).await.unwrap();
        }
        outgoing.send(Message::text(frame::wrap("a"))).await.unwrap();
        let mut receiver = session.receive().unwrap();
        assert_eq!(receiver.next().await, Frames::Some("h".to_owned()));
        assert_eq!(receiver.next().await, Frames::Some(r#"a["a"]"#.to_owned()));
    }
}
