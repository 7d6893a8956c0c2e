//! Connections as they are on the wire: what passes is written down in the journal.

mod connection;
mod http2;
mod raw;
mod stream;
mod tls;
mod watcher;

pub use connection::StopMode;
pub(crate) use connection::{Connection, Registry};
pub(crate) use http2::{RecordedBody, RefusedStream, set_host};
pub(crate) use raw::RawResponse;
pub(crate) use stream::JournaledStream;
