//! Requests as they arrive.

pub mod head;
mod host;
pub(crate) mod scan;
