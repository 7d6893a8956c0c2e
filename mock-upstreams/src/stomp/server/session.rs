use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::acks::PendingAcks;
use crate::instance::Instance;
use crate::stomp::broker::{Broker, Delivery, Message, Subscriber};
use crate::stomp::command::{AckMode, Acknowledge, Command, Connect};
use crate::stomp::dialect::{self, MessageHeaders};
use crate::stomp::frame::{Frame, Version};

/// The shortest interval of heart-beats that the server offers and wants, in milliseconds.
const MIN_HEART_BEAT_INTERVAL: u32 = 100;

/// One client's session with the broker: frames in, encoded frames out.
#[derive(Debug)]
pub(super) struct Session {
    instance: Arc<Instance>,
    number: u64,
    outbox: UnboundedSender<Delivery>,
    version: Option<Version>,
    pending_acks: PendingAcks,
    transactions: BTreeMap<String, Vec<TransactionStep>>,
}

/// An operation that waits for `COMMIT`.
#[derive(Debug)]
enum TransactionStep {
    Send(Message),
    Acknowledge(Acknowledge),
}

/// The reply to a frame.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    /// Frames to send, encoded.
    pub(super) frames: Vec<Vec<u8>>,
    /// WebSocket code and reason to close with after that.
    pub(super) close: Option<(u16, &'static str)>,
    /// Intervals from now on, in milliseconds: how often to send a heart-beat, how often to expect one; 0 for never.
    pub(super) heart_beat: Option<(u32, u32)>,
}

