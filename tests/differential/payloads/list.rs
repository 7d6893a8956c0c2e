//! The list: each group in a file with its like.

mod answers;
mod framing;
mod syntax;

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    /// What the client sends.
    pub(crate) request: Vec<u8>,
    /// What an app server answers.
    pub(crate) reply: Vec<u8>,
}

/// What no app server may be asked for.
pub(crate) const SMUGGLED: &str = "/api/smuggled";

const HIDDEN: &str = "GET /api/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Payloads by name.
type Named<T> = Vec<(&'static str, T)>;

/// All of them, grouped.
pub(crate) fn payloads() -> Vec<Payload> {
    let mut all = Vec::new();
    for (group, list) in [
        ("Content-Length", framing::lengths()),
        ("Transfer-Encoding", framing::codings()),
        ("both lengths", framing::both()),
        ("chunks", framing::chunks()),
        ("line ends", syntax::line_ends()),
        ("fields", syntax::fields()),
        ("Host and target", syntax::targets()),
        ("version and method", syntax::versions()),
        ("Connection and Upgrade", syntax::connections()),
    ] {
        all.extend(list.into_iter().map(|(name, request)| Payload {
            group,
            name,
            request: request.into_bytes(),
            reply: GOOD.into(),
        }));
    }
    all.extend(syntax::bytes().into_iter().map(|(name, request)| Payload {
        group: "bytes beyond ASCII",
        name,
        request,
        reply: GOOD.into(),
    }));
    all.extend(answers::answers().into_iter().map(|(name, reply)| Payload {
        group: "answers",
        name,
        request: b"GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        reply: reply.into_bytes(),
    }));
    all
}

/// A POST with these field lines and what follows them.
fn post(fields: &str, body: &str) -> String {
    format!("POST /api/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}")
}

/// A GET with these field lines.
fn get(fields: &str) -> String {
    format!("GET /api/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n")
}

/// A GET with this request line and a Host.
fn line(line: &str) -> String {
    format!("{line}\r\nHost: a\r\n\r\n")
}
