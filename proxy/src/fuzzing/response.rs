//! Responses of app servers: heads, interim heads before them, and bodies.

use super::{PIECE_SIZES, check_chunked, check_fields};
use crate::message::Headers;
use crate::proxy::response::{Interim, read_head};
use crate::wire::{Buffer, Framing};

/// Bytes of a head; small enough for inputs to reach it.
const MAX_HEAD_SIZE: usize = 1024;

/// The pieces of a response make no difference, and an accepted response can only be read in one way.
pub fn response(input: &[u8]) {
    let outcome = read(input, usize::MAX);
    for piece in PIECE_SIZES {
        match (&outcome, &read(input, piece)) {
            // If there are several errors, any of them may be reported.
            (Err(()), Err(())) => {}
            (whole, in_pieces) => assert_eq!(whole, in_pieces, "in pieces of {piece}"),
        }
    }
    if let Ok(Some(read)) = outcome {
        assert!(read.status == 101 || (200..1000).contains(&read.status), "{}", read.status);
        if read.framing == Framing::Chunked {
            check_chunked(&read.rest);
        }
    }
}

/// A head and what follows it.
#[derive(Debug, PartialEq)]
struct Read {
    status: u16,
    framing: Framing,
    persistent: bool,
    fields: String,
    rest: Vec<u8>,
}

fn read(input: &[u8], piece: usize) -> Result<Option<Read>, ()> {
    let (mut buffer, mut fields) = (Buffer::default(), Headers::new());
    let mut pieces = input.chunks(piece.min(input.len().max(1)));
    while let Some(piece) = pieces.next() {
        buffer.extend(piece);
        let head = loop {
            // Early hints are told, and the response follows.
            match read_head(&mut buffer, &mut fields, MAX_HEAD_SIZE, Interim::All).map_err(drop)? {
                Some(head) if Interim::All.is_passed_over(head.status) => {}
                head => break head,
            }
        };
        let Some(head) = head else { continue };
        check_fields(&fields);
        let lengths = fields.get_all("Content-Length").count() + fields.get_all("Transfer-Encoding").count();
        assert_eq!(
            lengths,
            usize::from(head.framing != Framing::UntilClose),
            "two ways to find the body's end"
        );
        return Ok(Some(Read {
            status: head.status,
            framing: head.framing,
            persistent: head.persistent,
            fields: format!("{fields:?}"),
            rest: pieces.fold(buffer.bytes().to_vec(), |rest, piece| [&rest, piece].concat()),
        }));
    }
    Ok(None)
}
