//! STOMP frames and their form on the wire, for clients and servers alike.
//!
//! ```
//! use mock_upstreams::stomp::frame::{Decoder, Frame, Input, Version};
//!
//! let sent = Frame::new("SEND").with("destination", "/topic/tea").with("note", "a:b").body("차");
//! let wire = sent.encode(Version::V1_2);
//! assert_eq!(wire, "SEND\ndestination:/topic/tea\nnote:a\\cb\n\n차\0".as_bytes());
//!
//! let mut decoder = Decoder::new(Version::V1_2);
//! decoder.push(&wire[..10]);
//! assert_eq!(decoder.next()?, None);
//! decoder.push(&wire[10..]);
//! decoder.push(b"\n");
//! assert_eq!(decoder.next()?, Some(Input::Frame(sent)));
//! assert_eq!(decoder.next()?, Some(Input::HeartBeat));
//! assert_eq!(decoder.next()?, None);
//! # Ok::<(), mock_upstreams::stomp::frame::FrameError>(())
//! ```

use std::fmt;

use bytes::Bytes;

use super::escape::{escape, unescape};
pub use super::version::Version;

/// The largest frame that is read, in bytes.
const MAX_FRAME_SIZE: usize = 16 * 1024 * 1024;

/// A frame, its headers unescaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Command, such as `SEND`.
    pub command: String,
    /// Headers, in order. Of a repeated one the first counts.
    pub headers: Vec<(String, String)>,
    /// Body, possibly empty.
    pub body: Bytes,
}

impl Frame {
    /// A frame without headers or body.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), ..Self::default() }
    }

    /// Adds a header at the end.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body, without a `content-length`.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds `content-length`.
    pub fn with_length(self) -> Self {
        let length = self.body.len().to_string();
        self.with("content-length", length)
    }

    /// The first header of that name; names are case-sensitive.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// The body as text, with U+FFFD for bytes that are not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The frame on the wire, up to and including its NUL.
    ///
    /// The headers are written as given. Only a body that contains NUL gets a `content-length` by itself, since it
    /// would be truncated without. `CONNECT` and `CONNECTED` are never escaped, as all versions demand.
    pub fn encode(&self, version: Version) -> Vec<u8> {
        let version = self.version_of_headers(version);
        let mut wire = Vec::with_capacity(256 + self.body.len());
        wire.extend_from_slice(self.command.as_bytes());
        wire.push(b'\n');
        for (name, value) in &self.headers {
            let line = format!("{}:{}\n", escape(name, version), escape(value, version));
            wire.extend_from_slice(line.as_bytes());
        }
        if self.body.contains(&0) && self.get("content-length").is_none() {
            wire.extend_from_slice(format!("content-length:{}\n", self.body.len()).as_bytes());
        }
        wire.push(b'\n');
        wire.extend_from_slice(&self.body);
        wire.push(0);
        wire
    }

    fn version_of_headers(&self, version: Version) -> Version {
        match self.command.as_str() {
            "CONNECT" | "CONNECTED" => Version::V1_0,
            _ => version,
        }
    }
}

impl fmt::Display for Frame {
    /// The frame as people write it, `^@` at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.command)?;
        self.headers.iter().try_for_each(|(name, value)| writeln!(f, "{name}:{value}"))?;
        write!(f, "\n{}^@", self.text())
    }
}

/// What a [`Decoder`] decodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A complete frame.
    Frame(Frame),
    /// An end of line between frames: a heart-beat, or just an end of line after a frame.
    HeartBeat,
}

/// Why bytes are not a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Command or headers are not UTF-8.
    #[error("command or header is no UTF-8")]
    Encoding,
    /// A header line has no colon.
    #[error("header without a colon: {0:?}")]
    Header(String),
    /// A carriage return in 1.2 that is neither escaped nor part of a line's end.
    #[error("a carriage return within the line {0:?}")]
    CarriageReturn(String),
    /// An escape sequence that the version does not define.
    #[error("undefined escape sequence in header {0:?}")]
    Escape(String),
    /// `content-length` is not a number, or the octet after the body is not NUL.
    #[error("content-length {0:?} does not fit the frame")]
    Length(String),
    /// More than 16 MiB without an end.
    #[error("the frame is larger than {MAX_FRAME_SIZE} bytes")]
    TooLarge,
}

