//! What must hold for the filters, whatever the body.

use std::io;

use super::sub_body::SubBody;
use super::{BodyFilters, MAX_OUTPUT};

/// Texts and their replacements.
type Rules = Vec<(Vec<u8>, Vec<u8>)>;

/// What comes out of a body that arrives in pieces, and the most that was ever ready to be sent.
pub(super) fn run(mut filters: BodyFilters, body: &[u8], piece: usize) -> io::Result<(Vec<u8>, usize)> {
    let (mut out, mut most) = (Vec::new(), 0);
    let mut pieces = body.chunks(piece.min(body.len().max(1)));
    let mut rest: &[u8] = &[];
    while !filters.is_finished() {
        if rest.is_empty() {
            rest = pieces.next().unwrap_or_default();
        }
        match rest {
            [] => filters.finish()?,
            data => rest = data.get(filters.push(data, data.len() % 2 == 0)?..).unwrap_or_default(),
        }
        let count = filters.output().len();
        most = most.max(count);
        out.extend_from_slice(filters.output());
        filters.consume(count);
    }
    Ok((out, most))
}

/// Asserts that texts are replaced as if the whole body were there, and that packing and unpacking changes nothing.
#[allow(clippy::missing_panics_doc)]
pub(crate) fn replaces(rules: &Rules, once: bool, body: &[u8], pieces: &[usize]) {
    let sub = || Some(SubBody::of(rules.clone(), once));
    let longest = rules.iter().map(|(_, by)| by.len()).max().unwrap_or(0);
    let expected = replaced(rules.clone(), once, body);
    for &piece in pieces {
        let (out, most) = run(BodyFilters::of(false, sub(), None), body, piece).expect("nothing is unpacked");
        assert!(out == expected, "{:?} in pieces of {piece}", out.escape_ascii().to_string());
        assert!(most <= 2 * MAX_OUTPUT + longest, "{most} bytes are ready");
        let (packed, _) = run(BodyFilters::of(false, sub(), Some(1)), body, piece).expect("the same");
        let (out, _) = run(BodyFilters::of(true, None, None), &packed, piece).expect("it was packed here");
        assert!(out == expected, "{:?} packed and unpacked", out.escape_ascii().to_string());
    }
}

/// Asserts that what a body unpacks to does not depend on how it arrives.
pub(crate) fn unpacks(body: &[u8], pieces: &[usize]) {
    let unpacked = |piece| run(BodyFilters::of(true, None, None), body, piece).map(|(out, _)| out).ok();
    let whole = unpacked(usize::MAX);
    for &piece in pieces {
        assert!(unpacked(piece) == whole, "in pieces of {piece}");
    }
}

/// The same as [`SubBody`] makes of a body, in the simplest way.
fn replaced(mut rules: Rules, once: bool, body: &[u8]) -> Vec<u8> {
    rules.retain(|(text, _)| !text.is_empty());
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let begins =
            |text: &[u8]| rest.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
        match rules.iter().position(|(text, _)| begins(text)) {
            Some(index) => {
                let (text, by) = rules.get(index).cloned().unwrap_or_default();
                out.extend(by);
                at += text.len();
                if once {
                    rules.remove(index);
                }
            }
            None => {
                out.extend(rest.first());
                at += 1;
            }
        }
    }
    out
}
