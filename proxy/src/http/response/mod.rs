//! Responses as they leave.

pub(crate) mod lead;
mod pages;
pub(crate) mod respond;