/// Decodes a stream of bytes, however it is split, into frames.
///
/// After an error the stream cannot be read any further.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    version: Version,
    buffer: Vec<u8>,
}

impl Decoder {
    /// A decoder for that version. Before the version is agreed, use 1.2: `CONNECT` and `CONNECTED` are the same in all.
    pub fn new(version: Version) -> Self {
        Self { version, buffer: Vec::new() }
    }

    /// Changes the version, for the frames that follow.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// Adds bytes at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame or heart-beat; `None` until more bytes have come.
    ///
    /// # Errors
    /// When the bytes are not a frame.
    #[expect(clippy::should_implement_trait, reason = "it is no iterator: more may come after None")]
    pub fn next(&mut self) -> Result<Option<Input>, FrameError> {
        let (input, length) = match self.buffer.as_slice() {
            [] => return Ok(None),
            [b'\n', ..] => (Some(Input::HeartBeat), 1),
            [b'\r', b'\n', ..] => (Some(Input::HeartBeat), 2),
            _ => match self.frame()? {
                Some((frame, length)) => (Some(Input::Frame(frame)), length),
                None if self.buffer.len() > MAX_FRAME_SIZE => return Err(FrameError::TooLarge),
                None => (None, 0),
            },
        };
        self.buffer.drain(..length);
        Ok(input)
    }

    /// The frame at the start of the buffer, and how long it is.
    fn frame(&self) -> Result<Option<(Frame, usize)>, FrameError> {
        let Some(start) = head_end(&self.buffer) else { return Ok(None) };
        let (head, rest) = self.buffer.split_at(start);
        let head = std::str::from_utf8(head).map_err(|_| FrameError::Encoding)?;
        let mut lines = head.split('\n').map(|line| self.trim(line));
        let mut frame = Frame::new(self.checked(lines.next().unwrap_or_default())?);
        let version = frame.version_of_headers(self.version);
        for line in lines.take_while(|line| !line.is_empty()) {
            let line = self.checked(line)?;
            let (name, value) = line.split_once(':').ok_or_else(|| FrameError::Header(line.to_owned()))?;
            let unescape =
                |text: &str| unescape(text, version).ok_or_else(|| FrameError::Escape(text.to_owned()));
            frame.headers.push((unescape(name)?, unescape(value)?));
        }
        let length = match frame.get("content-length") {
            Some(text) => {
                let length: usize = text.trim().parse().map_err(|_| FrameError::Length(text.to_owned()))?;
                match rest.get(length) {
                    Some(0) => length,
                    Some(_) => return Err(FrameError::Length(text.to_owned())),
                    None if length > MAX_FRAME_SIZE => return Err(FrameError::TooLarge),
                    None => return Ok(None),
                }
            }
            None => match rest.iter().position(|byte| *byte == 0) {
                Some(length) => length,
                None => return Ok(None),
            },
        };
        frame.body = Bytes::copy_from_slice(rest.get(..length).unwrap_or_default());
        Ok(Some((frame, start + length + 1)))
    }

    /// The line, unless it contains a CR that 1.2 does not allow: only one before LF.
    fn checked<'a>(&self, line: &'a str) -> Result<&'a str, FrameError> {
        match self.version == Version::V1_2 && line.contains('\r') {
            true => Err(FrameError::CarriageReturn(line.to_owned())),
            false => Ok(line),
        }
    }

    /// A line without the CR that only 1.2 allows before its LF.
    fn trim<'a>(&self, line: &'a str) -> &'a str {
        match self.version {
            Version::V1_2 => line.strip_suffix('\r').unwrap_or(line),
            _ => line,
        }
    }
}

/// Where the body starts: after the first empty line.
fn head_end(buffer: &[u8]) -> Option<usize> {
    let mut lines = buffer.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index);
    let mut last = lines.next()?;
    for index in lines {
        if matches!(buffer.get(last + 1..index), Some([] | [b'\r'])) {
            return Some(index + 1);
        }
        last = index;
    }
    None
}
