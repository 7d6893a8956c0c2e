//! A STOMP client over a WebSocket: <https://stomp.github.io/stomp-specification-1.2.html>, and 1.1 and 1.0 before it.
//!
//! A session reads and writes by itself: what comes is collected until a step asks for it, so that nothing is lost
//! between steps, and heart-beats go out as agreed while steps do something else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use mock_upstreams::stomp::frame::{Decoder, Frame, Input, Version};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::websocket::{Incoming, Outgoing, closed};
use super::{ClientError, Route, WebSocket, patiently};

/// Receipts and destinations of the client itself begin with this; scenarios do not see what comes for them.
const OWN: &str = "hopcheck-";

/// A session.
#[derive(Debug)]
pub struct StompClient {
    route: Route,
    version: Version,
    outgoing: mpsc::UnboundedSender<Message>,
    inbox: watch::Receiver<Inbox>,
    /// How many frames of each command have been asked for.
    asked: BTreeMap<String, usize>,
    /// How often the app server has agreed to send a heart-beat, unless never.
    beat: Option<Duration>,
    numbers: usize,
    /// The header `ack` of the last `MESSAGE` that was asked for.
    pub ack: Option<String>,
    /// When the last body was sent, and which.
    pub sent: Option<(Instant, Bytes)>,
    /// The reader and the writer, which end with the session.
    _tasks: JoinSet<()>,
}

/// What has come so far.
#[derive(Debug, Default)]
struct Inbox {
    frames: Vec<Frame>,
    beats: usize,
    /// How the session ended.
    ended: Option<String>,
}

