use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::acks::Unacknowledged;
use super::broker::{Broker, Delivered, Message, Subscriber};
use super::command::{Acknowledge, Command, Connect};
use super::dialect::{self, Delivery};
use super::frame::{Frame, Version};
use crate::instance::Instance;

/// The shortest interval of heart-beats that the server offers and wants, in milliseconds.
const SHORTEST: u32 = 100;

/// One client's conversation with the broker: frames in, wire forms of frames out.
#[derive(Debug)]
pub(super) struct Session {
    instance: Arc<Instance>,
    number: u64,
    outbox: UnboundedSender<Delivered>,
    version: Option<Version>,
    unacknowledged: Unacknowledged,
    transactions: BTreeMap<String, Vec<Deed>>,
}

/// What a transaction holds back.
#[derive(Debug)]
enum Deed {
    Send(Message),
    Acknowledge(Acknowledge),
}

/// What to do upon a frame.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// Frames to send, on the wire.
    pub(super) frames: Vec<Vec<u8>>,
    /// WebSocket code and reason to close with after that.
    pub(super) close: Option<(u16, &'static str)>,
    /// Intervals from now on, in milliseconds: how often to send a heart-beat, how often to expect one; 0 for never.
    pub(super) heart_beat: Option<(u32, u32)>,
}

