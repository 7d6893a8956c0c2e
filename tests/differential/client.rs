//! A client that sends bytes as they are, in pieces if need be, and takes apart what comes back.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// What came back on a connection until its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Received {
    pub(crate) answers: Vec<Answer>,
    /// What follows and is no response.
    pub(crate) rest: Vec<u8>,
    /// Nothing came any more, though the connection stayed open: the engine waits for more of the request.
    pub(crate) waits: bool,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Answer {
    /// Interim responses before it.
    pub(crate) interim: Vec<Answer>,
    /// `HTTP/1.1 200 OK`.
    pub(crate) line: Vec<u8>,
    pub(crate) fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// The fields behind it, as they came.
    pub(crate) trailers: Vec<u8>,
    /// Its framing was kept to.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        let digits = self.line.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&[u8]> {
        let named = |(found, _): &&(Vec<u8>, Vec<u8>)| found.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().find(named).map(|(_, value)| &value[..])
    }
}

/// Sends `pieces`, and reads until the engine closes, or is silent for `patience` and goes on being so when the client has
/// closed its half. Also returns the client's port, which access logs tell.
pub(crate) async fn converse(
    address: SocketAddr,
    pieces: &[Vec<u8>],
    patience: Duration,
) -> io::Result<(u16, Vec<u8>, bool)> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let port = stream.local_addr()?.port();
    let (mut reading, mut writing) = stream.into_split();
    let send = async {
        for (index, piece) in pieces.iter().enumerate() {
            match pieces.len() {
                _ if index == 0 => {}
                ..10 => sleep(Duration::from_micros(100)).await,
                _ => tokio::task::yield_now().await,
            }
            // An engine that has refused the beginning need not read the end.
            if writing.write_all(piece).await.is_err() {
                break;
            }
        }
        writing
    };
    let (have_sent, mut sent) = tokio::sync::oneshot::channel();
    let receive = async {
        let (mut bytes, mut waits) = (Vec::new(), false);
        loop {
            match timeout(patience, reading.read_buf(&mut bytes)).await {
                Ok(Ok(1..)) => {}
                Ok(_) => return (bytes, waits),
                Err(_) => {
                    if waits {
                        return (bytes, waits);
                    }
                    // Dropping a half shuts it down.
                    waits = sent.try_recv().map(drop).is_ok();
                }
            }
        }
    };
    let send = async {
        let _ = have_sent.send(send.await);
    };
    let ((), (bytes, waits)) = tokio::join!(send, receive);
    Ok((port, bytes, waits))
}

/// Takes responses apart. `heads` says which of the requests were HEAD.
pub(crate) fn parse(bytes: &[u8], waits: bool, is_head: impl Fn(usize) -> bool) -> Received {
    let mut received = Received { waits, ..Received::default() };
    let (mut rest, mut interim) = (bytes, Vec::new());
    while rest.starts_with(b"HTTP/1.") {
        let Some(end) = rest.windows(4).position(|four| four == b"\r\n\r\n") else { break };
        let mut lines =
            rest[..end].split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let line = lines.next().unwrap_or_default().to_vec();
        let fields = lines.map(|line| {
            let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
            (line[..colon].to_vec(), line.get(colon + 1..).unwrap_or_default().trim_ascii().to_vec())
        });
        let mut answer = Answer { line, fields: fields.collect(), whole: true, ..Answer::default() };
        rest = &rest[end + 4..];
        let status = answer.status();
        // Not those below: `return 32` is a status to both engines, and ends the exchange.
        if (100..200).contains(&status) {
            interim.push(answer);
            continue;
        }
        // The body of another request may have taken the method away. What follows a head is its page if it has the length.
        let page = length(&answer).and_then(|length| rest.get(..length)).unwrap_or_default();
        let is_page = page.starts_with(b"<html>") && page.ends_with(b"</html>\r\n");
        let is_bare = is_head(received.answers.len()) && !is_page;
        if !(matches!(status, 204 | 304) || is_bare) {
            rest = body(&mut answer, rest);
        }
        answer.interim = std::mem::take(&mut interim);
        received.answers.push(answer);
    }
    received.answers.extend(interim);
    received.rest = rest.to_vec();
    received
}

fn body<'a>(answer: &mut Answer, mut rest: &'a [u8]) -> &'a [u8] {
    if answer.field("transfer-encoding").is_some() {
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let size = std::str::from_utf8(&rest[..end])
                .ok()
                .and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
            if size == Some(0) {
                let after = &rest[end + 1..];
                let Some(length) = trailers_length(after) else { break };
                answer.trailers = after[..length].to_vec();
                return &after[length + 2..];
            }
            let Some(size) = size.filter(|size| rest.len() >= end + 1 + size + 2) else { break };
            answer.body.extend_from_slice(&rest[end + 1..end + 1 + size]);
            rest = &rest[end + 1 + size + 2..];
        }
        answer.whole = false;
        return rest;
    }
    let length = length(answer).unwrap_or(rest.len());
    let (here, after) = rest.split_at(length.min(rest.len()));
    answer.whole = here.len() == length;
    answer.body = here.to_vec();
    after
}

/// How long the fields are before the empty line.
fn trailers_length(bytes: &[u8]) -> Option<usize> {
    match bytes.starts_with(b"\r\n") {
        true => Some(0),
        false => bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 2),
    }
}

fn length(answer: &Answer) -> Option<usize> {
    answer.field("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok())
}
