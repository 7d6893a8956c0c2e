//! For how long an answer may be kept, by its own fields.

use crate::message::{Headers, date};
use nginx_conf::model::IgnoreHeaders;

/// The longest `Vary`.
const MAX_VARY: usize = 128;

/// What the fields of an answer say about keeping it. As in nginx 1.22, it depends on their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// Nothing forbids to keep it.
    pub(crate) is_cacheable: bool,
    /// The last second in which it is fresh; 0 if they do not say.
    pub(crate) valid: u64,
    /// `stale-while-revalidate`.
    pub(crate) updating: u64,
    /// `stale-if-error`.
    pub(crate) error: u64,
    /// `Vary`.
    pub(crate) vary: Option<Vec<u8>>,
}

impl Freshness {
    /// Of an answer that has arrived now.
    pub(crate) fn of(fields: &Headers, ignore: &IgnoreHeaders, now: u64) -> Freshness {
        let mut freshness = Freshness { is_cacheable: true, ..Freshness::default() };
        // `X-Accel-Expires` has said it already.
        let mut is_said = false;
        for (name, value) in fields.iter() {
            match &name.to_ascii_lowercase()[..] {
                b"cache-control" if !ignore.cache_control && !is_said => {
                    freshness.cache_control(value, now);
                }
                b"expires" if !ignore.expires && freshness.valid == 0 => {
                    match date::parse(value).filter(|expires| *expires >= now) {
                        Some(expires) => freshness.valid = expires,
                        None => freshness.is_cacheable = false,
                    }
                }
                b"x-accel-expires" if !ignore.accel_expires => {
                    freshness.accel_expires(value, now);
                    is_said = freshness.valid > 0;
                }
                b"set-cookie" if !ignore.set_cookie => freshness.is_cacheable = false,
                b"vary" if !ignore.vary => {
                    freshness.is_cacheable &= value.len() <= MAX_VARY && value != b"*";
                    freshness.vary = Some(value.to_vec());
                }
                _ => {}
            }
        }
        freshness
    }

    /// `ngx_http_upstream_process_cache_control`.
    fn cache_control(&mut self, value: &[u8], now: u64) {
        let value = value.to_ascii_lowercase();
        let has = |word: &str| memchr::memmem::find(&value, word.as_bytes()).is_some();
        if has("no-cache") || has("no-store") || has("private") {
            self.is_cacheable = false;
            return;
        }
        match seconds(&value, "s-maxage=").or_else(|| seconds(&value, "max-age=")) {
            None => {}
            Some(Some(age)) if age > 0 => self.valid = now.saturating_add(age),
            Some(_) => {
                self.is_cacheable = false;
                return;
            }
        }
        for (word, both) in [("stale-while-revalidate=", true), ("stale-if-error=", false)] {
            match seconds(&value, word) {
                None => {}
                Some(None) => {
                    self.is_cacheable = false;
                    return;
                }
                Some(Some(time)) => {
                    self.error = time;
                    self.updating = if both { time } else { self.updating };
                }
            }
        }
    }

    /// `ngx_http_upstream_process_accel_expires`: seconds, or a time after `@`.
    fn accel_expires(&mut self, value: &[u8], now: u64) {
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u32>().ok().map(u64::from);
        match value.strip_prefix(b"@") {
            Some(time) => self.valid = number(time).unwrap_or(self.valid),
            None => match number(value) {
                Some(0) => self.is_cacheable = false,
                Some(time) => self.valid = now.saturating_add(time),
                None => {}
            },
        }
    }
}

/// The number after a word, if the word is there; `None` if it is no number.
fn seconds(value: &[u8], word: &str) -> Option<Option<u64>> {
    let start = memchr::memmem::find(value, word.as_bytes())? + word.len();
    let rest = value.get(start..).unwrap_or_default();
    let end = rest.iter().position(|byte| b",; ".contains(byte)).unwrap_or(rest.len());
    let digits = rest.get(..end).unwrap_or_default();
    let is_number = digits.iter().all(u8::is_ascii_digit);
    let add = |number: u64, digit: &u8| number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(is_number.then(|| digits.iter().fold(0, add)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn of(fields: &[(&str, &str)], ignore: IgnoreHeaders) -> Option<(u64, u64, u64)> {
        let mut headers = Headers::new();
        fields.iter().for_each(|(name, value)| headers.push(name, value));
        let found = Freshness::of(&headers, &ignore, NOW);
        found.is_cacheable.then(|| (found.valid.saturating_sub(NOW), found.updating, found.error))
    }

    #[test]
    fn what_answers_say_about_themselves() {
        for (fields, expected) in [
            (&[][..], Some((0, 0, 0))),
            (&[("Cache-Control", "public, MAX-AGE=60")], Some((60, 0, 0))),
            (&[("Cache-Control", "max-age=60, s-maxage=5")], Some((5, 0, 0))),
            (&[("Cache-Control", "max-age=60; stale-while-revalidate=9,stale-if-error=7")], Some((60, 9, 7))),
            (&[("Cache-Control", "stale-while-revalidate=9")], Some((0, 9, 9))),
            (&[("Cache-Control", "max-age=0")], None),
            (&[("Cache-Control", "max-age=x")], None),
            (&[("Cache-Control", "max-age=60, no-store")], None),
            (&[("Cache-Control", "max-age=60"), ("Cache-Control", "private")], None),
            (&[("Expires", "Tue, 14 Nov 2023 22:13:21 GMT")], Some((1, 0, 0))),
            (&[("Expires", "Tue, 14 Nov 2023 22:13:19 GMT")], None),
            (&[("Expires", "0"), ("Cache-Control", "max-age=60")], None),
            (&[("Cache-Control", "max-age=60"), ("Expires", "0")], Some((60, 0, 0))),
            (&[("X-Accel-Expires", "9"), ("Cache-Control", "no-cache")], Some((9, 0, 0))),
            (&[("X-Accel-Expires", "@1700000007")], Some((7, 0, 0))),
            (&[("X-Accel-Expires", "0")], None),
            (&[("X-Accel-Expires", "soon")], Some((0, 0, 0))),
            (&[("Cache-Control", "max-age=60"), ("Set-Cookie", "a=b")], None),
            (&[("Vary", "*")], None),
        ] {
            assert_eq!(of(fields, IgnoreHeaders::default()), expected, "{fields:?}");
        }
    }

    #[test]
    fn what_is_ignored_says_nothing() {
        let ignore = IgnoreHeaders {
            accel_redirect: true,
            accel_expires: true,
            accel_buffering: true,
            accel_limit_rate: true,
            accel_charset: true,
            expires: true,
            cache_control: true,
            set_cookie: true,
            vary: true,
        };
        let fields = [
            ("Cache-Control", "private"),
            ("Expires", "0"),
            ("X-Accel-Expires", "0"),
            ("Set-Cookie", "a=b"),
            ("Vary", "*"),
        ];
        assert_eq!(of(&fields, ignore), Some((0, 0, 0)));
    }
}
