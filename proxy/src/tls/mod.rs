//! TLS by rustls, towards clients and towards app servers: handshakes and the stream.

mod connect;
mod handshake;
mod stream;

pub(crate) use connect::{ConnectError, UpstreamName, connect};
pub(crate) use handshake::{Handshake, HandshakeOptions, accept};
pub(crate) use stream::{TlsInfo, TlsStream};
