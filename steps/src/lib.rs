//! hopcheck
