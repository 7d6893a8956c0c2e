//! A response as the text that it would be in HTTP/1.1.

use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderMap, Response};
use tokio::io::ReadBuf;

/// What has been received and was not read.
#[derive(Debug, Default)]
pub(super) struct ResponseText(VecDeque<Bytes>);

impl ResponseText {
    /// Forgets what was not read.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Reads some of it; false if there is nothing.
    pub(super) fn take(&mut self, room: &mut ReadBuf<'_>) -> bool {
        let Some(first) = self.0.front_mut() else { return false };
        let count = first.len().min(room.remaining());
        room.put_slice(&first.split_to(count));
        if first.is_empty() {
            self.0.pop_front();
        }
        true
    }

    /// Adds a 1xx.
    pub(super) fn push_interim(&mut self, interim: &Response<()>) {
        let mut text = Vec::new();
        write_head(interim, &mut text);
        text.extend_from_slice(b"\r\n");
        self.push(text.into());
    }

    /// Adds a head, and says how long the body is, if that is known. A body of unknown length comes in chunks.
    pub(super) fn push_head<B>(&mut self, head: &Response<B>, has_body: bool) -> Option<u64> {
        let mut text = Vec::new();
        write_head(head, &mut text);
        let length = head.headers().get(http::header::CONTENT_LENGTH);
        if length.is_none() {
            text.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        text.extend_from_slice(b"\r\n");
        self.push(text.into());
        if !has_body {
            return Some(0);
        }
        // A length that is none is refused with the head.
        length.map(|length| length.to_str().ok().and_then(|length| length.parse().ok()).unwrap_or(0))
    }

    /// Adds some of the body.
    pub(super) fn push_data(&mut self, data: Bytes, is_chunk: bool) {
        if data.is_empty() {
            return;
        }
        if is_chunk {
            self.push(format!("{:x}\r\n", data.len()).into_bytes().into());
        }
        self.push(data);
        if is_chunk {
            self.push(Bytes::from_static(b"\r\n"));
        }
    }

    /// Adds the end of a body in chunks.
    pub(super) fn push_end(&mut self, trailers: Option<&HeaderMap>) {
        let mut text = b"0\r\n".to_vec();
        if let Some(trailers) = trailers {
            write_fields(trailers, &mut text);
        }
        text.extend_from_slice(b"\r\n");
        self.push(text.into());
    }

    fn push(&mut self, piece: Bytes) {
        self.0.push_back(piece);
    }
}

fn write_head<B>(head: &Response<B>, out: &mut Vec<u8>) {
    let (status, reason) = (head.status().as_u16(), head.status().canonical_reason().unwrap_or_default());
    out.extend_from_slice(format!("HTTP/1.1 {status} {reason}\r\n").as_bytes());
    write_fields(head.headers(), out);
}

fn write_fields(fields: &HeaderMap, out: &mut Vec<u8>) {
    for (name, value) in fields {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(response: &ResponseText) -> String {
        response.0.iter().map(|piece| String::from_utf8_lossy(piece)).collect()
    }

    #[test]
    fn a_body_of_unknown_length_comes_in_chunks_and_with_its_trailers() {
        let mut response = ResponseText::default();
        let head = Response::builder().status(201).header("a", "b").body(()).expect("a response");
        assert_eq!(response.push_head(&head, true), None);
        response.push_data(Bytes::from_static(b"0123456789abcdef"), true);
        response.push_end(Some(&HeaderMap::from_iter([(
            http::header::HeaderName::from_static("x-sum"),
            http::HeaderValue::from_static("7"),
        )])));
        let expected = "HTTP/1.1 201 Created\r\na: b\r\nTransfer-Encoding: chunked\r\n\r\n\
                        10\r\n0123456789abcdef\r\n0\r\nx-sum: 7\r\n\r\n";
        assert_eq!(text(&response), expected);
    }

    #[test]
    fn a_length_that_is_known_is_kept() {
        let mut response = ResponseText::default();
        let head = Response::builder().header("content-length", "3").body(()).expect("a response");
        assert_eq!(response.push_head(&head, true), Some(3));
        response.push_data(Bytes::from_static(b"abc"), false);
        assert_eq!(text(&response), "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");
        let mut room = [0; 8];
        let mut room = ReadBuf::new(&mut room);
        assert!(response.take(&mut room));
        assert_eq!(room.filled(), b"HTTP/1.1");
    }
}
