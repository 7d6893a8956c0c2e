//! Range requests (RFC 9110 §14), as in nginx.

use std::cell::Cell;

use bytes::Bytes;

use super::date;
use super::{Headers, Piece};

/// The parts of a file to send.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ranges {
    /// All of it, with a 200: there is no valid `Range`.
    Whole,
    /// These, in the order of the request, with a 206. Never empty.
    Partial(Vec<Range>),
    /// Nothing, with a 416.
    Unsatisfiable,
}

/// Bytes from `start` up to but not including `end`; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    start: u64,
    end: u64,
}

impl Range {
    /// The value of `Content-Range`.
    pub(crate) fn content_range(&self, size: u64) -> String {
        format!("bytes {}-{}/{size}", self.start, self.end - 1)
    }

    /// The piece of the file.
    pub(crate) fn piece(&self) -> Piece {
        Piece::File { offset: self.start, length: self.end - self.start }
    }
}

/// Evaluates `Range` and `If-Range`; of more than `max_ranges` all is sent.
pub(crate) fn evaluate(
    headers: &Headers,
    size: u64,
    modified: u64,
    etag: Option<&str>,
    max_ranges: Option<u64>,
) -> Ranges {
    let asked = headers.get("range").filter(|_| max_ranges != Some(0));
    let Some(ranges) = asked.and_then(strip_unit) else { return Ranges::Whole };
    let current = match headers.get("if-range") {
        None => true,
        Some(tag) if tag.len() >= 2 && tag.ends_with(b"\"") => Some(tag) == etag.map(str::as_bytes),
        Some(since) => date::parse(since) == Some(modified),
    };
    if current { parse(ranges, size, max_ranges.unwrap_or(u64::MAX)) } else { Ranges::Whole }
}

/// What follows `bytes=`, if anything; other units are ignored.
fn strip_unit(value: &[u8]) -> Option<&[u8]> {
    let (unit, ranges) = value.split_at_checked(6)?;
    (unit.eq_ignore_ascii_case(b"bytes=") && !ranges.is_empty()).then_some(ranges)
}

/// One invalid range makes the whole list unsatisfiable; a range beyond the end is skipped; if the ranges add up to
/// more than the file, all of it is sent once.
fn parse(ranges: &[u8], size: u64, max_ranges: u64) -> Ranges {
    let mut found = Vec::new();
    let mut total: u64 = 0;
    for range in ranges.split(|&byte| byte == b',') {
        let Some((start, end)) = bounds(trim(range), size) else { return Ranges::Unsatisfiable };
        if start < end {
            found.push(Range { start, end });
            total = total.saturating_add(end - start);
            if found.len() as u64 > max_ranges {
                return Ranges::Whole;
            }
        } else if start == 0 {
            return Ranges::Whole;
        }
    }
    match found.is_empty() {
        true => Ranges::Unsatisfiable,
        false if total > size => Ranges::Whole,
        false => Ranges::Partial(found),
    }
}

/// Start and end of `1-2`, `1-` or `-2` in a file of this size. `None` for anything else.
fn bounds(range: &[u8], size: u64) -> Option<(u64, u64)> {
    let dash = range.iter().position(|&byte| byte == b'-')?;
    let (first, last) = range.split_at(dash);
    let (first, last) = (trim(first), last.get(1..)?);
    let last = if first.is_empty() { last } else { trim(last) };
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => Some((size.saturating_sub(offset(last)?), size)),
        (false, true) => Some((offset(first)?, size)),
        (false, false) => Some((offset(first)?, size.min(offset(last)?.saturating_add(1)))),
    }
}

/// Trims spaces; nginx does not trim tabs here.
fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| byte != b' ').unwrap_or(text.len());
    let end = text.iter().rposition(|&byte| byte != b' ').map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// A byte offset: decimal digits, at most nginx's signed 64 bits.
fn offset(digits: &[u8]) -> Option<u64> {
    let text =
        std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok())
}

/// Asserts that the ranges of a request are neither empty nor beyond the end of a file of this size, and together no
/// longer than the file.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn check_invariants(headers: &Headers, size: u64) {
    for etag in [None, headers.get("if-range").and_then(|tag| std::str::from_utf8(tag).ok())] {
        let Ranges::Partial(ranges) = evaluate(headers, size, 0, etag, None) else { continue };
        assert!(
            !ranges.is_empty() && ranges.iter().all(|range| range.start < range.end && range.end <= size)
        );
        let length = |range: &Range| range.end - range.start;
        assert!(ranges.iter().map(length).sum::<u64>() <= size, "{ranges:?} of {size}");
        let pieces = Multipart::new().pieces(&ranges, "text/plain", size);
        assert_eq!(pieces.len(), 2 * ranges.len() + 1);
    }
}

/// A `multipart/byteranges` body (RFC 9110 §14.6).
#[derive(Debug)]
pub(crate) struct Multipart {
    boundary: String,
}

