use bytes::Bytes;

/// A response for which hyper has no words: written as it is, whereupon the connection is closed.
#[derive(Clone, Debug)]
pub(crate) struct RawResponse(pub(crate) Bytes);
