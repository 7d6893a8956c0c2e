//! Origins, which browsers compare letter by letter.

/// Whether `text` is an origin as browsers send it: scheme, host, and a port if there is one (RFC 6454 §6.2).
pub fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]_".contains(c);
    is_scheme && !authority.is_empty() && authority.chars().all(is_host)
}

/// Whether browsers let a page read what says so in `Access-Control-Allow-Origin`: every page, one of an opaque origin, or one.
pub(crate) fn is_allowable(value: &str) -> bool {
    matches!(value, "*" | "null") || is_origin(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_an_authority_and_nothing_else() {
        for (text, is) in [
            ("https://shop.example.com", true),
            ("http://localhost:3000", true),
            ("capacitor://localhost", true),
            ("http://[::1]:8080", true),
            ("https://shop.example.com/", false),
            ("https://*.example.com", false),
            ("https://a.example https://b.example", false),
            ("https://a.example,https://b.example", false),
            ("shop.example.com", false),
            ("https://", false),
        ] {
            assert_eq!(is_origin(text), is, "{text}");
        }
    }
}
