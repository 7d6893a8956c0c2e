use super::broker::{Delivered, Message};
use super::command::AckMode;

/// What was sent to a client and waits for its `ACK` or `NACK`, in order.
#[derive(Debug, Default)]
pub(super) struct Unacknowledged(Vec<(String, Delivered)>);

impl Unacknowledged {
    /// Keeps a message, known by `id`, unless its subscription needs no acknowledgement.
    pub(super) fn keep(&mut self, id: String, delivered: Delivered) {
        if delivered.ack != AckMode::Auto {
            self.0.push((id, delivered));
        }
    }

    /// Lets go what an acknowledgement of `id` covers; `None` when there is no such message.
    pub(super) fn settle(&mut self, id: &str) -> Option<Vec<Message>> {
        let last = self.0.iter().position(|(each, _)| each == id)?;
        let (_, named) = self.0.get(last)?;
        let (subscription, cumulative) = (named.subscription.clone(), named.ack == AckMode::Client);
        Some(self.take(|index, delivered| {
            let earlier = cumulative && index < last && delivered.subscription == subscription;
            index == last || earlier
        }))
    }

    /// Lets go what belongs to a subscription.
    pub(super) fn release(&mut self, subscription: &str) -> Vec<Message> {
        self.take(|_, delivered| delivered.subscription == subscription)
    }

    /// Lets go everything.
    pub(super) fn release_all(&mut self) -> Vec<Message> {
        self.take(|_, _| true)
    }

    fn take(&mut self, which: impl Fn(usize, &Delivered) -> bool) -> Vec<Message> {
        let all = std::mem::take(&mut self.0);
        let (taken, kept): (Vec<_>, Vec<_>) =
            all.into_iter().enumerate().partition(|(index, (_, delivered))| which(*index, delivered));
        self.0 = kept.into_iter().map(|(_, each)| each).collect();
        taken.into_iter().map(|(_, (_, delivered))| delivered.message).collect()
    }
}
