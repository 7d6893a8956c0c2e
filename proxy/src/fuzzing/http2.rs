//! What a client sends over HTTP/2.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::request::check_head;
use crate::message::request::Request;
use crate::message::request::reader::HeadReader;
use crate::message::request::scanner::HeadLimits;
use crate::wire::Buffer;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The most that the fields of a request may be together.
const MAX_SIZE: usize = 8192;

/// Larger than any head that fits that.
const LIMITS: HeadLimits = HeadLimits { line: 1 << 20, head: 1 << 21 };

/// A request that is accepted reads the same over HTTP/1.1. The input is what follows the preface.
pub fn http2(input: &[u8]) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    runtime.block_on(async {
        let (mut client, server) = duplex(1 << 16);
        let (mut reader, mut writer) = tokio::io::split(&mut client);
        let speak = async {
            let _ = writer.write_all(&[PREFACE, input].concat()).await;
            let _ = writer.shutdown().await;
        };
        let listen = async {
            let _ = reader.read_to_end(&mut Vec::new()).await;
        };
        tokio::join!(serve(server), speak, listen);
    });
}

async fn serve(stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, _respond))) = connection.accept().await {
        let (head, body) = request.into_parts();
        let mut request = Request::default();
        if request.read_http2(&head, body.is_end_stream(), MAX_SIZE).is_ok() {
            check(&request);
        }
    }
}

/// Writes a request as one of HTTP/1.1, and reads it again.
fn check(request: &Request) {
    super::check_fields(&request.headers);
    let mut head = [request.method(), b" ", request.target(), b" HTTP/1.1\r\n"].concat();
    let mut host = false;
    for (name, value) in request.headers.iter() {
        host |= name.eq_ignore_ascii_case(b"host");
        head.extend([name, b": ", value, b"\r\n"].concat());
    }
    if !host {
        head.extend_from_slice(b"Host: a\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let (mut again, mut buffer) = (Request::default(), Buffer::default());
    buffer.extend(&head);
    let read = HeadReader::new(LIMITS).read(&mut buffer, &mut again);
    let text = || head.escape_ascii().to_string();
    assert_eq!(read, Some(Ok(())), "{}", text());
    assert!(buffer.is_empty(), "something follows {}", text());
    check_head(&again);
    assert_eq!((&again.path, &again.args), (&request.path, &request.args), "{}", text());
    if host {
        assert_eq!(again.host(), request.host(), "{}", text());
    }
}
