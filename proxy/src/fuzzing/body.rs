//! Bodies of responses on their way through `gunzip`, `sub_filter` and `gzip`.

use super::PIECE_SIZES;
use crate::response::checks;

/// The pieces of a body make no difference to what is made of it.
///
/// The input is texts and their replacements and the body, with zero bytes between them; a first byte that is odd stands for
/// `sub_filter_once`.
pub fn body(input: &[u8]) {
    let Some((&first, rest)) = input.split_first() else { return };
    checks::unpacks(rest, &PIECE_SIZES);
    let mut parts: Vec<&[u8]> = rest.splitn(5, |&byte| byte == 0).collect();
    let body = parts.pop().unwrap_or_default();
    let rules = parts.chunks_exact(2).filter_map(|pair| match pair {
        [text, by] => Some((text.to_vec(), by.to_vec())),
        _ => None,
    });
    checks::replaces(&rules.collect(), first % 2 == 1, body, &PIECE_SIZES);
}
