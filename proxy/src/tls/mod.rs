//! TLS by rustls, towards clients and towards app servers: handshakes and the stream.

mod client_certificate;
mod connect;
mod distinguished_name;
mod handshake;
mod stream;

pub(crate) use client_certificate::{ClientCertificate, Party, Validity};
pub(crate) use connect::{ConnectError, UpstreamName, connect};
pub(crate) use handshake::{Handshake, HandshakeOptions, Selected, accept};
pub(crate) use stream::{TlsInfo, TlsStream};
