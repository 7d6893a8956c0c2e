//! `proxy_ssl_…` directives.

use super::ssl::{DeferredWord, Protocols};
use crate::error::ConfigError;
use crate::template::Template;

/// What the `proxy_ssl_…` directives of a level say.
#[derive(Debug, Default, Clone)]
#[allow(missing_docs)]
pub(crate) struct ProxySslSettings {
    pub server_name: Option<bool>,
    pub name: Option<Template>,
    /// With an error about it.
    pub verify: Option<(bool, ConfigError)>,
    pub verify_depth: Option<usize>,
    pub trusted: Option<DeferredWord>,
    pub crl: Option<DeferredWord>,
    /// An empty word takes away what would be inherited.
    pub certificate: Option<DeferredWord>,
    pub key: Option<DeferredWord>,
    pub protocols: Option<Protocols>,
    pub ciphers: Option<DeferredWord>,
    pub session_reuse: Option<bool>,
}
