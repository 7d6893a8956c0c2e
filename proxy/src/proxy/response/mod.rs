//! What an app server answers.

mod body;
mod cookie;
mod head;
mod redirect;

pub(super) use body::RelayError;
pub(crate) use head::read_head;
pub(super) use head::{HeadWritten, InvalidHead, ResponseHead};
