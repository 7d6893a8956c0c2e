//! HTTP messages: requests as clients send them, header fields, and the responses that the proxy makes itself.

pub(crate) mod conditional;
pub(crate) mod date;
pub(crate) mod grammar;
mod headers;
pub(crate) mod proxy_protocol;
pub(crate) mod range;
pub(crate) mod request;
mod response;
pub(crate) mod status;

pub(crate) use headers::Headers;
pub(crate) use response::{Body, Piece, Pieces, Response};
