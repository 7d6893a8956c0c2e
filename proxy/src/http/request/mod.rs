//! Requests as they arrive.

pub(crate) mod arriving;
pub(crate) mod grammar;
pub mod head;
pub(crate) mod host;
pub mod refusal;
pub(crate) mod scan;
