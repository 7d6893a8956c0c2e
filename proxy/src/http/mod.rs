//! HTTP/1.1 as nginx speaks it.

pub mod message;
pub mod variables;
