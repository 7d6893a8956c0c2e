//! What an app server answers.

mod body;
mod head;
mod redirect;

pub(super) use body::RelayError;
pub(crate) use head::read;
pub(super) use head::{InvalidHead, ResponseHead};
