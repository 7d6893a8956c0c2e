//! A probe on the wire: how it is sent, and what of an answer is compared.

use std::io::Read as _;

use hopcheck_clients::{ClientError, Connection, Request, Response, Route};

use crate::probe::{Probe, Version, Way};

/// So much of a body is compared as text.
const MAX_BODY_TEXT: usize = 4_096;

/// So much of a compressed body is decompressed.
const MAX_DECOMPRESSED: u64 = 1 << 20;

/// Headers of the answer that are of the connection.
pub(crate) const OF_CONNECTION: [&str; 3] = ["connection", "keep-alive", "proxy-connection"];

/// The request of a probe.
pub(crate) fn request_of(probe: &Probe) -> Request {
    let mut request = Request::new(&probe.method, &probe.target);
    if let Some(host) = &probe.host {
        request = request.header("Host", host);
    }
    for (name, value) in &probe.headers {
        request = request.header(name, value);
    }
    if probe.version == Version::Http10 {
        request.version = "HTTP/1.0";
    }
    if let Some(body) = &probe.body {
        request.body = hopcheck_clients::Body::Sized(body.clone().into_bytes());
    }
    request
}

/// Sends a probe on a connection of its own.
pub(crate) async fn exchange(route: &Route, probe: &Probe) -> Result<Response, ClientError> {
    let mut connection = Connection::open(route).await?;
    let response = exchange_on(&mut connection, probe).await;
    // What was answered is not cut short by this any more.
    if response.is_ok() && probe.way != Way::Upgrade {
        connection.reset_when_dropped();
    }
    response
}

async fn exchange_on(connection: &mut Connection, probe: &Probe) -> Result<Response, ClientError> {
    let request = request_of(probe);
    if probe.host.is_none() {
        // The client would add one.
        let head = format!("{} {} HTTP/1.0\r\n\r\n", probe.method, probe.target);
        connection.send(head.as_bytes()).await?;
        return connection.response(&probe.method).await;
    }
    if probe.way == Way::Upgrade {
        connection.send(&connection.head_of(&request)).await?;
        let mut response = connection.head(&probe.method).await?;
        response.complete = true;
        return Ok(response);
    }
    connection.ask(&request).await
}

/// The body as text, without compression; what is long or no text, by its length and digest.
pub(crate) fn plain_body(response: &Response) -> String {
    let is_gzip = response.value("content-encoding") == Some("gzip");
    let mut plain = Vec::new();
    if is_gzip {
        let mut decoder = flate2::read::GzDecoder::new(&response.body[..]).take(MAX_DECOMPRESSED);
        if decoder.read_to_end(&mut plain).is_err() {
            plain.clone_from(&response.body);
        }
    } else {
        plain.clone_from(&response.body);
    }
    match String::from_utf8(plain) {
        Ok(text) if text.len() <= MAX_BODY_TEXT => text,
        Ok(text) => {
            let shown = text.char_indices().nth(200).map_or(text.as_str(), |(end, _)| &text[..end]);
            format!("{shown}… ({} bytes, sha256 {})", text.len(), hopcheck_clients::digest(text.as_bytes()))
        }
        Err(bytes) => {
            let bytes = bytes.into_bytes();
            format!("({} bytes, sha256 {})", bytes.len(), hopcheck_clients::digest(&bytes))
        }
    }
}
