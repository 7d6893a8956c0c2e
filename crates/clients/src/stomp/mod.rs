//! A STOMP client over a WebSocket: <https://stomp.github.io/stomp-specification-1.2.html>, and 1.1 and 1.0 before it.
//!
//! A session reads and writes in the background: frames are collected until a step asks for them, so that none is lost
//! between steps, and heart-beats are sent on time. The transport is a WebSocket, or SockJS over one.

mod incoming;
mod outgoing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::SinkExt as _;
use mock_upstreams::stomp::frame::{Decoder, Frame, Version};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{ClientError, Route, WebSocket, with_timeout};
use hopcheck_site::profile::Transport;
use incoming::{Inbox, OWN_PREFIX, read, wait_for_open};
use outgoing::{Encoding, write};

/// A session.
#[derive(Debug)]
pub struct StompClient {
    route: Route,
    encoding: Encoding,
    outgoing: mpsc::UnboundedSender<Message>,
    inbox: watch::Receiver<Inbox>,
    /// How many frames of each command have been returned.
    asked: BTreeMap<String, usize>,
    /// The interval of the app server's heart-beats, if negotiated.
    beat: Option<Duration>,
    /// Whether incoming messages are discarded.
    discards_messages: Arc<AtomicBool>,
    numbers: usize,
    /// The header `ack` of the last `MESSAGE` returned.
    pub ack: Option<String>,
    /// When the last body was sent, and which.
    pub sent: Option<(Instant, Bytes)>,
    /// The reader and the writer, which end with the session.
    _tasks: JoinSet<()>,
}

