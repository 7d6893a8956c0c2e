use crate::stomp::broker::{Delivery, Message};
use crate::stomp::command::AckMode;

/// Messages that wait for the `ACK` or `NACK` of a client, in order.
#[derive(Debug, Default)]
pub(super) struct PendingAcks(Vec<(String, Delivery)>);

impl PendingAcks {
    /// Adds a message, known by `id`, unless its subscription needs no acknowledgement.
    pub(super) fn add(&mut self, id: String, delivery: Delivery) {
        if delivery.ack != AckMode::Auto {
            self.0.push((id, delivery));
        }
    }

    /// Removes what an acknowledgement of `id` covers; `None` when there is no such message.
    pub(super) fn acknowledge(&mut self, id: &str) -> Option<Vec<Message>> {
        let last = self.0.iter().position(|(each, _)| each == id)?;
        let (_, named) = self.0.get(last)?;
        let (subscription, cumulative) = (named.subscription.clone(), named.ack == AckMode::Client);
        Some(self.take(|index, delivery| {
            let earlier = cumulative && index < last && delivery.subscription == subscription;
            index == last || earlier
        }))
    }

    /// Removes what belongs to a subscription.
    pub(super) fn remove(&mut self, subscription: &str) -> Vec<Message> {
        self.take(|_, delivery| delivery.subscription == subscription)
    }

    /// Removes everything.
    pub(super) fn remove_all(&mut self) -> Vec<Message> {
        self.take(|_, _| true)
    }

    fn take(&mut self, which: impl Fn(usize, &Delivery) -> bool) -> Vec<Message> {
        let all = std::mem::take(&mut self.0);
        let (taken, kept): (Vec<_>, Vec<_>) =
            all.into_iter().enumerate().partition(|(index, (_, delivery))| which(*index, delivery));
        self.0 = kept.into_iter().map(|(_, each)| each).collect();
        taken.into_iter().map(|(_, (_, delivery))| delivery.message).collect()
    }
}
