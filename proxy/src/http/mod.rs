//! HTTP/1.1 as nginx speaks it.

pub mod head;
pub(crate) mod host;
pub mod locate;
pub mod message;
pub mod uri;
pub mod variables;
pub(crate) mod wire;