/// Why a frame is answered with `ERROR`: the message and the detail.
struct ErrorReply(&'static str, String);

impl Session {
    pub(super) fn new(instance: Arc<Instance>, outbox: UnboundedSender<Delivery>) -> Self {
        let number = instance.broker.number();
        Self {
            instance,
            number,
            outbox,
            version: None,
            pending_acks: PendingAcks::default(),
            transactions: BTreeMap::new(),
        }
    }

    /// The version agreed upon; 1.2 until then.
    pub(super) fn version(&self) -> Version {
        self.version.unwrap_or_default()
    }

    /// Handles a frame.
    pub(super) fn handle(&mut self, frame: Frame) -> Reply {
        let receipt = frame.get("receipt").map(str::to_owned);
        let command = dialect::read(&frame, self.version()).map_err(|why| ErrorReply("malformed frame", why));
        let result = command.and_then(|command| self.execute(command, frame));
        match (result, receipt) {
            (Ok(mut reply), Some(receipt)) if self.version.is_some() => {
                reply.frames.push(dialect::receipt(&receipt, self.version()));
                reply
            }
            (Ok(reply), _) => reply,
            (Err(ErrorReply(what, detail)), receipt) => self.error(what, &detail, receipt.as_deref()),
        }
    }

    /// Replies `ERROR` and closes.
    pub(super) fn error(&self, what: &'static str, detail: &str, receipt: Option<&str>) -> Reply {
        let frame = dialect::error(what, detail, receipt, self.version());
        Reply { frames: vec![frame], close: Some((1002, what)), heart_beat: None }
    }

    /// Encodes the `MESSAGE` for a delivery.
    pub(super) fn deliver(&mut self, delivery: Delivery) -> Vec<u8> {
        let id = format!("{}-{}", self.instance.name, delivery.id);
        let headers = MessageHeaders {
            id: &id,
            subscription: &delivery.subscription,
            destination: &delivery.message.destination,
            acknowledged: delivery.ack != AckMode::Auto,
            redelivered: delivery.message.redelivered,
        };
        let wire = dialect::message(&delivery.message.sent, &headers, self.version());
        self.pending_acks.add(id, delivery);
        wire
    }

    /// Ends the session; `unsent` are the deliveries that never reached the client.
    pub(super) fn end(mut self, unsent: Vec<Delivery>) {
        self.broker().remove_session(self.number);
        let mut messages = self.pending_acks.remove_all();
        messages.extend(unsent.into_iter().map(|delivery| delivery.message));
        self.broker().requeue(messages);
    }

    fn execute(&mut self, command: Command, frame: Frame) -> Result<Reply, ErrorReply> {
        if self.version.is_none() != matches!(command, Command::Connect(_)) {
            let why = if self.version.is_none() { "CONNECT comes first" } else { "connected already" };
            return Err(ErrorReply("unexpected frame", why.to_owned()));
        }
        match command {
            Command::Connect(connect) => return self.connect(&connect),
            Command::Send { destination, transaction } => {
                let message = Message { destination, sent: Arc::new(frame), redelivered: false };
                match transaction {
                    Some(transaction) => self.transaction(&transaction)?.push(TransactionStep::Send(message)),
                    None => self.broker().send(message),
                }
            }
            Command::Subscribe { id, destination, ack } => {
                let outbox = self.outbox.clone();
                // A subscription of the same id replaces it.
                self.broker().unsubscribe(self.number, &id);
                self.broker().subscribe(Subscriber { session: self.number, id, destination, ack, outbox });
            }
            Command::Unsubscribe { id } => {
                if !self.broker().unsubscribe(self.number, &id) {
                    return Err(ErrorReply("unknown subscription", id));
                }
                let messages = self.pending_acks.remove(&id);
                self.broker().requeue(messages);
            }
            Command::Acknowledge(mut acknowledge) => match acknowledge.transaction.take() {
                Some(transaction) => {
                    self.transaction(&transaction)?.push(TransactionStep::Acknowledge(acknowledge))
                }
                None => self.acknowledge(&acknowledge)?,
            },
            Command::Begin { transaction } => {
                if self.transactions.contains_key(&transaction) {
                    return Err(ErrorReply("transaction has begun already", transaction));
                }
                self.transactions.insert(transaction, Vec::new());
            }
            Command::Commit { transaction } => {
                self.transaction(&transaction)?;
                for step in self.transactions.remove(&transaction).unwrap_or_default() {
                    match step {
                        TransactionStep::Send(message) => self.broker().send(message),
                        TransactionStep::Acknowledge(acknowledge) => self.acknowledge(&acknowledge)?,
                    }
                }
            }
            Command::Abort { transaction } => {
                self.transaction(&transaction)?;
                self.transactions.remove(&transaction);
            }
            Command::Disconnect => return Ok(Reply { close: Some((1000, "")), ..Reply::default() }),
        }
        Ok(Reply::default())
    }

    fn connect(&mut self, connect: &Connect) -> Result<Reply, ErrorReply> {
        let (login, passcode) = (connect.login.as_deref(), connect.passcode.as_deref());
        let is_wanted =
            |(wanted, secret): &(String, String)| (login, passcode) == (Some(wanted), Some(secret));
        let is_known = self.instance.login.as_ref().is_none_or(is_wanted);
        if !is_known || login == Some("nobody") || passcode == Some("wrong") {
            return Err(ErrorReply("access refused", "login or passcode is not accepted".to_owned()));
        }
        let Some(version) = connect.versions.iter().max() else {
            return Err(ErrorReply("unsupported version", "supported are 1.0, 1.1 and 1.2".to_owned()));
        };
        self.version = Some(*version);
        let agreed = |interval: u32| if interval == 0 { 0 } else { interval.max(MIN_HEART_BEAT_INTERVAL) };
        let (sends, wants) = connect.heart_beat;
        let session = format!("{}-{}", self.instance.name, self.number);
        let connected = dialect::connected(
            *version,
            &session,
            (MIN_HEART_BEAT_INTERVAL, MIN_HEART_BEAT_INTERVAL),
            &self.instance.name,
        );
        Ok(Reply { frames: vec![connected], close: None, heart_beat: Some((agreed(wants), agreed(sends))) })
    }

    fn acknowledge(&mut self, acknowledge: &Acknowledge) -> Result<(), ErrorReply> {
        let Some(messages) = self.pending_acks.acknowledge(&acknowledge.id) else {
            return Err(ErrorReply("nothing to acknowledge", acknowledge.id.clone()));
        };
        if !acknowledge.accepted {
            self.broker().requeue(messages);
        }
        Ok(())
    }

    fn transaction(&mut self, name: &str) -> Result<&mut Vec<TransactionStep>, ErrorReply> {
        self.transactions.get_mut(name).ok_or_else(|| ErrorReply("unknown transaction", name.to_owned()))
    }

    fn broker(&self) -> &Broker {
        &self.instance.broker
    }
}
