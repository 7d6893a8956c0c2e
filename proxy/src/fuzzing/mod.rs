//! What is done with inputs that nobody thought of, and what must hold then besides that nothing panics.
//!
//! Each function takes any bytes and panics where a promise is broken. Fuzz targets call them (`fuzz/` of this repository), and
//! the tests below call them with the inputs that were kept. They are here because they look at what is private.

mod config;
mod request;
mod response;

pub use config::config;
pub use request::request;
pub use response::response;

use crate::message::Headers;
use crate::wire::Buffer;
use crate::wire::chunked::ChunkedDecoder;

/// In how many bytes at a time input is fed.
const PIECES: [usize; 3] = [usize::MAX, 1, 7];

/// A chunked body that has been read: its bytes, whether it is complete, and what follows it. `None`: it is malformed.
type Body = Option<(Vec<u8>, bool, Vec<u8>)>;

/// Reads a chunked body that comes in pieces.
fn unchunk(input: &[u8], piece: usize) -> Body {
    let (mut chunked, mut buffer, mut ready) = (ChunkedDecoder::new(), Buffer::default(), 0);
    for piece in input.chunks(piece.min(input.len().max(1))) {
        buffer.extend(piece);
        ready = chunked.decode(&mut buffer, ready).ok()?;
    }
    let (body, rest) = buffer.bytes().split_at(ready);
    Some((body.to_vec(), chunked.is_done(), rest.to_vec()))
}

/// How a chunked body is cut into pieces makes no difference, and one that is written anew reads the same.
fn check_chunked(input: &[u8]) {
    let body = unchunk(input, usize::MAX);
    for piece in PIECES {
        assert_eq!(unchunk(input, piece), body, "in pieces of {piece}");
    }
    let Some((body, true, rest)) = body else { return };
    assert!(input.ends_with(&rest), "what follows a body is changed");
    let chunks =
        body.chunks(16).map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    let anew = [chunks.collect::<Vec<_>>().concat(), b"0\r\n\r\n".to_vec(), rest.clone()].concat();
    assert_eq!(unchunk(&anew, 3), Some((body, true, rest)), "written anew");
}

/// Nothing in a field that was let through can be taken for the end of one.
fn check_fields(headers: &Headers) {
    for (name, value) in headers.iter() {
        assert!(crate::wire::chunked::is_token(name), "a field named {:?}", name.escape_ascii().to_string());
        let stray = value.iter().find(|byte| matches!(byte, b'\r' | b'\n' | 0));
        assert_eq!(stray, None, "in {}", value.escape_ascii());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Every input that is kept for a target.
    fn replay(target: &str, check: fn(&[u8])) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
        let mut replayed = 0;
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            // Named where it panics, since the output of a failing test is shown.
            println!("{}", path.display());
            check(&std::fs::read(path).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "no inputs are kept for {target}");
    }

    #[test]
    fn kept_inputs_of_config_hold() {
        replay("config", super::config);
    }

    #[test]
    fn kept_inputs_of_request_hold() {
        replay("request", super::request);
    }

    #[test]
    fn kept_inputs_of_response_hold() {
        replay("response", super::response);
    }
}
