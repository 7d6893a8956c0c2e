//! TLS: what a client sees of it, compared with nginx where there is one, and what becomes of connections.

pub(crate) mod client;
mod client_certificate;
mod exchange;
mod handshake;
mod lifecycle;