impl StompClient {
    /// Starts a session on a WebSocket, which for SockJS has been opened at a [`sockjs_path`](super::sockjs_path): sends
    /// `CONNECT` as `@stomp/stompjs` does, without `host`, and waits for `CONNECTED`. `headers` override the client's own
    /// headers of the same name.
    ///
    /// # Errors
    /// When something else arrives, or nothing, or another version than was requested.
    pub async fn connect(
        socket: WebSocket,
        transport: Transport,
        version: Version,
        headers: &[(String, String)],
    ) -> Result<StompClient, ClientError> {
        let (route, mut sink, mut stream) = socket.into_parts();
        if transport == Transport::SockJs {
            with_timeout(
                route.timeout(),
                "the server to open the SockJS session",
                wait_for_open(&mut stream),
            )
            .await?;
        }
        let (collecting, inbox) = watch::channel(Inbox::default());
        let (outgoing, queue) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let discards_messages = Arc::new(AtomicBool::new(false));
        tasks.spawn(read(
            stream,
            transport,
            Decoder::new(version),
            collecting,
            Arc::clone(&discards_messages),
            route.limits(),
        ));
        let encoding = Encoding { transport, version };
        let connect = with_headers(Frame::new("CONNECT"), &[("accept-version", version.as_str())], headers);
        let (sends, wants) = intervals(&connect);
        with_timeout(route.timeout(), "the proxy to read", sink.send(encoding.message(&connect)?)).await?;
        // Heart-beats are due from CONNECTED on, even if the caller has not looked at it yet.
        let mut connected = inbox.clone();
        tasks.spawn(async move {
            let begun = connected.wait_for(|inbox| inbox.of("CONNECTED").next().is_some()).await;
            let Some(frame) = begun.ok().and_then(|inbox| inbox.of("CONNECTED").next()) else { return };
            write(sink, queue, encoding.heart_beat(), negotiate(sends, intervals(&frame).1)).await;
        });
        let mut client = StompClient {
            route,
            encoding,
            outgoing,
            inbox,
            asked: BTreeMap::new(),
            beat: None,
            discards_messages,
            numbers: 0,
            ack: None,
            sent: None,
            _tasks: tasks,
        };
        let connected = client.wait("CONNECTED", |inbox| inbox.of("CONNECTED").next()).await?;
        let spoken = connected.get("version").unwrap_or("1.0");
        if spoken != version.as_str() {
            return Err(ClientError::StompVersion { spoken: spoken.to_owned(), offered: version });
        }
        client.beat = negotiate(intervals(&connected).0, wants);
        Ok(client)
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When the session is over, or the policy refuses the frame.
    pub fn send(&mut self, frame: &Frame) -> Result<(), ClientError> {
        if let Some(policy) = self.route.policy() {
            policy.allow(frame)?;
        }
        if let Some(ended) = &self.inbox.borrow().ended {
            return Err(ClientError::Session(format!("the session is over: {ended}")));
        }
        let message = self.encoding.message(frame)?;
        if !frame.body.is_empty() {
            self.sent = Some((Instant::now(), frame.body.clone()));
        }
        // If the writer has ended, the session is over, and the next wait reports how.
        let _ = self.outgoing.send(message);
        Ok(())
    }

    /// Sends a frame, and waits for its receipt.
    ///
    /// # Errors
    /// When the session ends, or no receipt arrives.
    pub async fn send_confirmed(&mut self, frame: Frame) -> Result<(), ClientError> {
        let id = self.own("receipt");
        let frame = with_headers(frame, &[("receipt", &id)], &[]);
        self.send(&frame)?;
        let receipt =
            |inbox: &Inbox| inbox.frames.iter().find(|frame| frame.get("receipt-id") == Some(&*id)).cloned();
        self.wait("a RECEIPT", |inbox| receipt(inbox).filter(|frame| frame.command == "RECEIPT")).await?;
        Ok(())
    }

    /// Sends a frame and asks for a receipt, which is optional: a broker has until `limit` to refuse the frame.
    ///
    /// # Errors
    /// When the session ends, or an ERROR arrives.
    pub async fn send_asking(&mut self, frame: Frame, limit: Duration) -> Result<(), ClientError> {
        timeout(limit, self.send_confirmed(frame)).await.unwrap_or(Ok(()))
    }

    /// The next frame of that command.
    ///
    /// # Errors
    /// When the session ends first, or nothing arrives.
    pub async fn next(&mut self, command: &str) -> Result<Frame, ClientError> {
        let nth = self.asked.get(command).copied().unwrap_or(0);
        let frame = self.wait(command, |inbox| inbox.of(command).nth(nth)).await?;
        self.asked.insert(command.to_owned(), nth + 1);
        if command == "MESSAGE" {
            self.ack = frame.get("ack").map(str::to_owned);
        }
        Ok(frame)
    }

    /// Waits until the app server has processed everything that was sent.
    ///
    /// # Errors
    /// When the session ends first.
    pub async fn wait_until_processed(&mut self) -> Result<(), ClientError> {
        let frame = Frame::new("SEND").with("destination", format!("/topic/{OWN_PREFIX}settled"));
        self.send_confirmed(frame).await
    }

    /// Waits until all messages that the app server has for this client have arrived, and returns the first that has not
    /// been returned yet. The client sends a message to itself, which arrives after all others. (A receipt would not do,
    /// as it may overtake messages.)
    ///
    /// # Errors
    /// When the session ends first.
    pub async fn remaining(&mut self) -> Result<Option<Frame>, ClientError> {
        let destination = format!("/topic/{}", self.own("last"));
        let subscribe = Frame::new("SUBSCRIBE").with("id", &destination).with("destination", &destination);
        self.send_confirmed(subscribe).await?;
        self.send(&Frame::new("SEND").with("destination", &destination))?;
        let own =
            |frame: &&Frame| frame.command == "MESSAGE" && frame.get("destination") == Some(&*destination);
        self.wait("the client's own MESSAGE", |inbox| inbox.frames.iter().find(own).cloned()).await?;
        let asked = self.asked.get("MESSAGE").copied().unwrap_or(0);
        let remaining = self.inbox.borrow().of("MESSAGE").nth(asked);
        Ok(remaining)
    }

    /// Waits for `count` more heart-beats. Each may take ten times the negotiated interval on a busy machine: the point is
    /// to find heart-beats that are held back. Of a long interval, twice as long is enough, with time to get here.
    ///
    /// # Errors
    /// When they do not arrive, or none were negotiated.
    pub async fn heart_beats(&mut self, count: usize) -> Result<(), ClientError> {
        let Some(beat) = self.beat else {
            return Err(ClientError::Session("the app server agreed to no heart-beats".to_owned()));
        };
        let longest = (10 * beat).min(2 * beat + self.route.timeout());
        for _ in 0..count {
            let before = self.inbox.borrow().beats;
            let more = self.inbox.wait_for(|inbox| inbox.beats > before || inbox.ended.is_some());
            let Ok(Ok(seen)) = timeout(longest, more).await.map(|seen| seen.map(|inbox| inbox.ended.clone()))
            else {
                let agreed = format!("one was agreed every {} ms", beat.as_millis());
                return Err(ClientError::Session(format!("no heart-beat came, though {agreed}")));
            };
            if let Some(ended) = seen {
                return Err(ClientError::Session(format!("heart-beats ended: {ended}")));
            }
        }
        Ok(())
    }

    /// The interval of the app server's heart-beats; `None` for never.
    pub fn beat(&self) -> Option<Duration> {
        self.beat
    }

    /// Keeps the session running, discarding messages, and returns how it ended. It also ends after twice the negotiated
    /// interval without a sign of life, as with `@stomp/stompjs`.
    pub async fn run_to_end(&mut self) -> String {
        self.discards_messages.store(true, Ordering::Relaxed);
        loop {
            if let Some(ended) = &self.inbox.borrow_and_update().ended {
                return ended.clone();
            }
            let sign = self.inbox.changed();
            let sign = match self.beat {
                Some(beat) => timeout(2 * beat, sign).await,
                None => Ok(sign.await),
            };
            match (sign, self.beat) {
                (Ok(Ok(())), _) => {}
                (Ok(Err(_)), _) => return "the session was dropped".to_owned(),
                (Err(_), beat) => {
                    let silent = 2 * beat.unwrap_or_default().as_millis();
                    return format!("heart-beats stopped: nothing came for {silent} ms");
                }
            }
        }
    }

    /// The close code of the app server, if it closed the session; 1005 if it gave none (RFC 6455 §7.1.5).
    pub fn close_code(&self) -> Option<u16> {
        self.inbox.borrow().close_code
    }

    /// Whether the session is over.
    pub fn is_over(&self) -> bool {
        self.inbox.borrow().ended.is_some()
    }

    /// Waits until the session is over, and returns how it ended.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn wait_for_end(&mut self) -> Result<String, ClientError> {
        let over = self.inbox.wait_for(|inbox| inbox.ended.is_some());
        match timeout(self.route.timeout(), over).await {
            Ok(Ok(inbox)) => Ok(inbox.ended.clone().unwrap_or_default()),
            Ok(Err(_)) => Ok("the session was dropped".to_owned()),
            Err(_) => Err(ClientError::Session(format!(
                "the session is still open after {} s",
                self.route.timeout().as_secs()
            ))),
        }
    }

