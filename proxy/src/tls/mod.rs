//! TLS towards clients, by rustls: the handshake and the stream.

mod handshake;
mod stream;

pub(crate) use handshake::{Handshake, HandshakeOptions, accept};
pub(crate) use stream::TlsInfo;
