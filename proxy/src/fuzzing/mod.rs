//! Properties of the parsers that must hold for any input.
//!
//! Each function takes any bytes and panics if a property does not hold. The fuzz targets in `fuzz/` call them, and so
//! do the tests below, with the seeds in `fuzz/seeds`. They are part of the crate because they need its internals.

mod body;
mod config;
mod http2;
mod name_server;
mod proxy_header;
mod request;
mod response;

pub use body::body;
pub use config::config;
pub use http2::http2;
pub use name_server::name_server;
pub use proxy_header::proxy_header;
pub use request::request;
pub use response::response;

use crate::message::Headers;
use crate::wire::Buffer;
use crate::wire::chunked::ChunkedDecoder;

/// The sizes of the pieces in which input is read.
const PIECE_SIZES: [usize; 3] = [usize::MAX, 1, 7];

/// A decoded chunked body: its bytes, whether it is complete, and what follows it. `None` if it is invalid.
type Body = Option<(Vec<u8>, bool, Vec<u8>)>;

/// Decodes a chunked body that arrives in pieces.
fn unchunk(input: &[u8], piece: usize) -> Body {
    let (mut chunked, mut buffer, mut ready) = (ChunkedDecoder::new(), Buffer::default(), 0);
    for piece in input.chunks(piece.min(input.len().max(1))) {
        buffer.extend(piece);
        ready = chunked.decode(&mut buffer, ready).ok()?;
    }
    let (body, rest) = buffer.bytes().split_at(ready);
    Some((body.to_vec(), chunked.is_done(), rest.to_vec()))
}

/// Asserts that the pieces of a chunked body make no difference, and that it is the same when encoded again.
fn check_chunked(input: &[u8]) {
    let body = unchunk(input, usize::MAX);
    for piece in PIECE_SIZES {
        assert_eq!(unchunk(input, piece), body, "in pieces of {piece}");
    }
    let Some((body, true, rest)) = body else { return };
    assert!(input.ends_with(&rest), "what follows a body is changed");
    let chunks =
        body.chunks(16).map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    let anew = [chunks.collect::<Vec<_>>().concat(), b"0\r\n\r\n".to_vec(), rest.clone()].concat();
    assert_eq!(unchunk(&anew, 3), Some((body, true, rest)), "written anew");
}

/// Asserts that no accepted field contains a line end.
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

    /// Runs a target on all its seeds.
    fn replay(target: &str, check: fn(&[u8])) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
        let mut replayed = 0;
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            // The output of a failing test is shown, and so names the seed.
            println!("{}", path.display());
            check(&std::fs::read(path).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "no inputs are kept for {target}");
    }

    #[test]
    fn kept_inputs_of_body_hold() {
        replay("body", super::body);
    }

    #[test]
    fn kept_inputs_of_http2_hold() {
        replay("http2", super::http2);
    }

    #[test]
    fn kept_inputs_of_name_server_hold() {
        replay("name_server", super::name_server);
    }

    #[test]
    fn kept_inputs_of_proxy_header_hold() {
        replay("proxy_header", super::proxy_header);
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
