//! Bytes on a connection: buffers, framing (RFC 9112 §6 and §7) and deadlines, the same towards clients and app servers.
//!
//! This is our own code over sockets rather than an HTTP library's server, since agreeing with nginx byte for byte
//! needs what such a library keeps to itself: the request line as it came (for `$request` and the URI sent on), the
//! order and case of fields, the size of each line, what was read beyond a message, and when a connection that is
//! still being written to may be closed. Header fields are parsed by `httparse`.

pub(crate) mod buffer;
pub(crate) mod chunked;
pub(crate) mod deadline;
pub(crate) mod reader;
pub(crate) mod stream;
pub(crate) mod writer;

pub(crate) use buffer::Buffer;
pub(crate) use deadline::Deadline;
pub(crate) use reader::{BodyError, BodyReader, Framing};
pub(crate) use stream::{Stream, peek};
pub(crate) use writer::MessageWriter;
