//! HTTP/2 with clients: what they are answered, and what becomes of their connections.

pub(crate) mod client;
mod connection;
mod exchange;
mod flood;