impl StompClient {
    /// Begins a session: sends `CONNECT` as `@stomp/stompjs` does, without `host`, and awaits `CONNECTED`. Of `headers`,
    /// one of the same name takes the place of the client's own.
    ///
    /// # Errors
    /// When something else comes, or nothing, or another version than was asked for.
    pub async fn connect(
        socket: WebSocket,
        version: Version,
        headers: &[(String, String)],
    ) -> Result<StompClient, ClientError> {
        let (route, mut sink, stream) = socket.into_parts();
        let (collecting, inbox) = watch::channel(Inbox::default());
        let (outgoing, queue) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(read(stream, Decoder::new(version), collecting));
        let connect = with(Frame::new("CONNECT"), &[("accept-version", version.as_str())], headers);
        patiently(route.patience(), "the proxy to read", sink.send(message(&connect, version))).await?;
        let mut client = StompClient {
            route,
            version,
            outgoing,
            inbox,
            asked: BTreeMap::new(),
            beat: None,
            numbers: 0,
            ack: None,
            sent: None,
            _tasks: tasks,
        };
        let connected = client.wait("CONNECTED", |inbox| inbox.of("CONNECTED").next()).await?;
        let spoken = connected.get("version").unwrap_or("1.0");
        if spoken != version.as_str() {
            let only = format!("the app server speaks STOMP {spoken}, though only {version} was offered");
            return Err(ClientError::Session(only));
        }
        let ((sends, wants), (offers, expects)) = (intervals(&connect), intervals(&connected));
        client.beat = agreed(offers, wants);
        client._tasks.spawn(write(sink, queue, agreed(sends, expects)));
        Ok(client)
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When the session is over, or the frame must not be sent there.
    pub fn send(&mut self, frame: &Frame) -> Result<(), ClientError> {
        if let Some(manners) = self.route.manners() {
            manners.allow(frame)?;
        }
        if let Some(ended) = &self.inbox.borrow().ended {
            return Err(ClientError::Session(format!("the session is over: {ended}")));
        }
        if !frame.body.is_empty() {
            self.sent = Some((Instant::now(), frame.body.clone()));
        }
        // Where the writer is gone, the session is over, and whoever waits for an answer learns how.
        let _ = self.outgoing.send(message(frame, self.version));
        Ok(())
    }

    /// Sends a frame, and waits until the app server has dealt with it: for its receipt.
    ///
    /// # Errors
    /// When the session ends, or no receipt comes.
    pub async fn send_confirmed(&mut self, frame: Frame) -> Result<(), ClientError> {
        let id = self.own("receipt");
        let frame = with(frame, &[("receipt", &id)], &[]);
        self.send(&frame)?;
        let receipt =
            |inbox: &Inbox| inbox.frames.iter().find(|frame| frame.get("receipt-id") == Some(&*id)).cloned();
        self.wait("a RECEIPT", |inbox| receipt(inbox).filter(|frame| frame.command == "RECEIPT")).await?;
        Ok(())
    }

    /// The next frame of that command that has not been asked for.
    ///
    /// # Errors
    /// When the session ends first, or nothing comes.
    pub async fn next(&mut self, command: &str) -> Result<Frame, ClientError> {
        let nth = self.asked.get(command).copied().unwrap_or(0);
        let frame = self.wait(command, |inbox| inbox.of(command).nth(nth)).await?;
        self.asked.insert(command.to_owned(), nth + 1);
        if command == "MESSAGE" {
            self.ack = frame.get("ack").map(str::to_owned);
        }
        Ok(frame)
    }

    /// Waits until the app server has dealt with all that was sent.
    ///
    /// # Errors
    /// When the session ends first.
    pub async fn settle(&mut self) -> Result<(), ClientError> {
        let frame = Frame::new("SEND").with("destination", format!("/topic/{OWN}settled"));
        self.send_confirmed(frame).await
    }

    /// Waits until all messages that the app server has for this client have come, and returns the first that has not
    /// been asked for. The client sends a message to itself: it comes behind all others. (A receipt would not do, as it
    /// may overtake messages.)
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

    /// Waits for so many more heart-beats. Each may take ten times the agreed interval, as machines are busy: what is
    /// looked for is heart-beats that are held back.
    ///
    /// # Errors
    /// When they do not come, or none were agreed.
    pub async fn heart_beats(&mut self, count: usize) -> Result<(), ClientError> {
        let Some(beat) = self.beat else {
            return Err(ClientError::Session("the app server has agreed to no heart-beats".to_owned()));
        };
        for _ in 0..count {
            let before = self.inbox.borrow().beats;
            let more = self.inbox.wait_for(|inbox| inbox.beats > before || inbox.ended.is_some());
            let Ok(Ok(seen)) =
                timeout(10 * beat, more).await.map(|seen| seen.map(|inbox| inbox.ended.clone()))
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

    /// Whether the session is known to be over.
    pub fn is_over(&self) -> bool {
        self.inbox.borrow().ended.is_some()
    }

    /// Waits until the session is over; how it ended.
    ///
    /// # Errors
    /// When it goes on.
    pub async fn end(&mut self) -> Result<String, ClientError> {
        let over = self.inbox.wait_for(|inbox| inbox.ended.is_some());
        match timeout(self.route.patience(), over).await {
            Ok(Ok(inbox)) => Ok(inbox.ended.clone().unwrap_or_default()),
            Ok(Err(_)) => Ok("the session was given up".to_owned()),
            Err(_) => Err(ClientError::Session(format!(
                "after {} s the session still goes on",
                self.route.patience().as_secs()
            ))),
        }
    }

    /// A receipt or destination that no scenario uses.
    fn own(&mut self, what: &str) -> String {
        self.numbers += 1;
        format!("{OWN}{what}-{}", self.numbers)
    }

    /// Waits until `found` finds something in what has come.
    async fn wait(&self, what: &str, found: impl Fn(&Inbox) -> Option<Frame>) -> Result<Frame, ClientError> {
        let refused = |inbox: &Inbox| inbox.of("ERROR").nth(self.asked.get("ERROR").copied().unwrap_or(0));
        let done =
            |inbox: &Inbox| found(inbox).is_some() || inbox.ended.is_some() || refused(inbox).is_some();
        let mut inbox = self.inbox.clone();
        let _ = timeout(self.route.patience(), inbox.wait_for(|inbox| done(inbox))).await;
        let inbox = self.inbox.borrow();
        if let Some(frame) = found(&inbox) {
            return Ok(frame);
        }
        let why = match (refused(&inbox), &inbox.ended) {
            (Some(error), _) => format!("the app server answered with an error:\n{error}"),
            (None, Some(ended)) => ended.clone(),
            (None, None) => format!("nothing came for {} s", self.route.patience().as_secs()),
        };
        Err(ClientError::Session(format!("{what} did not come: {why}")))
    }
}

impl Inbox {
    /// Frames of that command, but for those that the client had sent to itself.
    fn of(&self, command: &str) -> impl Iterator<Item = Frame> {
        let own = |frame: &Frame, header| frame.get(header).is_some_and(|value| value.contains(OWN));
        let of_command = self.frames.iter().filter(move |frame| frame.command == command);
        of_command.filter(move |frame| !own(frame, "receipt-id") && !own(frame, "destination")).cloned()
    }

    /// Takes in what a message brought.
    fn take(&mut self, data: &[u8], decoder: &mut Decoder) {
        decoder.push(data);
        self.beats += usize::from(data.iter().all(|byte| matches!(byte, b'\r' | b'\n')));
        loop {
            match decoder.next() {
                Ok(Some(Input::Frame(frame))) => self.frames.push(frame),
                Ok(Some(Input::HeartBeat)) => {}
                Ok(None) => return,
                Err(error) => {
                    self.ended = Some(format!("what came is not STOMP: {error}"));
                    return;
                }
            }
        }
    }
}

/// `frame` with `headers`, and those of `own` that are not among them.
pub fn with(frame: Frame, own: &[(&str, &str)], headers: &[(String, String)]) -> Frame {
    let given = |name: &str| headers.iter().any(|(other, _)| other == name);
    let kept = own.iter().filter(|(name, _)| !given(name));
    let frame = kept.fold(frame, |frame, (name, value)| frame.with(*name, *value));
    headers.iter().fold(frame, |frame, (name, value)| frame.with(name, value))
}

/// Collects what comes until the session is over.
async fn read(mut stream: Incoming, mut decoder: Decoder, inbox: watch::Sender<Inbox>) {
    let ended = loop {
        let message = match stream.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => break ClientError::from(error).to_string(),
            None => break "the WebSocket was dropped".to_owned(),
        };
        match message {
            Message::Text(text) => inbox.send_modify(|inbox| inbox.take(text.as_bytes(), &mut decoder)),
            Message::Binary(data) => inbox.send_modify(|inbox| inbox.take(&data, &mut decoder)),
            Message::Close(frame) => break closed(frame.as_ref()),
            _ => {}
        }
    };
    inbox.send_modify(|inbox| {
        inbox.ended.get_or_insert(ended);
    });
    // To answer a Close frame takes further reading.
    while let Some(Ok(_)) = stream.next().await {}
}

/// Sends what is to be sent, and a heart-beat whenever there was nothing for a while.
async fn write(mut sink: Outgoing, mut queue: mpsc::UnboundedReceiver<Message>, beat: Option<Duration>) {
    // Somewhat earlier than agreed: what is sent at the end of the interval arrives after it.
    let interval = beat.map(|beat| beat * 4 / 5);
    loop {
        let message = tokio::select! {
            message = queue.recv() => match message {
                Some(message) => message,
                None => return,
            },
            () = pause(interval) => Message::text("\n"),
        };
        if sink.send(message).await.is_err() {
            return; // the reader learns how the session ended
        }
    }
}

async fn pause(interval: Option<Duration>) {
    match interval {
        Some(interval) => tokio::time::sleep(interval).await,
        None => std::future::pending().await,
    }
}

/// A frame goes out as text, and as binary where it is none.
fn message(frame: &Frame, version: Version) -> Message {
    match String::from_utf8(frame.encode(version)) {
        Ok(text) => Message::text(text),
        Err(error) => Message::binary(error.into_bytes()),
    }
}

/// The two numbers of `heart-beat`, in milliseconds: how often its sender can send one, and wants to get one.
fn intervals(frame: &Frame) -> (u64, u64) {
    let pair = frame.get("heart-beat").and_then(|value| value.split_once(','));
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    pair.map_or((0, 0), |(sends, wants)| (number(sends), number(wants)))
}

/// How often heart-beats are sent by one who can every `sends` ms to one who wants one every `wants` ms.
fn agreed(sends: u64, wants: u64) -> Option<Duration> {
    (sends > 0 && wants > 0).then(|| Duration::from_millis(sends.max(wants)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heart_beats_are_agreed_upon_as_the_specification_says() {
        let pair = intervals(&Frame::new("CONNECT").with("heart-beat", "500, 0"));
        assert_eq!(pair, (500, 0));
        assert_eq!(agreed(500, 100), Some(Duration::from_millis(500)));
        assert_eq!(agreed(0, 100), None);
        assert_eq!(intervals(&Frame::new("CONNECTED")), (0, 0));
    }

    #[test]
    fn a_header_of_the_scenario_takes_the_place_of_the_clients_own() {
        let frame = with(
            Frame::new("SUBSCRIBE"),
            &[("id", "1"), ("ack", "auto")],
            &[("ack".into(), "client".into())],
        );
        assert_eq!(frame, Frame::new("SUBSCRIBE").with("id", "1").with("ack", "client"));
    }

    #[test]
    fn the_inbox_counts_heart_beats_and_hides_what_the_client_sent_itself() {
        let (mut inbox, mut decoder) = (Inbox::default(), Decoder::new(Version::V1_2));
        inbox.take(b"RECEIPT\nreceipt-id:hopcheck-receipt-1\n\n\0\n", &mut decoder);
        inbox.take(b"\n", &mut decoder);
        inbox.take(b"RECEIPT\nreceipt-id:r", &mut decoder);
        inbox.take(b"-1\n\n\0", &mut decoder);
        let seen: Vec<Frame> = inbox.of("RECEIPT").collect();
        assert_eq!((seen, inbox.beats), (vec![Frame::new("RECEIPT").with("receipt-id", "r-1")], 1));
    }
}
