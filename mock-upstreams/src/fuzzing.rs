//! What is done with inputs that nobody thought of, and what must hold then besides that nothing panics.
//!
//! The function takes any bytes and panics where a promise is broken. A fuzz target calls it (`fuzz/` of this repository), and
//! the test below calls it with the inputs that were kept. It is here because it looks at what is private.

use crate::stomp::frame::{Decoder, Frame, FrameError, Input, Version};
use crate::stomp::fuzzing::check_frame;

/// What a stream is read as: frames and heart-beats, and what is wrong with the rest.
type Outcome = (Vec<Input>, Option<FrameError>);

/// A stream of STOMP is read alike however it is cut into pieces, and a frame that was read is understood, answered and written
/// anew without a change.
pub fn stomp(input: &[u8]) {
    for version in Version::ALL {
        let outcome = read(input, usize::MAX, version);
        for piece in [1, 7] {
            assert_eq!(read(input, piece, version), outcome, "STOMP {version} in pieces of {piece}");
        }
        for input in outcome.0 {
            let Input::Frame(frame) = input else { continue };
            check_written(&frame, version);
            check_frame(&frame, version);
        }
    }
}

fn read(input: &[u8], piece: usize, version: Version) -> Outcome {
    let (mut decoder, mut inputs) = (Decoder::new(version), Vec::new());
    for piece in input.chunks(piece.min(input.len().max(1))) {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(input)) => inputs.push(input),
                Ok(None) => break,
                Err(error) => return (inputs, Some(error)),
            }
        }
    }
    (inputs, None)
}

fn check_written(frame: &Frame, version: Version) {
    let mut expected = frame.clone();
    if frame.body.contains(&0) && frame.get("content-length").is_none() {
        expected = expected.with_length();
    }
    let read = read(&frame.encode(version), usize::MAX, version);
    assert_eq!(read, (vec![Input::Frame(expected)], None), "written anew in STOMP {version}");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn kept_inputs_of_stomp_hold() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/stomp");
        let mut replayed = 0;
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            // Named where it panics, since the output of a failing test is shown.
            println!("{}", path.display());
            super::stomp(&std::fs::read(path).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "no inputs are kept");
    }
}
