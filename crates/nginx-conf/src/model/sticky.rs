//! `sticky`: requests of a session go to the same server.

use std::time::Duration;

use crate::template::Template;

/// How the server of a session is known.
#[derive(Debug, Clone)]
pub enum Sticky {
    /// `sticky cookie`: by a cookie that the client is given.
    Cookie(StickyCookie),
    /// `sticky route`: by the first of these that is not empty.
    Route(Vec<Template>),
    /// `sticky learn`: by what app servers have answered.
    Learn(StickyLearn),
}

/// The sessions of `sticky learn`.
#[derive(Debug, Clone)]
pub struct StickyLearn {
    /// `create=`: the first of these that is not empty names a new session.
    pub create: Vec<Template>,
    /// `lookup=`: the first of these that is not empty names the one that a request belongs to.
    pub lookup: Vec<Template>,
    /// `zone=`: its name.
    pub zone: String,
    /// How many bytes of memory nginx would take for it.
    pub size: usize,
    /// `timeout=`: how long a session is known that is not used.
    pub timeout: Duration,
    /// `header`: whether a session is known as soon as the head of an answer has come, not when it was passed on.
    pub at_head: bool,
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
