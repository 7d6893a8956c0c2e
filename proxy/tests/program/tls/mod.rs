//! TLS: what a client sees of it, compared with nginx where there is one, and what becomes of connections.

mod client;
mod exchange;
mod handshake;
mod lifecycle;
