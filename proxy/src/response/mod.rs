//! Responses as they leave.

pub(crate) mod client;
pub(crate) mod head;
mod pages;
