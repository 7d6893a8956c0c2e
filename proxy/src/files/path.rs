//! From URIs to file names, and from URIs back to what a `Location` may say.

use crate::http::text;
use crate::http::variables::Variables;
use nginx_conf::model::Root;

/// Appends the directory that URIs are looked up in: `$document_root`.
pub(crate) fn directory(root: &Root, variables: &dyn Variables, out: &mut Vec<u8>) {
    let start = out.len();
    variables.evaluate_into(&root.path, out);
    if let Some(prefix) = &root.prefix
        && out.get(start) != Some(&b'/')
    {
        out.splice(start..start, prefix.bytes());
    }
}

/// Appends the file that a normalised URI stands for: `$request_filename`.
pub(crate) fn file_name(
    root: &Root,
    uri: &[u8],
    add_uri_to_alias: bool,
    variables: &dyn Variables,
    out: &mut Vec<u8>,
) {
    directory(root, variables, out);
    out.extend_from_slice(below(root, uri, add_uri_to_alias));
}

/// The part of the URI that is appended to the directory: all of it below `root`, what follows the location's name
/// below `alias`, nothing where a regular expression's `alias` is the whole name, unless `try_files` has put the rest of
/// that name into the URI.
fn below<'a>(root: &Root, uri: &'a [u8], add_uri_to_alias: bool) -> &'a [u8] {
    match (root.alias, root.alias_prefix) {
        (false, _) => uri,
        (true, 0) if !add_uri_to_alias => b"",
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
                out.push(b'%');
                text::hex_pair(out, byte);
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
