//! What an app server answers.

mod body;
mod cookie;
pub(super) mod early_hints;
mod head;
mod interim;
mod redirect;
mod tee;

pub(super) use body::RelayError;
pub(crate) use head::read_head;
pub(super) use head::{Delivery, HeadWritten, InvalidHead, ResponseHead};
pub(crate) use interim::Interim;
pub(super) use tee::Tee;
