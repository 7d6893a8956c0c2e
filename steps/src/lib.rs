//! hopcheck.

pub mod conf;
pub mod target;
