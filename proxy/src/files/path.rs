//! From URIs to file names, and from URIs back to what a `Location` may say.

use crate::config::model::Root;
use crate::http::variables::Variables;

/// The file that a normalised URI stands for: `$request_filename`.
pub(super) fn file_name(root: &Root, uri: &[u8], variables: &dyn Variables) -> Vec<u8> {
    let mut name = Vec::with_capacity(uri.len() + 64);
    variables.evaluate_into(&root.path, &mut name);
    name.extend_from_slice(below(root, uri));
    name
}

/// The part of the URI that is appended to the directory: all of it below `root`, what follows the location's name
/// below `alias`, nothing where a regular expression's `alias` is the whole name.
pub(super) fn below<'a>(root: &Root, uri: &'a [u8]) -> &'a [u8] {
    match (root.alias, root.alias_prefix) {
        (false, _) => uri,
        (true, 0) => b"",
        (true, prefix) => uri.get(prefix..).unwrap_or_default(),
    }
}

/// Appends a normalised URI, encoded for a `Location` as nginx does (`NGX_ESCAPE_URI`).
pub(super) fn escape_uri(uri: &[u8], out: &mut Vec<u8>) {
    for &byte in uri {
        match byte {
            ..=b' '
            | b'"'
            | b'#'
            | b'%'
            | b'<'
            | b'>'
            | b'?'
            | b'\\'
            | b'^'
            | b'`'
            | b'{'
            | b'|'
            | b'}'
            | 0x7f.. => {
                let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 };
                out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_header_is_encoded_as_nginx_encodes_it() {
        let mut out = Vec::new();
        escape_uri("/q?\"<>#%\\^`{|}é a&=+;:@!$'()*,~[]-._".as_bytes(), &mut out);
        let wanted = "/q%3F%22%3C%3E%23%25%5C%5E%60%7B%7C%7D%C3%A9%20a&=+;:@!$'()*,~[]-._";
        assert_eq!(String::from_utf8_lossy(&out), wanted);
    }
}
