//! Responses that the proxy makes itself.

use std::ops::Deref;

use bytes::Bytes;

use super::headers::Headers;

/// A response that the proxy makes itself, not one of an app server. `Server`, `Date`, `Connection` and
/// `Content-Length` are added when it is sent.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status code.
    pub(crate) status: u16,
    /// `Content-Type`, if the response has one.
    pub(crate) content_type: Option<String>,
    /// `Last-Modified`, in seconds since the epoch.
    pub(crate) last_modified: Option<u64>,
    /// `Location`. A path that starts with `/` is made absolute when the response is sent (`absolute_redirect on`).
    pub(crate) location: Option<Bytes>,
    /// `ETag`, `Accept-Ranges`, `Content-Range` and the like, in order.
    pub(crate) headers: Headers,
    /// The body.
    pub(crate) body: Body,
    /// Of a part of a file, the response with all of it, which is sent if its body is changed on its way.
    pub(crate) whole: Option<Box<Response>>,
}

/// The body of a [`Response`].
#[derive(Debug)]
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// Text in memory.
    Bytes(Bytes),
    /// Text that is written after the head, which does not tell its length.
    Generated(Bytes),
    /// Pieces of a file, with text between them for `multipart/byteranges`.
    File {
        /// The open file.
        file: std::fs::File,
        /// The pieces, in order.
        pieces: Pieces,
    },
}

/// Pieces of a file, in order. One of them, as most responses have, costs no allocation.
#[derive(Debug)]
pub(crate) enum Pieces {
    /// A single one.
    One(Piece),
    /// Any number.
    Many(Vec<Piece>),
}

/// A piece of a [`Body::File`].
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// `length` bytes of the file from `offset`.
    File {
        /// First byte.
        offset: u64,
        /// How many bytes.
        length: u64,
    },
    /// Text between two ranges.
    Text(Bytes),
}

impl Deref for Pieces {
    type Target = [Piece];

    fn deref(&self) -> &[Piece] {
        match self {
            Pieces::One(piece) => std::slice::from_ref(piece),
            Pieces::Many(pieces) => pieces,
        }
    }
}

impl Piece {
    /// The length in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Piece::File { length, .. } => *length,
            Piece::Text(text) => text.len() as u64,
        }
    }
}

impl Body {
    /// The length in bytes, if the head tells it.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Body::Empty => Some(0),
            Body::Bytes(bytes) => Some(bytes.len() as u64),
            Body::Generated(_) => None,
            Body::File { pieces, .. } => Some(pieces.iter().map(Piece::len).sum()),
        }
    }
}

impl Response {
    /// An empty response.
    pub(crate) fn new(status: u16) -> Response {
        Response {
            status,
            content_type: None,
            last_modified: None,
            location: None,
            headers: Headers::new(),
            body: Body::Empty,
            whole: None,
        }
    }
}