    /// A unique receipt or destination of the client itself.
    fn own(&mut self, what: &str) -> String {
        self.numbers += 1;
        format!("{OWN_PREFIX}{what}-{}", self.numbers)
    }

    /// Waits until `found` finds something in the inbox.
    async fn wait(&self, what: &str, found: impl Fn(&Inbox) -> Option<Frame>) -> Result<Frame, ClientError> {
        let refused = |inbox: &Inbox| inbox.of("ERROR").nth(self.asked.get("ERROR").copied().unwrap_or(0));
        let done =
            |inbox: &Inbox| found(inbox).is_some() || inbox.ended.is_some() || refused(inbox).is_some();
        let mut inbox = self.inbox.clone();
        let _ = timeout(self.route.timeout(), inbox.wait_for(|inbox| done(inbox))).await;
        let inbox = self.inbox.borrow();
        if let Some(frame) = found(&inbox) {
            return Ok(frame);
        }
        if let Some(frame) = refused(&inbox) {
            return Err(ClientError::StompError { what: what.to_owned(), frame: Box::new(frame) });
        }
        let why = match &inbox.ended {
            Some(ended) => ended.clone(),
            None => format!("timed out after {} s", self.route.timeout().as_secs()),
        };
        Err(ClientError::Session(format!("{what} did not come: {why}")))
    }
}

/// Adds `headers` to `frame`, and those of `own` that they do not override.
pub fn with_headers(frame: Frame, own: &[(&str, &str)], headers: &[(String, String)]) -> Frame {
    let given = |name: &str| headers.iter().any(|(other, _)| other == name);
    let kept = own.iter().filter(|(name, _)| !given(name));
    let frame = kept.fold(frame, |frame, (name, value)| frame.with(*name, *value));
    headers.iter().fold(frame, |frame, (name, value)| frame.with(name, value))
}

/// The two numbers of `heart-beat`, in milliseconds: how often its sender can send one, and wants to receive one.
fn intervals(frame: &Frame) -> (u64, u64) {
    let pair = frame.get("heart-beat").and_then(|value| value.split_once(','));
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    pair.map_or((0, 0), |(sends, wants)| (number(sends), number(wants)))
}

/// The interval of heart-beats from a peer that can send one every `sends` ms to one that wants one every `wants` ms.
fn negotiate(sends: u64, wants: u64) -> Option<Duration> {
    (sends > 0 && wants > 0).then(|| Duration::from_millis(sends.max(wants)))
}

