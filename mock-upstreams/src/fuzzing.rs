//! Properties that hold for any input, for fuzz targets.
//!
//! A function takes any bytes and panics where a property does not hold. A fuzz target calls it, and the test below calls it
//! with the seeds in the repository. It is part of the crate as it needs private items.

use crate::stomp::frame::{Decoder, Frame, FrameError, Input, Version};
use crate::stomp::fuzzing::check_frame;

/// The frames and heart-beats of a stream, and the error that ends it, if any.
type Outcome = (Vec<Input>, Option<FrameError>);

/// A STOMP stream is decoded alike however it is split, and a decoded frame is handled, answered and encoded again without a
/// change.
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
            // Shown if the test fails.
            println!("{}", path.display());
            super::stomp(&std::fs::read(path).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "no inputs are kept");
    }
}
