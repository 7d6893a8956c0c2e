//! HTTP/1.1 as nginx speaks it.
//!
//! A [`connection`](accepted) reads requests ([`request`]), each of which becomes an exchange; the phases find out how to answer
//! it, and the answer is a response made here or what an app server says ([`crate::proxy`]).

pub mod accepted;
mod connection;
pub(crate) mod exchange;
pub mod message;
mod phases;
pub mod request;
pub(crate) mod response;
mod server_names;
pub(crate) mod text;
pub mod uri;
pub mod variables;
pub(crate) mod wire;