/// Why a frame is answered with `ERROR`: in short, and with what belongs to it.
struct Refusal(&'static str, String);

impl Session {
    pub(super) fn new(instance: Arc<Instance>, outbox: UnboundedSender<Delivered>) -> Self {
        let number = instance.broker.number();
        Self {
            instance,
            number,
            outbox,
            version: None,
            unacknowledged: Unacknowledged::default(),
            transactions: BTreeMap::new(),
        }
    }

    /// The version agreed upon; 1.2 until then.
    pub(super) fn version(&self) -> Version {
        self.version.unwrap_or_default()
    }

    /// Does what a frame demands.
    pub(super) fn handle(&mut self, frame: Frame) -> Answer {
        let receipt = frame.get("receipt").map(str::to_owned);
        let command = dialect::read(&frame, self.version()).map_err(|why| Refusal("malformed frame", why));
        let done = command.and_then(|command| self.carry_out(command, frame));
        match (done, receipt) {
            (Ok(mut answer), Some(receipt)) if self.version.is_some() => {
                answer.frames.push(dialect::receipt(&receipt, self.version()));
                answer
            }
            (Ok(answer), _) => answer,
            (Err(Refusal(what, detail)), receipt) => self.error(what, &detail, receipt.as_deref()),
        }
    }

    /// `ERROR`, and the end.
    pub(super) fn error(&self, what: &'static str, detail: &str, receipt: Option<&str>) -> Answer {
        let frame = dialect::error(what, detail, receipt, self.version());
        Answer { frames: vec![frame], close: Some((1002, what)), heart_beat: None }
    }

    /// The `MESSAGE` for a message of the broker's.
    pub(super) fn deliver(&mut self, delivered: Delivered) -> Vec<u8> {
        let id = format!("{}-{}", self.instance.name, delivered.id);
        let delivery = Delivery {
            id: &id,
            subscription: &delivered.subscription,
            destination: &delivered.message.destination,
            acknowledged: delivered.ack != super::command::AckMode::Auto,
            redelivered: delivered.message.redelivered,
        };
        let wire = dialect::message(&delivered.message.sent, &delivery, self.version());
        self.unacknowledged.keep(id, delivered);
        wire
    }

    /// Ends the session; `unsent` is what the broker had given it and the client never got.
    pub(super) fn leave(mut self, unsent: Vec<Delivered>) {
        self.broker().leave(self.number);
        let mut messages = self.unacknowledged.release_all();
        messages.extend(unsent.into_iter().map(|delivered| delivered.message));
        self.broker().take_back(messages);
    }

    fn carry_out(&mut self, command: Command, frame: Frame) -> Result<Answer, Refusal> {
        if self.version.is_none() != matches!(command, Command::Connect(_)) {
            let why = if self.version.is_none() { "CONNECT comes first" } else { "connected already" };
            return Err(Refusal("unexpected frame", why.to_owned()));
        }
        match command {
            Command::Connect(connect) => return self.connect(&connect),
            Command::Send { destination, transaction } => {
                let message = Message { destination, sent: Arc::new(frame), redelivered: false };
                match transaction {
                    Some(transaction) => self.transaction(&transaction)?.push(Deed::Send(message)),
                    None => self.broker().send(message),
                }
            }
            Command::Subscribe { id, destination, ack } => {
                let outbox = self.outbox.clone();
                // A subscription under the same name takes its place.
                self.broker().unsubscribe(self.number, &id);
                self.broker().subscribe(Subscriber { session: self.number, id, destination, ack, outbox });
            }
            Command::Unsubscribe { id } => {
                if !self.broker().unsubscribe(self.number, &id) {
                    return Err(Refusal("unknown subscription", id));
                }
                let messages = self.unacknowledged.release(&id);
                self.broker().take_back(messages);
            }
            Command::Acknowledge(mut acknowledge) => match acknowledge.transaction.take() {
                Some(transaction) => self.transaction(&transaction)?.push(Deed::Acknowledge(acknowledge)),
                None => self.acknowledge(&acknowledge)?,
            },
            Command::Begin { transaction } => {
                if self.transactions.contains_key(&transaction) {
                    return Err(Refusal("transaction has begun already", transaction));
                }
                self.transactions.insert(transaction, Vec::new());
            }
            Command::Commit { transaction } => {
                self.transaction(&transaction)?;
                for deed in self.transactions.remove(&transaction).unwrap_or_default() {
                    match deed {
                        Deed::Send(message) => self.broker().send(message),
                        Deed::Acknowledge(acknowledge) => self.acknowledge(&acknowledge)?,
                    }
                }
            }
            Command::Abort { transaction } => {
                self.transaction(&transaction)?;
                self.transactions.remove(&transaction);
            }
            Command::Disconnect => return Ok(Answer { close: Some((1000, "")), ..Answer::default() }),
        }
        Ok(Answer::default())
    }

    fn connect(&mut self, connect: &Connect) -> Result<Answer, Refusal> {
        let (login, passcode) = (connect.login.as_deref(), connect.passcode.as_deref());
        let is_wanted =
            |(wanted, secret): &(String, String)| (login, passcode) == (Some(wanted), Some(secret));
        let is_known = self.instance.login.as_ref().is_none_or(is_wanted);
        if !is_known || login == Some("nobody") || passcode == Some("wrong") {
            return Err(Refusal("access refused", "login or passcode is not accepted".to_owned()));
        }
        let Some(version) = connect.versions.iter().max() else {
            return Err(Refusal("unsupported version", "supported are 1.0, 1.1 and 1.2".to_owned()));
        };
        self.version = Some(*version);
        let agreed = |interval: u32| if interval == 0 { 0 } else { interval.max(SHORTEST) };
        let (sends, wants) = connect.heart_beat;
        let session = format!("{}-{}", self.instance.name, self.number);
        let connected = dialect::connected(*version, &session, (SHORTEST, SHORTEST), &self.instance.name);
        Ok(Answer { frames: vec![connected], close: None, heart_beat: Some((agreed(wants), agreed(sends))) })
    }

    fn acknowledge(&mut self, acknowledge: &Acknowledge) -> Result<(), Refusal> {
        let Some(messages) = self.unacknowledged.settle(&acknowledge.id) else {
            return Err(Refusal("nothing to acknowledge", acknowledge.id.clone()));
        };
        if !acknowledge.accepted {
            self.broker().take_back(messages);
        }
        Ok(())
    }

    fn transaction(&mut self, name: &str) -> Result<&mut Vec<Deed>, Refusal> {
        self.transactions.get_mut(name).ok_or_else(|| Refusal("unknown transaction", name.to_owned()))
    }

    fn broker(&self) -> &Broker {
        &self.instance.broker
    }
}
