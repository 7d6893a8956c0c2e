//! HTTP/1.1 as nginx speaks it.
//!
//! A [`connection`] reads requests ([`head`]), each of which becomes an exchange; the phases find out how to answer it,
//! and the answer is a response made here or what an app server says ([`crate::proxy`]).

pub mod connection;
mod evaluate;
pub(crate) mod exchange;
pub mod head;
mod host;
pub(crate) mod lead;
pub mod locate;
pub(crate) mod matching;
pub mod message;
mod pages;
mod phases;
pub(crate) mod respond;
mod scan;
pub mod uri;
pub mod variables;
pub(crate) mod wire;
