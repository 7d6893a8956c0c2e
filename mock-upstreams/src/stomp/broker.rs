use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use super::command::AckMode;
use super::frame::Frame;

/// Topics and queues of one instance, with their subscribers.
#[derive(Debug, Default)]
pub(crate) struct Broker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: u64,
    /// In order of subscription; a queue moves the subscriber it has served to the end.
    subscribers: Vec<Subscriber>,
    waiting: BTreeMap<String, VecDeque<Message>>,
}

/// One subscription of one session.
#[derive(Clone, Debug)]
pub(crate) struct Subscriber {
    pub(crate) session: u64,
    pub(crate) id: String,
    pub(crate) destination: String,
    pub(crate) ack: AckMode,
    pub(crate) outbox: UnboundedSender<Delivery>,
}

/// A message in transit.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) destination: String,
    pub(crate) sent: Arc<Frame>,
    pub(crate) redelivered: bool,
}

/// A message for one subscription.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) id: u64,
    pub(crate) subscription: String,
    pub(crate) ack: AckMode,
    pub(crate) message: Message,
}

impl Broker {
    /// A number that no session or message of this instance has had.
    pub(crate) fn number(&self) -> u64 {
        self.lock().number()
    }

    /// Adds a subscription, and gives it what has been waiting.
    pub(crate) fn subscribe(&self, subscriber: Subscriber) {
        let mut state = self.lock();
        let destination = subscriber.destination.clone();
        state.subscribers.push(subscriber);
        state.serve(&destination);
    }

    /// Ends a subscription; whether there was one.
    pub(crate) fn unsubscribe(&self, session: u64, id: &str) -> bool {
        let mut state = self.lock();
        let before = state.subscribers.len();
        state.subscribers.retain(|each| each.session != session || each.id != id);
        state.subscribers.len() < before
    }

    /// Ends every subscription of a session.
    pub(crate) fn remove_session(&self, session: u64) {
        self.lock().subscribers.retain(|each| each.session != session);
    }

    /// Sends to every subscriber of a topic, or to one of a queue.
    pub(crate) fn send(&self, message: Message) {
        let mut state = self.lock();
        if is_queue(&message.destination) {
            let destination = message.destination.clone();
            state.waiting.entry(destination.clone()).or_default().push_back(message);
            state.serve(&destination);
        } else {
            let State { last, subscribers, .. } = &mut *state;
            for subscriber in subscribers.iter().filter(|each| each.destination == message.destination) {
                *last += 1;
                // If the session is gone, its copy is dropped.
                let _ = subscriber.outbox.send(subscriber.delivery(*last, message.clone()));
            }
        }
    }

    /// Requeues messages that were delivered and not acknowledged, in order: a queue delivers them to the next subscriber, a
    /// topic drops them.
    pub(crate) fn requeue(&self, messages: Vec<Message>) {
        let mut state = self.lock();
        let queued = messages.into_iter().rev().filter(|message| is_queue(&message.destination));
        let mut destinations = Vec::new();
        for message in queued {
            destinations.push(message.destination.clone());
            let waiting = state.waiting.entry(message.destination.clone()).or_default();
            waiting.push_front(Message { redelivered: true, ..message });
        }
        for destination in destinations {
            state.serve(&destination);
        }
    }

    /// Drops every subscription and message, as a killed process does.
    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        state.subscribers.clear();
        state.waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Delivers what waits in a queue, to each subscriber in turn.
    fn serve(&mut self, queue: &str) {
        let Some(mut waiting) = self.waiting.remove(queue) else { return };
        while let Some(message) = waiting.pop_front() {
            let Some(index) = self.subscribers.iter().position(|each| each.destination == queue) else {
                waiting.push_front(message);
                self.waiting.insert(queue.to_owned(), waiting);
                return;
            };
            let subscriber = self.subscribers.remove(index);
            let delivery = subscriber.delivery(self.number(), message);
            match subscriber.outbox.send(delivery) {
                Ok(()) => self.subscribers.push(subscriber),
                // The session is gone, and has not said so yet.
                Err(unsent) => waiting.push_front(unsent.0.message),
            }
        }
    }
}

impl Subscriber {
    fn delivery(&self, id: u64, message: Message) -> Delivery {
        Delivery { id, subscription: self.id.clone(), ack: self.ack, message }
    }
}

fn is_queue(destination: &str) -> bool {
    destination.starts_with("/queue/")
}
