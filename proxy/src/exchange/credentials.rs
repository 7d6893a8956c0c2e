//! Name and password of `Authorization: Basic …`.

use crate::message::Headers;
use crate::text;

/// A name and a password; the name is not empty.
pub(crate) struct Credentials {
    pub(crate) user: Vec<u8>,
    pub(crate) password: Vec<u8>,
}

impl Credentials {
    /// Those of a request, if it has some: `ngx_http_auth_basic_user`.
    pub(crate) fn of(headers: &Headers) -> Option<Credentials> {
        let value = headers.get("Authorization")?;
        let (scheme, encoded) = value.split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case(b"Basic ") {
            return None;
        }
        let decoded = text::base64(encoded.trim_ascii())?;
        let colon = decoded.iter().position(|&byte| byte == b':').filter(|colon| *colon > 0)?;
        let (user, password) = decoded.split_at_checked(colon)?;
        Some(Credentials { user: user.to_vec(), password: password.get(1..)?.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_what_stands_before_the_colon() {
        let found = |value: &str| {
            let mut headers = Headers::new();
            headers.push("Authorization", value);
            Credentials::of(&headers).map(|found| (found.user, found.password))
        };
        assert_eq!(found("basic YWxpY2U6c2VjcmV0"), Some((b"alice".to_vec(), b"secret".to_vec())));
        assert_eq!(
            (found("Bearer YWxpY2U6c2VjcmV0"), found("Basic OnNlY3JldA=="), found("Basic YWxpY2U=")),
            (None, None, None)
        );
    }
}
