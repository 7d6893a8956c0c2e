//! `ssl_…` directives.

use std::collections::HashMap;
use std::time::Duration;

use crate::error::ConfigError;
use crate::model::VerifyClient;
use crate::tls::SessionCache;

/// What the `ssl_…` directives of a level say.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub(crate) struct SslSettings {
    /// `ssl`, and an error about it.
    pub on: Option<(bool, ConfigError)>,
    pub certificates: Vec<DeferredWord>,
    pub keys: Vec<DeferredWord>,
    pub protocols: Option<Protocols>,
    pub ciphers: Option<DeferredWord>,
    pub prefer_server_ciphers: Option<bool>,
    pub curves: Option<DeferredWord>,
    pub dhparam: Option<DeferredWord>,
    /// `ssl_verify_client`, and an error about it.
    pub verify_client: Option<(VerifyClient, ConfigError)>,
    pub verify_depth: Option<usize>,
    pub client_certificate: Option<DeferredWord>,
    pub crl: Option<DeferredWord>,
    pub trusted: Option<DeferredWord>,
    /// `ssl_session_cache`; `Some(None)` for `off` and `none`.
    pub cache: Option<Option<SessionCache>>,
    pub tickets: Option<bool>,
    pub timeout: Option<Duration>,
    pub reject_handshake: Option<bool>,
    pub stapling: Option<bool>,
    pub stapling_verify: Option<bool>,
    pub buffer_size: Option<usize>,
}

/// A word that can be judged only when all levels are known.
#[derive(Debug, Clone)]
pub(crate) struct DeferredWord {
    /// The word.
    pub text: String,
    /// An error about it, its message still empty.
    pub error: ConfigError,
}

/// `ssl_protocols` and `proxy_ssl_protocols`.
#[derive(Debug, Clone)]
pub(crate) struct Protocols {
    /// Their names.
    pub names: Vec<String>,
    /// An error about them, its message still empty.
    pub error: ConfigError,
}

/// The zones of `ssl_session_cache shared:…`: size in bytes and sessions, by name.
pub(crate) type SharedCaches = HashMap<String, (usize, SessionCache)>;
