//! A client's connection from its first byte to its last: TLS or not, then one request after another.

mod accept;
mod answer;
mod client_certificate;
mod http2;
mod http_connection;
mod proxy_protocol;
mod request_head;
mod selection;
mod server_names;
mod subrequest;

pub(crate) use accept::serve;
