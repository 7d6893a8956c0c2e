//! `secure_link…`: links that only somebody who knows a secret can make.

use crate::template::Template;

/// How links are checked.
#[derive(Debug, Clone, Default)]
pub struct SecureLink {
    /// `secure_link`: the hash of a link, and when it expires.
    pub link: Option<Template>,
    /// `secure_link_md5`: what the hash is of.
    pub md5: Option<Template>,
    /// `secure_link_secret`, in place of both.
    pub secret: Option<String>,
}
