use mock_upstreams::stomp::frame::{Decoder, Frame, FrameError, Input, Version};

fn decode(wire: &[u8], version: Version) -> Result<Vec<Input>, FrameError> {
    let mut decoder = Decoder::new(version);
    decoder.push(wire);
    let mut inputs = Vec::new();
    while let Some(input) = decoder.next()? {
        inputs.push(input);
    }
    Ok(inputs)
}

#[test]
fn escape_headers_as_the_version_does() {
    for (version, wire) in [
        (Version::V1_0, "SEND\na:1:2\\3\r\n\n\0"),
        (Version::V1_1, "SEND\na:1\\c2\\\\3\r\n\n\0"),
        (Version::V1_2, "SEND\na:1\\c2\\\\3\\r\n\n\0"),
    ] {
        let frame = Frame::new("SEND").with("a", "1:2\\3\r");
        assert_eq!(String::from_utf8_lossy(&frame.encode(version)), wire);
        assert_eq!(decode(wire.as_bytes(), version), Ok(vec![Input::Frame(frame)]));
    }
}

#[test]
fn are_never_escaped_when_connecting() {
    let frame = Frame::new("CONNECTED").with("server", "a:b\\n");
    let wire = frame.encode(Version::V1_2);
    assert_eq!(wire, b"CONNECTED\nserver:a:b\\n\n\n\0");
    assert_eq!(decode(&wire, Version::V1_2), Ok(vec![Input::Frame(frame)]));
}

#[test]
fn are_found_however_the_stream_is_cut() {
    let wire =
        "\nSEND\r\ndestination:/a\r\ncontent-length:3\r\n\r\n\0차\0\r\n\nSEND\ndestination:/b\n\nx\0\n"
            .replace("\0차", "a\0b");
    let frames = [
        Frame::new("SEND").with("destination", "/a").with("content-length", "3").body("a\0b"),
        Frame::new("SEND").with("destination", "/b").body("x"),
    ];
    for size in 1..wire.len() {
        let (mut decoder, mut found, mut beats) = (Decoder::default(), Vec::new(), 0);
        for piece in wire.as_bytes().chunks(size) {
            decoder.push(piece);
            while let Some(input) = decoder.next().unwrap() {
                match input {
                    Input::Frame(frame) => found.push(frame),
                    Input::HeartBeat => beats += 1,
                }
            }
        }
        assert_eq!((found.as_slice(), beats), (&frames[..], 4), "in pieces of {size}");
    }
}

#[test]
fn are_refused_when_malformed() {
    for (wire, version, expected) in [
        (&b"SEND\nx\n\n\0"[..], Version::V1_2, FrameError::Header("x".into())),
        (b"SEND\r\r\nx:1\n\n\0", Version::V1_2, FrameError::CarriageReturn("SEND\r".into())),
        (b"SEND\nx:1\r2\n\n\0", Version::V1_2, FrameError::CarriageReturn("x:1\r2".into())),
        (b"SEND\na:\\t\n\n\0", Version::V1_2, FrameError::Escape("\\t".into())),
        (b"SEND\na:\\r\n\n\0", Version::V1_1, FrameError::Escape("\\r".into())),
        (b"SEND\na:\xff\n\n\0", Version::V1_2, FrameError::Encoding),
        (b"SEND\ncontent-length:1\n\nabc\0", Version::V1_2, FrameError::Length("1".into())),
        (b"SEND\ncontent-length:x\n\n\0", Version::V1_2, FrameError::Length("x".into())),
        (b"SEND\ncontent-length:99999999\n\n\0", Version::V1_2, FrameError::TooLarge),
    ] {
        assert_eq!(decode(wire, version), Err(expected));
    }
}

#[test]
fn count_the_first_of_repeated_headers() {
    let frame = Frame::new("MESSAGE").with("a", "1").with("a", "2");
    assert_eq!(frame.get("a"), Some("1"));
}
