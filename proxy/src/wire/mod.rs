//! Bytes on a connection: buffers, message framing (RFC 9112 §6 and §7) and deadlines, for clients and app servers
//! alike.
//!
//! This is our own code over sockets rather than hyper, since agreeing with nginx byte for byte needs what an HTTP
//! library keeps to itself: the request line as received (for `$request` and the URI passed on), the order and case of
//! fields, the size of each line, bytes read beyond a message, and when a connection that is still being written to may
//! be closed. Header fields are parsed by `httparse`. HTTP/2, whose frames leave nothing of that to be seen, is left to `h2`.

pub(crate) mod buffer;
pub(crate) mod chunked;
pub(crate) mod deadline;
pub(crate) mod reader;
pub(crate) mod silent;
pub(crate) mod stream;
pub(crate) mod writer;

pub(crate) use buffer::Buffer;
pub(crate) use deadline::Deadline;
pub(crate) use reader::{BodyError, BodyReader, Framing};
pub(crate) use silent::SilentStream;
pub(crate) use stream::{Stream, peek};
pub(crate) use writer::MessageWriter;
