//! An app server that answers as it is told by the request itself.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// An app server on a thread of its own. `X-Say: STATUS;Name: value;…` in a request says what it answers, where `|` in a field
/// stands for `;`, and a word without a colon is `chunked`, `early` (a 103 comes first), `eof` (the body ends with the connection), `close` (no answer), `silent`, `held` (until it is
/// let go) or `half` (and the rest when it is let go). The body says how many requests there were, and those of their fields that a cache may change.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

#[derive(Default)]
struct Shared {
    requests: Mutex<usize>,
    changed: Condvar,
    is_free: Mutex<bool>,
}

impl App {
    /// Starts it.
    pub(crate) fn start(address: SocketAddr) -> App {
        let app = App(Arc::default());
        let listener = TcpListener::bind(address).unwrap();
        let serving = app.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let app = serving.clone();
                thread::spawn(move || app.answer(stream));
            }
        });
        app
    }

    /// Waits until there were so many requests.
    pub(crate) fn asked(&self, times: usize) {
        let requests = self.0.requests.lock().unwrap();
        let waited = self.0.changed.wait_timeout_while(requests, Duration::from_secs(20), |now| *now < times);
        assert!(!waited.unwrap().1.timed_out(), "the app server was not asked {times} times");
    }

    /// Answers what is held, and from now on at once.
    pub(crate) fn let_go(&self) {
        *self.0.is_free.lock().unwrap() = true;
        self.0.changed.notify_all();
    }

    /// Holds what is to be held again.
    pub(crate) fn hold(&self) {
        *self.0.is_free.lock().unwrap() = false;
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        *self.0.requests.lock().unwrap()
    }

    fn answer(&self, mut stream: TcpStream) {
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let Some(line) = head.first() else { return };
        let number = {
            let mut requests = self.0.requests.lock().unwrap();
            *requests += 1;
            self.0.changed.notify_all();
            *requests
        };
        let said = head.iter().find_map(|line| line.strip_prefix("X-Say: ")).unwrap_or("200");
        let mut words = said.split(';');
        let status = words.next().unwrap_or_default();
        let (fields, words): (Vec<&str>, Vec<&str>) = words.partition(|word| word.contains(": "));
        let fields: Vec<String> = fields.iter().map(|field| field.replace('|', ";")).collect();
        if words.contains(&"held") {
            self.wait();
        }
        if words.contains(&"silent") {
            thread::sleep(Duration::from_secs(1));
        }
        if words.contains(&"close") || words.contains(&"silent") {
            return;
        }
        let shown = ["if-", "range"];
        let seen: Vec<&str> = head
            .iter()
            .skip(1)
            .filter(|line| shown.iter().any(|start| line.to_ascii_lowercase().starts_with(start)))
            .map(String::as_str)
            .collect();
        let body = format!("{number} {} {}", line.trim_end_matches(" HTTP/1.1"), seen.join(" "));
        // More than a proxy keeps before it passes some of it on.
        let more = if words.contains(&"half") { 200_000 } else { 0 };
        let body = body + &"x".repeat(more);
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        let has_body = !line.starts_with("HEAD ") && !["204", "304"].contains(&status);
        let (framing, body) = match (has_body, &words[..]) {
            (false, _) if status == "200" => (format!("Content-Length: {}\r\n", body.len()), String::new()),
            (false, _) => (String::new(), String::new()),
            (true, ["chunked"]) => (
                "Transfer-Encoding: chunked\r\n".to_owned(),
                format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
            ),
            (true, ["eof"]) => (String::new(), body),
            (true, _) => (format!("Content-Length: {}\r\n", body.len()), body),
        };
        let early = if said.split(';').any(|word| word == "early") {
            "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n"
        } else {
            ""
        };
        let text =
            format!("{early}HTTP/1.1 {status} Said\r\n{fields}{framing}Connection: close\r\n\r\n{body}");
        if words.contains(&"half") {
            let (first, rest) = text.split_at(text.len() / 2);
            let _ = stream.write_all(first.as_bytes());
            self.wait();
            let _ = stream.write_all(rest.as_bytes());
        } else {
            let _ = stream.write_all(text.as_bytes());
        }
    }

    /// Waits until it is let go.
    fn wait(&self) {
        let free = self.0.is_free.lock().unwrap();
        drop(self.0.changed.wait_timeout_while(free, Duration::from_secs(20), |free| !*free));
    }
}
