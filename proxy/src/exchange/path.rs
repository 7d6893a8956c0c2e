//! From URIs to file names: `root` and `alias`.

use crate::variables::Variables;
use nginx_conf::model::Root;

/// Appends the directory of `root` or `alias`: `$document_root`.
pub(crate) fn directory(root: &Root, variables: &dyn Variables, out: &mut Vec<u8>) {
    let start = out.len();
    variables.evaluate_into(&root.path, out);
    if let Some(prefix) = &root.prefix
        && out.get(start) != Some(&b'/')
    {
        out.splice(start..start, prefix.bytes());
    }
}

/// Appends the name of a URI's file: `$request_filename`.
pub(crate) fn file_name(
    root: &Root,
    uri: &[u8],
    add_uri_to_alias: bool,
    variables: &dyn Variables,
    out: &mut Vec<u8>,
) {
    directory(root, variables, out);
    out.extend_from_slice(uri_suffix(root, uri, add_uri_to_alias));
}

/// The part of the URI that is appended to the directory: all of it for `root`, what follows the location's name for
/// `alias`, nothing for `alias` in a regex location, unless `try_files` has put the rest of the name into the URI.
fn uri_suffix<'a>(root: &Root, uri: &'a [u8], add_uri_to_alias: bool) -> &'a [u8] {
    match (root.alias, root.alias_prefix) {
        (false, _) => uri,
        (true, 0) if !add_uri_to_alias => b"",
        (true, prefix) => uri.get(prefix..).unwrap_or_default(),
    }
}
