//! `valid_referers`.

use crate::model::Pattern;
use crate::read::host_names::HostNames;

/// What the `valid_referers` of a level say.
#[derive(Debug, Clone, Default)]
pub(crate) struct RefererSettings {
    /// `none`.
    pub none: bool,
    /// `blocked`.
    pub blocked: bool,
    /// `server_names`.
    pub server_names: bool,
    /// Hosts, each with what its path must begin with.
    pub names: HostNames<String>,
    /// `~…`.
    pub patterns: Vec<Pattern>,
}
