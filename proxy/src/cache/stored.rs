//! An answer as it is kept, and what it is kept under.

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::message::Headers;
use crate::wire::Framing;

/// What an answer is kept under: MD5, as nginx's files are named.
pub(crate) type Key = [u8; 16];

/// An answer of an app server: what a file of nginx's cache has in it.
#[derive(Debug, Clone)]
pub(crate) struct StoredResponse {
    /// The status code.
    pub(crate) status: u16,
    /// Status code and reason as received.
    pub(crate) status_text: Vec<u8>,
    /// How the body was framed, which is how it is framed for clients, too.
    pub(crate) framing: Framing,
    /// The fields as received.
    pub(crate) fields: Headers,
    /// The body.
    pub(crate) body: Bytes,
    /// The last second in which it is fresh.
    pub(crate) valid: u64,
    /// For how many seconds after that it may be given while it is renewed: `stale-while-revalidate`.
    pub(crate) updating: u64,
    /// The same while app servers fail: `stale-if-error`.
    pub(crate) error: u64,
    /// `Vary`, and the variant of the request that it answered.
    pub(crate) vary: Option<(Vec<u8>, Key)>,
}

impl StoredResponse {
    /// Whether the body is there, if there is one.
    pub(crate) fn is_whole(&self) -> bool {
        !matches!(self.framing, Framing::Length(length) if length != self.body.len() as u64)
            || matches!(self.status, 204 | 304)
    }

    /// How much room it takes.
    pub(super) fn size(&self) -> u64 {
        let text: usize = self.fields.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        (text + self.status_text.len() + self.body.len()) as u64
    }
}

/// Which of the answers of a key is meant for a request, by the fields that `Vary` names: `ngx_http_file_cache_vary`.
pub(crate) fn variant(key: &Key, vary: &[u8], request: &Headers) -> Key {
    let mut hash = Md5::new().chain_update(key);
    let names = vary.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
    for name in names {
        let name = name.to_ascii_lowercase();
        hash.update(&name);
        hash.update(b":");
        let values = request.iter().filter(|(field, _)| field.eq_ignore_ascii_case(&name));
        let items = values.flat_map(|(_, value)| value.split(|&byte| byte == b','));
        let items: Vec<&[u8]> = items.map(<[u8]>::trim_ascii).collect();
        hash.update(items.join(&b','));
        hash.update(b"\n");
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_with_the_same_fields_get_the_same_variant() {
        let of = |fields: &[(&str, &str)]| {
            let mut headers = Headers::new();
            fields.iter().for_each(|(name, value)| headers.push(name, value));
            variant(&[0; 16], b"Accept-Language, X-A", &headers)
        };
        assert_eq!(of(&[("accept-language", "de, en")]), of(&[("Accept-Language", "de,en"), ("X-B", "1")]));
        assert_eq!(of(&[("X-A", "1, 2")]), of(&[("X-A", "1"), ("X-A", "2")]));
        assert_ne!(of(&[("Accept-Language", "de")]), of(&[("X-A", "de")]));
        assert_ne!(of(&[("Accept-Language", "de")]), of(&[]));
    }
}
