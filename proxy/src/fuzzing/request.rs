//! Requests: heads, targets, hosts, bodies, ranges.

use super::{PIECE_SIZES, check_chunked, check_fields};
use crate::message::range;
use crate::message::request::error::RequestError;
use crate::message::request::host;
use crate::message::request::reader::HeadReader;
use crate::message::request::scanner::HeadLimits;
use crate::message::request::{BodyLength, Request};
use crate::uri;
use crate::wire::Buffer;

/// Small enough for inputs to reach them.
const LIMITS: HeadLimits = HeadLimits { line: 256, head: 1024 };

/// A request and what follows it; `None` if it is incomplete.
type Outcome = Option<Result<(Request, Vec<u8>), RequestError>>;

/// The pieces of a request make no difference, and an accepted request can only be read in one way.
pub fn request(input: &[u8]) {
    let outcome = read(input, usize::MAX);
    for piece in PIECE_SIZES {
        assert_eq!(shown(&read(input, piece)), shown(&outcome), "in pieces of {piece}");
    }
    if let Some(Ok((request, rest))) = &outcome {
        check_head(request);
        check_target(request);
        if request.body == BodyLength::Chunked {
            check_chunked(rest);
        }
        for size in [0, 1, 36, i64::MAX as u64] {
            range::check_invariants(&request.headers, size);
        }
    }
}

fn read(input: &[u8], piece: usize) -> Outcome {
    let (mut request, mut buffer, mut reader) =
        (Request::default(), Buffer::default(), HeadReader::new(LIMITS));
    let mut pieces = input.chunks(piece.min(input.len().max(1)));
    for piece in pieces.by_ref() {
        buffer.extend(piece);
        if let Some(head) = reader.read(&mut buffer, &mut request) {
            let rest = pieces.fold(buffer.bytes().to_vec(), |rest, piece| [&rest, piece].concat());
            return Some(head.map(|()| (request, rest)));
        }
    }
    None
}

/// All of a request, to be compared.
fn shown(outcome: &Outcome) -> String {
    format!("{outcome:?}")
}

/// Asserts that there is one way to read a head.
pub(super) fn check_head(request: &Request) {
    check_fields(&request.headers);
    let count = |name: &str| request.headers.get_all(name).count();
    let framing = (count("Content-Length"), count("Transfer-Encoding"));
    match request.body {
        BodyLength::None => assert_eq!(framing, (0, 0)),
        BodyLength::Known(_) => assert_eq!(framing, (1, 0)),
        BodyLength::Chunked => assert_eq!((framing, request.version), ((0, 1), 11)),
    }
    assert!(request.version == 10 || count("Host") == 1, "HTTP/1.1 without one Host");
    if let Some(name) = request.host() {
        let own_form = host::validate(name, true).is_some_and(|host| host.name == name)
            && !name.iter().any(u8::is_ascii_uppercase);
        assert!(own_form, "a host is not in its own form");
    }
}

/// The path is normalised, and remains the same when encoded and parsed again.
fn check_target(request: &Request) {
    let path = request.path.as_slice();
    let escaped = path.escape_ascii();
    assert!(path.starts_with(b"/") && !path.contains(&0), "{escaped}");
    let mut segments = path.split(|&byte| byte == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        assert!(!matches!(segment, b"." | b"..") && (last || !segment.is_empty()), "{escaped}");
    }
    let encoded: Vec<u8> = path.iter().flat_map(|&byte| encode(byte)).collect();
    let again = uri::parse(&encoded).map(|target| target.path.into_owned());
    assert_eq!(again.as_deref(), Ok(path), "{escaped}, encoded anew");
    assert!(!request.args.iter().any(|byte| matches!(byte, 0..=b' ' | b'#' | 0x7f)));
}

fn encode(byte: u8) -> Vec<u8> {
    if byte == b'/' { vec![byte] } else { format!("%{byte:02X}").into_bytes() }
}
