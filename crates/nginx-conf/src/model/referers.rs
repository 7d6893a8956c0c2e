//! `valid_referers`: pages that may lead here.

use std::collections::HashMap;

use super::{Pattern, WildcardNames};

/// `valid_referers`.
#[derive(Debug, Clone)]
pub struct Referers {
    /// `none`: a request without `Referer` is valid.
    pub none: bool,
    /// `blocked`: so is one whose `Referer` is no URL.
    pub blocked: bool,
    /// Lower-case hosts, each with what its path must begin with.
    pub exact: HashMap<Vec<u8>, String>,
    /// The same for `*.example.com` and `www.*`.
    pub wildcards: WildcardNames<String>,
    /// The expressions of `server_name`, by `server_names`: for the host alone.
    pub server_names: Vec<Pattern>,
    /// `~…`: for what follows the scheme.
    pub patterns: Vec<Pattern>,
}
