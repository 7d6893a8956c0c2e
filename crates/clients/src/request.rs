//! A request, as it is written to the wire.

/// A request. Nothing is added to it that is not documented here.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method, as it will be sent.
    pub method: String,
    /// The request target, byte for byte.
    pub target: String,
    /// `HTTP/1.1` by default.
    pub version: &'static str,
    /// Headers in order; `Host` comes first unless it is among them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// A request's body and how it is framed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Body {
    /// None, and no `Content-Length`.
    #[default]
    None,
    /// With `Content-Length`.
    Sized(Vec<u8>),
    /// In chunks, as given.
    Chunked(Vec<Vec<u8>>),
}

impl Request {
    /// `method target HTTP/1.1` and nothing else.
    pub fn new(method: &str, target: &str) -> Request {
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            version: "HTTP/1.1",
            headers: Vec::new(),
            body: Body::None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Request {
        self.body = body;
        self
    }

    /// The request without its body, with `host` for a missing `Host`.
    pub fn head(&self, host: &str) -> Vec<u8> {
        let mut head = format!("{} {} {}\r\n", self.method, self.target, self.version);
        let mut field = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        if !self.has("host") {
            field("Host", host);
        }
        for (name, value) in &self.headers {
            field(name, value);
        }
        match &self.body {
            Body::Sized(body) if !self.has("content-length") => {
                field("Content-Length", &body.len().to_string())
            }
            Body::Chunked(_) if !self.has("transfer-encoding") => field("Transfer-Encoding", "chunked"),
            _ => {}
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// The body as it is sent, framing included.
    pub fn framed_body(&self) -> Vec<u8> {
        match &self.body {
            Body::None => Vec::new(),
            Body::Sized(body) => body.clone(),
            Body::Chunked(chunks) => {
                let mut out = Vec::new();
                for chunk in chunks {
                    out.extend(encode_chunk(chunk));
                }
                out.extend(b"0\r\n\r\n");
                out
            }
        }
    }

    /// Whether it has a header of that name.
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(field, _)| field.eq_ignore_ascii_case(name))
    }
}

/// Encodes one chunk of a chunked body (RFC 9112 §7.1).
pub fn encode_chunk(data: &[u8]) -> Vec<u8> {
    let mut out = format!("{:x}\r\n", data.len()).into_bytes();
    out.extend(data);
    out.extend(b"\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_byte_for_byte() {
        let request =
            Request::new("POST", "/api//%2e?x").header("X-A", "1").body(Body::Chunked(vec![b"hi".into()]));
        let wire = [request.head("h:1"), request.framed_body()].concat();
        let expected = "POST /api//%2e?x HTTP/1.1\r\nHost: h:1\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n\
            2\r\nhi\r\n0\r\n\r\n";
        assert_eq!(String::from_utf8(wire).unwrap(), expected);
    }
}