#[cfg(test)]
mod tests {
    use mock_upstreams::journal::Session;
    use mock_upstreams::{AppServer, Journal};

    use super::*;
    use crate::{Connection, Handshake, sockjs_path};

    #[test]
    fn heart_beats_are_negotiated_as_the_specification_says() {
        let pair = intervals(&Frame::new("CONNECT").with("heart-beat", "500, 0"));
        assert_eq!(pair, (500, 0));
        assert_eq!(negotiate(500, 100), Some(Duration::from_millis(500)));
        assert_eq!(negotiate(0, 100), None);
        assert_eq!(intervals(&Frame::new("CONNECTED")), (0, 0));
    }

    #[test]
    fn a_header_of_the_scenario_overrides_the_clients_own() {
        let frame = with_headers(
            Frame::new("SUBSCRIBE"),
            &[("id", "1"), ("ack", "auto")],
            &[("ack".into(), "client".into())],
        );
        assert_eq!(frame, Frame::new("SUBSCRIBE").with("id", "1").with("ack", "client"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn heart_beats_do_not_wait_for_the_caller() {
        let server = AppServer::start("blue", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let connection = Connection::open(&Route::local(server.address(), None)).await.unwrap();
        let (_, socket) = Handshake::new("/stomp/ws", &[]).open(connection, None).await.unwrap();
        let beats = [("heart-beat".to_owned(), "500,0".to_owned())];
        let connecting = StompClient::connect(socket.unwrap(), Transport::WebSocket, Version::V1_2, &beats);
        let mut connecting = std::pin::pin!(futures::future::maybe_done(connecting));
        let heard = |journal: &Journal, text: &str| {
            let sessions = journal.exchanges.iter().filter_map(|exchange| exchange.session.as_ref());
            sessions.flat_map(Session::texts).any(|heard| heard.starts_with(text))
        };
        while !server.read(|journal| heard(journal, "CONNECT")) {
            let _ = futures::poll!(connecting.as_mut());
            tokio::task::yield_now().await;
        }
        // From here on nothing polls the session, so CONNECTED is not seen.
        server.wait_for(Duration::from_secs(10), |journal| heard(journal, "\n")).await.unwrap();
        connecting.as_mut().await;
        assert!(!connecting.take_output().unwrap().unwrap().is_over());
    }

    /// What a client sees of one session with an app server.
    async fn session(server: &AppServer, transport: Transport, version: Version) -> [Frame; 2] {
        let path = match transport {
            Transport::WebSocket => "/stomp/ws".to_owned(),
            Transport::SockJs => sockjs_path("/stomp/ws"),
        };
        let connection = Connection::open(&Route::local(server.address(), None)).await.unwrap();
        let (_, socket) = Handshake::new(&path, &[]).open(connection, None).await.unwrap();
        let beats = [("heart-beat".to_owned(), "100,100".to_owned())];
        let mut client = StompClient::connect(socket.unwrap(), transport, version, &beats).await.unwrap();
        let destination = |frame: Frame| frame.with("destination", "/topic/tea");
        client.send_confirmed(destination(Frame::new("SUBSCRIBE")).with("id", "s")).await.unwrap();
        client.send(&destination(Frame::new("SEND")).with("x", "a:b").body("차\0\"\\ \n")).unwrap();
        let message = client.next("MESSAGE").await.unwrap();
        client.heart_beats(2).await.unwrap();
        client.send(&Frame::new("BEGIN")).unwrap();
        let error = client.next("ERROR").await.unwrap();
        let ended = client.wait_for_end().await.unwrap();
        assert!(
            ended.contains("closed the session with 1002") || ended.contains("closed with 1002"),
            "{ended}"
        );
        [message, error]
    }

    #[tokio::test]
    async fn sockjs_carries_the_same_session_as_a_websocket() {
        for version in Version::ALL {
            let mut seen = Vec::new();
            for transport in [Transport::WebSocket, Transport::SockJs] {
                // Each has its own server, so that numbers in frames start at 1.
                let server = AppServer::start("blue", "127.0.0.1:0".parse().unwrap()).await.unwrap();
                seen.push(session(&server, transport, version).await);
            }
            assert_eq!(seen[0], seen[1], "in STOMP {version}");
            assert_eq!(seen[0][0].text(), "차\0\"\\ \n");
        }
    }
}
