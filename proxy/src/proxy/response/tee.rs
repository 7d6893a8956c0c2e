//! A copy of a response's body, on its way to a cache.

use bytes::Bytes;

use crate::cache::MAX_STORED_BODY;

/// The bytes so far, unless there are too many of them.
#[derive(Debug, Default)]
pub(crate) struct Tee {
    bytes: Vec<u8>,
    is_too_long: bool,
}

impl Tee {
    /// Copies some more.
    pub(crate) fn push(&mut self, data: &[u8]) {
        self.is_too_long |= self.bytes.len() + data.len() > MAX_STORED_BODY;
        if self.is_too_long {
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(data);
        }
    }

    /// All of them, if they were few enough.
    pub(crate) fn into_bytes(self) -> Option<Bytes> {
        (!self.is_too_long).then(|| self.bytes.into())
    }
}
