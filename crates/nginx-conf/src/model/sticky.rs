//! `sticky`: requests of a session go to the same server.

use crate::template::Template;

/// How the server of a session is known.
#[derive(Debug, Clone)]
pub enum Sticky {
    /// `sticky cookie`: by a cookie that the client is given.
    Cookie(StickyCookie),
    /// `sticky route`: by the first of these that is not empty.
    Route(Vec<Template>),
}

/// The cookie of `sticky cookie`.
#[derive(Debug, Clone, Default)]
pub struct StickyCookie {
    /// Its name.
    pub name: String,
    /// `expires=`, in seconds; `None` for as long as the browser lives.
    pub expires: Option<StickyExpires>,
    /// `domain=`.
    pub domain: Option<Template>,
    /// `path=`.
    pub path: Option<Template>,
    /// `secure`.
    pub secure: bool,
    /// `httponly`.
    pub http_only: bool,
    /// `samesite=`.
    pub same_site: Option<String>,
}

/// How long a cookie is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StickyExpires {
    /// `max`.
    Max,
    /// So many seconds.
    Seconds(u64),
}
