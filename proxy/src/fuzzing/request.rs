//! What clients send: heads, targets, hosts, bodies, ranges.

use super::{PIECES, check_chunked, check_fields};
use crate::files;
use crate::message::request::error::RequestError;
use crate::message::request::host;
use crate::message::request::reader::HeadReader;
use crate::message::request::scanner::HeadLimits;
use crate::message::request::{BodyLength, Request};
use crate::uri;
use crate::wire::Buffer;

/// Small enough for inputs to reach them.
const LIMITS: HeadLimits = HeadLimits { line: 256, head: 1024 };

/// A request that was read, and what follows it; `None` if it is not all there.
type Outcome = Option<Result<(Request, Vec<u8>), RequestError>>;

/// A request is read alike however it is cut into pieces, and what is let through can be read in one way only.
pub fn request(input: &[u8]) {
    let outcome = read(input, usize::MAX);
    for piece in PIECES {
        assert_eq!(shown(&read(input, piece)), shown(&outcome), "in pieces of {piece}");
    }
    if let Some(Ok((request, rest))) = &outcome {
        check_head(request);
        check_target(request);
        if request.body == BodyLength::Chunked {
            check_chunked(rest);
        }
        for size in [0, 1, 36, i64::MAX as u64] {
            files::range::check_invariants(&request.headers, size);
        }
    }
}

fn read(input: &[u8], piece: usize) -> Outcome {
    let (mut request, mut buffer, mut arriving) =
        (Request::default(), Buffer::default(), HeadReader::new(LIMITS));
    let mut pieces = input.chunks(piece.min(input.len().max(1)));
    for piece in pieces.by_ref() {
        buffer.extend(piece);
        if let Some(head) = arriving.read(&mut buffer, &mut request) {
            let rest = pieces.fold(buffer.bytes().to_vec(), |rest, piece| [&rest, piece].concat());
            return Some(head.map(|()| (request, rest)));
        }
    }
    None
}

/// All that is the same for requests that are.
fn shown(outcome: &Outcome) -> String {
    format!("{outcome:?}")
}

fn check_head(request: &Request) {
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
        let own_form = host::validate(name) == Some(name) && !name.iter().any(u8::is_ascii_uppercase);
        assert!(own_form, "a host is not in its own form");
    }
}

/// The path is in a form that has nothing left to resolve, and encoded anew it is the same.
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