impl Multipart {
    /// With a new boundary of twenty digits, as in nginx.
    pub(crate) fn new() -> Multipart {
        thread_local! {
            static USED: Cell<u64> = const { Cell::new(0) };
        }
        let number = USED.with(|used| {
            used.set(used.get().wrapping_add(1));
            used.get()
        });
        Multipart { boundary: format!("{number:020}") }
    }

    /// The response's `Content-Type`.
    pub(crate) fn content_type(&self) -> String {
        format!("multipart/byteranges; boundary={}", self.boundary)
    }

    /// The body. An empty type is none.
    pub(crate) fn pieces(&self, ranges: &[Range], content_type: &str, size: u64) -> Vec<Piece> {
        let boundary = &self.boundary;
        let content_type = match content_type {
            "" => String::new(),
            kind => format!("Content-Type: {kind}\r\n"),
        };
        let mut pieces = Vec::with_capacity(2 * ranges.len() + 1);
        for range in ranges {
            let content_range = range.content_range(size);
            let head = format!("\r\n--{boundary}\r\n{content_type}Content-Range: {content_range}\r\n\r\n");
            pieces.push(Piece::Text(Bytes::from(head)));
            pieces.push(range.piece());
        }
        pieces.push(Piece::Text(Bytes::from(format!("\r\n--{boundary}--\r\n"))));
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(ranges: &[(u64, u64)]) -> Ranges {
        Ranges::Partial(ranges.iter().map(|&(start, end)| Range { start, end }).collect())
    }

    fn judged(value: &str, size: u64) -> Ranges {
        let mut headers = Headers::new();
        headers.push("Range", value);
        evaluate(&headers, size, 0, None, None)
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        for (value, wanted) in [
            ("bytes=0-0", some(&[(0, 1)])),
            ("Bytes=0-", some(&[(0, 36)])),
            ("bytes=-5", some(&[(31, 36)])),
            ("bytes=-100", some(&[(0, 36)])),
            ("bytes=35-100", some(&[(35, 36)])),
            ("bytes= 0 - 3 , 5 - 6 ", some(&[(0, 4), (5, 7)])),
            ("bytes=0-9,5-14", some(&[(0, 10), (5, 15)])),
            ("bytes=0-1,50-60", some(&[(0, 2)])),
            ("bytes=1-0,2-3", some(&[(2, 4)])),
        ] {
            assert_eq!(judged(value, 36), wanted, "{value}");
        }
    }

    #[test]
    fn what_cannot_be_is_unsatisfiable() {
        for value in [
            "36-",
            "5-4",
            "a",
            "-",
            "-0",
            "0-1,",
            ",0-1",
            "0-1;",
            "99999999999999999999-",
            "0-1-2",
            "+1-2",
            "- 1",
            "\t0-1",
        ] {
            assert_eq!(judged(&format!("bytes={value}"), 36), Ranges::Unsatisfiable, "{value}");
        }
    }

    #[test]
    fn too_much_or_nothing_at_all_is_all_of_it() {
        for value in ["bytes=0-35,0-35", "bytes=", "items=0-1", "bytes", "bytes=0-0,0-35"] {
            assert_eq!(judged(value, 36), Ranges::Whole, "{value}");
        }
        for value in ["bytes=0-0", "bytes=-1", "bytes=0-", "bytes=-0"] {
            assert_eq!(judged(value, 0), Ranges::Whole, "{value} of an empty file");
        }
    }

    #[test]
    fn a_changed_file_is_sent_whole() {
        let judged = |if_range: &str| {
            let mut headers = Headers::new();
            headers.push("Range", "bytes=0-1");
            headers.push("If-Range", if_range);
            evaluate(&headers, 36, 1_700_000_000, Some("\"6553f100-24\""), None)
        };
        assert_eq!(judged("\"6553f100-24\""), some(&[(0, 2)]));
        assert_eq!(judged("Tue, 14 Nov 2023 22:13:20 GMT"), some(&[(0, 2)]));
        for other in ["\"x\"", "W/\"6553f100-24\"", "Tue, 14 Nov 2023 22:13:21 GMT", "garbage"] {
            assert_eq!(judged(other), Ranges::Whole, "{other}");
        }
    }

    #[test]
    fn a_multipart_body_names_each_part() {
        let multipart = Multipart { boundary: "B".to_owned() };
        let ranges = [Range { start: 0, end: 2 }, Range { start: 4, end: 6 }];
        let pieces = multipart.pieces(&ranges, "text/plain", 36).into_iter().map(|piece| match piece {
            Piece::File { offset, length } => format!("<{offset}+{length}>"),
            Piece::Text(text) => String::from_utf8_lossy(&text).into_owned(),
        });
        let wanted = "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/36\r\n\r\n<0+2>\
            \r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 4-5/36\r\n\r\n<4+2>\r\n--B--\r\n";
        assert_eq!(pieces.collect::<String>(), wanted);
    }
}
