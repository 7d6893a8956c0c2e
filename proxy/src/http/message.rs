//! Header fields and responses as they pass through the proxy: order, case and bytes kept.

use bytes::Bytes;

/// Header fields in the order and case in which they came.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    fields: Vec<(Bytes, Bytes)>,
}

impl Headers {
    /// None yet.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// Adds a field after the others.
    pub fn push(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.fields.push((name.into(), value.into()));
    }

    /// The first field of that name, compared without case.
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }

    /// Every field of that name, compared without case.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Bytes> + use<'a> {
        self.fields.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.fields.iter().map(|(n, v)| (n, v))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Keeps the fields for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&Bytes, &Bytes) -> bool) {
        self.fields.retain(|(n, v)| keep(n, v));
    }
}

/// A response made by the proxy itself (not one relayed from an app server). `Server`, `Date`, `Connection` and
/// `Content-Length` are written by the connection, in nginx's order; `headers` holds the others.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// `Content-Type`, if the response has one.
    pub content_type: Option<String>,
    /// `Last-Modified`, in seconds since the epoch.
    pub last_modified: Option<u64>,
    /// `Location`, not yet made absolute: a path starting with `/` becomes `http://host[:port]/…` as nginx does
    /// (`absolute_redirect on`).
    pub location: Option<Bytes>,
    /// `ETag`, `Accept-Ranges`, `Content-Range` and the like, in order.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

/// The body of a [`Response`]; its length is always known.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// Text in memory.
    Bytes(Bytes),
    /// Pieces of a file with text between them: one range of it, or a `multipart/byteranges`.
    File {
        /// The open file.
        file: std::fs::File,
        /// What is sent, in order.
        pieces: Vec<Piece>,
    },
}

/// A piece of a [`Body::File`].
#[derive(Debug, Clone)]
pub enum Piece {
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

impl Body {
    /// Bytes of the whole body.
    pub fn len(&self) -> u64 {
        match self {
            Body::Empty => 0,
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File { pieces, .. } => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::File { length, .. } => *length,
                    Piece::Text(text) => text.len() as u64,
                })
                .sum(),
        }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Response {
    /// A response with nothing but a status.
    pub fn new(status: u16) -> Response {
        Response {
            status,
            content_type: None,
            last_modified: None,
            location: None,
            headers: Headers::new(),
            body: Body::Empty,
        }
    }
}
