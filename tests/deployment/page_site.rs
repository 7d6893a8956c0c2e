//! A live site with a page, an API and a WebSocket, which the test may put a fault into.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::raw_site;

/// The status of an answer that goes on and on: its body comes again every tenth of a second.
pub(crate) const STREAM: u16 = 1;

/// An answer: its status, its headers and its body; with status 0 there is none, ever.
#[derive(Clone)]
pub(crate) struct Answer(pub(crate) u16, pub(crate) &'static str, pub(crate) String);

/// The page of a build that names these.
pub(crate) fn page(body: &str) -> Answer {
    let text =
        format!("<!doctype html><html lang=en><title>Shop</title><link rel=icon href=data:,>{body}</html>");
    Answer(200, "Content-Type: text/html", text)
}

/// A script.
pub(crate) fn script(text: &str) -> Answer {
    Answer(200, "Content-Type: text/javascript", text.to_owned())
}

/// A live site.
pub(crate) struct PageSite {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
    pub(crate) directory: tempfile::TempDir,
}

impl PageSite {
    /// One that is right, but for the answers in `other`.
    pub(crate) fn with(other: &[(&'static str, Answer)]) -> PageSite {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut answers = right();
        answers.extend(other.iter().cloned());
        let log = Arc::clone(&asked);
        let url = raw_site::serve(move |head, stream| {
            let line = head.lines().next().unwrap_or_default();
            log.lock().unwrap().push(head.to_owned());
            let path = line.split([' ', '?']).nth(1).unwrap_or_default();
            answer(answers.get(path), head, stream)
        });
        PageSite { url, asked, directory: tempfile::tempdir().unwrap() }
    }

    /// The heads of all requests.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Writes a profile, with `more` in it.
    pub(crate) fn profile(&self, more: &str) -> String {
        let path = self.directory.path().join("hopcheck.toml");
        let text = "[api]\npath = \"/api/items\"\n\n[stomp]\nendpoint = \"/ws\"\n\n[preflight]\n\
                    allow-origin = \"https://app.example.com\"\nallow-headers = \"Content-Type\"\ncredentials = true\n\n\
                    [limits]\nrequests-per-second = 200\n";
        std::fs::write(&path, format!("{text}{more}")).unwrap();
        path.display().to_string()
    }
}

fn right() -> BTreeMap<&'static str, Answer> {
    let app = "navigator.serviceWorker.register('/sw.js');
               fetch('/api/items').then(answer => answer.json());
               fetch('/api/me');";
    let items = "Content-Type: application/json\r\nAccess-Control-Allow-Origin: https://app.example.com\r\n\
                 Access-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Headers: content-type";
    BTreeMap::from([
        (
            "/",
            page("<link rel=stylesheet href=\"/app-2.css\"><h1>Shop</h1><script src=\"/app-2.js\"></script>"),
        ),
        ("/app-2.js", script(app)),
        ("/app-2.css", Answer(200, "Content-Type: text/css", "h1 { color: green }".to_owned())),
        (
            "/sw.js",
            script("self.addEventListener('fetch', event => event.respondWith(fetch(event.request)));"),
        ),
        ("/api/items", Answer(200, items, "[]".to_owned())),
        ("/api/me", Answer(401, "Content-Type: application/json", "{}".to_owned())),
        ("/ws", Answer(101, "Sec-WebSocket-Protocol: v12.stomp", String::new())),
    ])
}

fn answer(answer: Option<&Answer>, head: &str, stream: &mut TcpStream) -> bool {
    let missing = Answer(404, "Content-Type: text/plain", "no".to_owned());
    let Answer(status, headers, body) = answer.unwrap_or(&missing);
    match *status {
        // Until the client gives up.
        0 => drop(stream.read(&mut [0])),
        STREAM => go_on(headers, body, stream),
        101 => upgrade(headers, head, stream),
        _ => {
            let length = body.len();
            let body = if head.starts_with("HEAD ") { "" } else { body };
            let text = format!("HTTP/1.1 {status} X\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{body}");
            return stream.write_all(text.as_bytes()).is_ok();
        }
    }
    false
}

/// Sends `body` again and again, until the client has enough.
fn go_on(headers: &str, body: &str, stream: &mut TcpStream) {
    let _ = stream.set_read_timeout(Some(std::time::Duration::from_millis(100)));
    let mut sent = stream.write_all(format!("HTTP/1.1 200 X\r\n{headers}\r\n\r\n").as_bytes());
    while sent.is_ok() {
        sent = stream.write_all(body.as_bytes());
        match stream.read(&mut [0]) {
            Ok(_) => return,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// Opens a WebSocket, and closes it when the client does.
fn upgrade(headers: &str, head: &str, stream: &mut TcpStream) {
    let is_key = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("sec-websocket-key");
    let key = head.lines().filter_map(|line| line.split_once(": ")).find(is_key);
    let accept = derive_accept_key(key.map_or("", |(_, key)| key).as_bytes());
    let text = format!(
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{headers}\r\n\r\n"
    );
    let _ = stream.write_all(text.as_bytes());
    let _ = stream.read(&mut [0; 64]);
    // Close, with 1000.
    let _ = stream.write_all(&[0x88, 2, 3, 0xE8]);
}
