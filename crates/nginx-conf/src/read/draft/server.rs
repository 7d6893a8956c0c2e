//! `server` blocks.

use super::level::LevelId;
use crate::error::ConfigError;
use crate::model::Pattern;

/// A `server` block.
#[derive(Debug)]
pub(crate) struct ServerDraft {
    /// Its level.
    pub level: LevelId,
    /// Its names in order; empty for none.
    pub names: Vec<ServerName>,
    /// It has a `listen` of its own.
    pub listens: bool,
    /// An error about it, its message still to be set.
    pub error: ConfigError,
}

/// A `server_name`.
#[derive(Debug)]
pub(crate) struct ServerName {
    /// As written, in lower case unless it is an expression.
    pub text: String,
    /// `~…`, compiled.
    pub pattern: Option<Pattern>,
    /// An error about it, its message still to be set.
    pub error: ConfigError,
}
