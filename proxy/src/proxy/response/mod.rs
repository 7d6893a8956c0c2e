//! What an app server answers.

mod body;
mod cookie;
mod head;
mod redirect;
mod tee;

pub(super) use body::RelayError;
pub(super) use head::{Delivery, HeadWritten, InvalidHead, ResponseHead};
pub(crate) use head::{Interim, read_head};
pub(super) use tee::Tee;
