//! App servers that speak HTTP/2 in the clear, rightly and wrongly.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderValue, Request, Response};

/// What reached an app server: a line for each request.
pub(super) type Seen = Arc<Mutex<Vec<String>>>;

/// An app server whose answers depend on the path; the requests are noted, with the number of their stream.
pub(super) fn start(address: SocketAddr) -> Seen {
    let listener = TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                let noted = Arc::clone(&noted);
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(socket).await.unwrap();
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        tokio::spawn(answer(request, respond, Arc::clone(&noted)));
                    }
                });
            }
        });
    });
    seen
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, seen: Seen) {
    let (head, mut body) = request.into_parts();
    let mut received = Vec::new();
    while let Some(data) = body.data().await {
        let Ok(data) = data else { return };
        let _ = body.flow_control().release_capacity(data.len());
        received.extend_from_slice(&data);
    }
    let mut fields: Vec<String> =
        head.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    fields.sort();
    seen.lock().unwrap().push(format!(
        "{} {} {} {:?} {} {}",
        u32::from(respond.stream_id()),
        head.method,
        head.uri.path_and_query().unwrap(),
        head.uri.authority().map(ToString::to_string),
        fields.join("|"),
        if received.len() > 20 {
            format!("({} bytes)", received.len())
        } else {
            String::from_utf8(received).unwrap()
        },
    ));
    let response = |status: u16| Response::builder().status(status).header("x-app", "yes");
    let path = head.uri.path();
    if head.method == http::Method::HEAD {
        respond.send_response(response(200).header("content-length", "5").body(()).unwrap(), true).unwrap();
        return;
    }
    match path.trim_start_matches("/set") {
        "/length" => {
            let head = response(200).header("content-length", "5").body(()).unwrap();
            let mut stream = respond.send_response(head, false).unwrap();
            stream.send_data(Bytes::from_static(b"12345"), true).unwrap();
        }
        "/stream" => {
            let mut stream = respond.send_response(response(200).body(()).unwrap(), false).unwrap();
            stream.send_data(Bytes::from_static(b"12"), false).unwrap();
            stream.send_data(Bytes::from_static(b"345"), true).unwrap();
        }
        "/trailers" => {
            let mut stream = respond.send_response(response(200).body(()).unwrap(), false).unwrap();
            stream.send_data(Bytes::from_static(b"body"), false).unwrap();
            let trailers = HeaderMap::from_iter([(
                http::HeaderName::from_static("x-sum"),
                HeaderValue::from_static("7"),
            )]);
            stream.send_trailers(trailers).unwrap();
        }
        "/hints" => {
            let hints = Response::builder().status(103).header("link", "</a.js>").body(()).unwrap();
            respond.send_informational(hints).unwrap();
            let mut stream = respond.send_response(response(200).body(()).unwrap(), false).unwrap();
            stream.send_data(Bytes::from_static(b"after"), true).unwrap();
        }
        "/none" => {
            respond.send_response(response(204).body(()).unwrap(), true).unwrap();
        }
        "/large" => {
            let mut stream = respond.send_response(response(200).body(()).unwrap(), false).unwrap();
            send_all(&mut stream, Bytes::from(vec![b'x'; 3_000_000])).await;
        }
        "/missing" => {
            respond.send_response(response(404).body(()).unwrap(), true).unwrap();
        }
        "/short" => {
            let head = response(200).header("content-length", "10").body(()).unwrap();
            let mut stream = respond.send_response(head, false).unwrap();
            stream.send_data(Bytes::from_static(b"123"), true).unwrap();
        }
        "/reset" => respond.send_reset(Reason::INTERNAL_ERROR),
        "/refused" => respond.send_reset(Reason::REFUSED_STREAM),
        _ => {
            let mut stream = respond.send_response(response(200).body(()).unwrap(), false).unwrap();
            stream.send_data(Bytes::from_static(b"ok"), true).unwrap();
        }
    }
}

async fn send_all(stream: &mut h2::SendStream<Bytes>, mut data: Bytes) {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let Some(Ok(room)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else { return };
        let piece = data.split_to(room.min(data.len()));
        let is_last = data.is_empty();
        stream.send_data(piece, is_last).unwrap();
    }
}

/// An app server that answers a request with these bytes, and then closes the connection once the proxy has.
pub(super) fn start_raw(address: SocketAddr, answer: &'static [u8]) {
    let listener = TcpListener::bind(address).unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                wait_for_request(&mut stream);
                let _ = stream.write_all(answer);
                let _ = stream.read_to_end(&mut Vec::new());
            });
        }
    });
}

/// Reads frames up to the first HEADERS.
fn wait_for_request(stream: &mut TcpStream) {
    const HEADERS: u8 = 1;
    let mut head = [0; 24];
    if stream.read_exact(&mut head).is_err() {
        return;
    }
    let mut frame = [0; 9];
    while stream.read_exact(&mut frame).is_ok() {
        let length = usize::from(frame[1]) << 8 | usize::from(frame[2]);
        let mut payload = vec![0; length];
        if stream.read_exact(&mut payload).is_err() || frame[3] == HEADERS {
            return;
        }
    }
}
