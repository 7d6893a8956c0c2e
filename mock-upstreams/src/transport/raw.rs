use bytes::Bytes;

/// A response that hyper cannot express: it is written as it is, then the connection is closed.
#[derive(Clone, Debug)]
pub(crate) struct RawResponse(pub(crate) Bytes);
