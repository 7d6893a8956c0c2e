//! What must not be seen in any output: the secrets of a profile, and the credentials that a site and its clients exchange.
//!
//! This is the one place that masks. Whatever is printed or written about a live site goes through [`Mask::text`]: secrets
//! that are known are replaced wherever they stand, others are known by the name before them. Names and attributes stay:
//!
//! ```
//! use hopcheck_site::Mask;
//!
//! let mask = Mask::of_credentials(["hunter2".to_owned()]);
//! assert_eq!(mask.text("Set-Cookie: sid=4f3c; Path=/; HttpOnly"), "Set-Cookie: sid=•••; Path=/; HttpOnly");
//! assert_eq!(mask.text("GET /me?access_token=abc&page=2, hunter2"), "GET /me?access_token=•••&page=2, •••");
//! ```

mod patterns;

use std::ops::Range;

/// The replacement of a secret.
const MASK: &str = "•••";

/// A credential that was seen is masked elsewhere, too, if it is this long: a shorter one may be any word.
const MIN_LEARNED_LENGTH: usize = 8;

/// What is masked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    /// The longest first, so that one that is part of another leaves no rest.
    secrets: Vec<String>,
    /// Whether credentials are known by the name before them.
    by_name: bool,
}

impl Mask {
    /// Masks these secrets, and nothing else.
    pub fn of_secrets(secrets: impl IntoIterator<Item = String>) -> Mask {
        let mut mask = Mask::default();
        mask.add(secrets);
        mask
    }

    /// Masks these secrets, and all credentials: `Authorization` (RFC 9110 §11.6.2) and `Proxy-Authorization`, `Cookie` and
    /// `Set-Cookie` (RFC 6265 §4), `passcode` of STOMP, tokens in queries and JSON, and those in URLs (RFC 3986 §3.2.1).
    pub fn of_credentials(secrets: impl IntoIterator<Item = String>) -> Mask {
        Mask { by_name: true, ..Mask::of_secrets(secrets) }
    }

    /// Masks `secrets`, too.
    fn add(&mut self, secrets: impl IntoIterator<Item = String>) {
        let is_new = |secret: &String| !secret.is_empty() && secret != MASK;
        self.secrets.extend(secrets.into_iter().filter(is_new));
        self.secrets.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        self.secrets.dedup();
    }

    /// Masks the secrets of `other`, too.
    pub fn add_secrets_of(&mut self, other: &Mask) {
        self.add(other.secrets.iter().cloned());
    }

    /// Masks the credentials that `text` names wherever else they stand, too.
    pub fn learn(&mut self, text: &str) {
        self.add(named(text, &patterns::in_messages()));
    }

    /// Masks what the `nginx.conf` in `text` has as credentials, such as `proxy_set_header Authorization "Basic …"`.
    pub fn learn_configuration(&mut self, text: &str) {
        self.add(named(text, &patterns::in_configurations()));
    }

    /// `text` without what must not be seen.
    pub fn text(&self, text: &str) -> String {
        let known = |text: String, secret: &String| match text.contains(secret) {
            true => text.replace(secret, MASK),
            false => text,
        };
        let text = self.secrets.iter().fold(text.to_owned(), known);
        match self.by_name {
            true => patterns::in_messages()
                .iter()
                .fold(text, |text, pattern| without(&text, pattern.credentials(&text))),
            false => text,
        }
    }

    /// Whether something of `text` must not be seen.
    pub fn hides(&self, text: &str) -> bool {
        self.text(text) != text
    }
}

/// The credentials that `text` names, if long enough to be known elsewhere.
fn named(text: &str, patterns: &[patterns::Pattern]) -> Vec<String> {
    let found = patterns.iter().flat_map(|pattern| pattern.credentials(text));
    let found = found.filter_map(|place| text.get(place));
    found
        .filter(|value| value.len() >= MIN_LEARNED_LENGTH && !value.contains(MASK))
        .map(str::to_owned)
        .collect()
}

/// `text` with the mask in these places, which are in order.
fn without(text: &str, places: Vec<Range<usize>>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        out.push_str(text.get(from..place.start).unwrap_or_default());
        out.push_str(MASK);
        from = place.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;
