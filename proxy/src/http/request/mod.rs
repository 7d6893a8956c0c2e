//! Requests as they arrive.

pub(crate) mod arriving;
pub mod head;
pub(crate) mod host;
pub(crate) mod scan;
