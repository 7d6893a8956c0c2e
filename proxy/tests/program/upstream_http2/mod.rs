//! `proxy_http_version 2`: what app servers see, and what clients get, compared with nginx where there is one that has it.

mod app;

use std::io::{Read, Write};

use crate::server::{Response, Server, Site, eventually, read_response};
use crate::versions::nginx;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log info; events {}
    http {
        access_log off;
        upstream app { server 127.0.0.1:@PORT2@ max_fails=0; keepalive 4; }
        proxy_http_version 2;
        proxy_next_upstream off;
        server {
            listen 127.0.0.1:@PORT@;
            location / { proxy_pass http://app; }
            location /set/ { proxy_pass http://app; proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; }
            location /hints { early_hints 1; proxy_pass http://app; }
            location /unbuffered { proxy_pass http://app; proxy_request_buffering off; }
            location /body { proxy_pass http://app; proxy_set_body 'set for $uri'; proxy_method PUT; }
            location /upgrade { proxy_pass http://app; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection; }
        }
    }";

/// What is found out about the reference proxy must be found out about nginx, too.
fn both<T: PartialEq + std::fmt::Debug>(ask: impl Fn(&Server<'_>) -> T) -> T {
    let site = Site::new(CONF);
    let ours = ask(&site.start_as("1.30"));
    if let Some(nginx) = nginx("1.30") {
        let site = Site::new(CONF);
        assert_eq!(ours, ask(&site.start_nginx(&nginx)), "nginx is on the right");
    }
    ours
}

/// What comes back for a request with these fields and this body: status, some fields, the body.
fn ask(server: &Server<'_>, line: &str, fields: &str, body: &str) -> String {
    let request = format!("{line} HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n{fields}\r\n{body}");
    shown(&server.send(request.as_bytes()))
}

fn shown(response: &Response) -> String {
    let is_told = |line: &&String| {
        ["http/", "x-app", "content-length", "transfer-encoding", "link"]
            .iter()
            .any(|name| line.to_ascii_lowercase().starts_with(name))
    };
    // The length of a page of the proxy's own is its own business.
    let is_error = response.status() >= 500;
    let head: Vec<String> =
        response.head.iter().filter(is_told).map(|line| line.to_ascii_lowercase()).collect();
    let is_chunked = head.iter().any(|line| line.starts_with("transfer-encoding"));
    // What comes in one chunk is a matter of time.
    let body = if is_chunked { joined(&response.body) } else { response.body.clone() };
    // Behind early hints the answer follows.
    let body = body.split("\r\n").filter(|line| !line.starts_with("Server: ") && !line.starts_with("Date: "));
    let body = body.collect::<Vec<_>>().join("\r\n");
    match is_error {
        true => head.first().cloned().unwrap_or_default(),
        false if body.len() > 200 => format!("{} ({} bytes)", head.join("|"), body.len()),
        false => format!("{} {body:?}", head.join("|")),
    }
}

/// A body without its chunks, and its end marked.
fn joined(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or_default();
        let Some(data) = rest.get(..size).filter(|_| size > 0) else { return body + "." };
        body.push_str(data);
        chunks = rest.get(size + 2..).unwrap_or_default();
    }
    body
}

/// What the error log says about upstreams.
fn logged(server: &Server<'_>) -> Vec<String> {
    let text = server.site.read("logs/error.log");
    let said = |line: &str| {
        let message = line.split_once(" *")?.1.split_once(' ')?.1.split_once(", client: ")?.0;
        message.contains("upstream").then(|| message.to_owned())
    };
    text.lines().filter_map(said).collect()
}

#[test]
fn an_app_server_is_asked_in_http2_on_a_connection_that_is_kept() {
    let (answers, seen) = both(|server| {
        let seen = app::start(server.site.address(1));
        let chunked = "Transfer-Encoding: chunked\r\n";
        let answers = [
            ask(server, "GET /length?a=b", "Cookie: a=b; c=d\r\nX-Own: yes\r\n", ""),
            ask(
                server,
                "GET /set/stream",
                "TE: trailers\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nTrailer: X-Sum\r\n",
                "",
            ),
            ask(server, "HEAD /length", "", ""),
            ask(server, "HEAD /stream", "", ""),
            ask(server, "GET /none", "", ""),
            ask(server, "GET /missing", "", ""),
            ask(server, "POST /stream", "Content-Length: 4\r\n", "text"),
            ask(server, "POST /stream", chunked, "4\r\ntext\r\n3\r\nand\r\n0\r\n\r\n"),
            ask(server, "POST /unbuffered", chunked, "4\r\ntext\r\n0\r\n\r\n"),
            ask(server, "POST /stream", "Content-Length: 0\r\n", ""),
            ask(server, "POST /body", "Content-Length: 4\r\n", "text"),
            ask(server, "GET /trailers", "", ""),
            ask(server, "GET /hints", "", ""),
            ask(server, "GET /large", "", ""),
            ask(server, "POST /large", "Content-Length: 1000000\r\n", &"y".repeat(1_000_000)),
        ];
        let port = server.site.address(1).port().to_string();
        let seen: Vec<String> = seen.lock().unwrap().iter().map(|line| line.replace(&port, "PORT")).collect();
        (answers.map(|answer| answer.replace(&port, "PORT")), seen)
    });
    let ok = |rest: &str| format!("http/1.1 200 ok|{rest}");
    assert_eq!(answers[0], ok("content-length: 5|x-app: yes \"12345\""));
    assert_eq!(answers[1], ok("transfer-encoding: chunked|x-app: yes \"12345.\""));
    assert!(answers[12].starts_with("http/1.1 103 early hints|link: </a.js>"), "{}", answers[12]);
    assert_eq!(seen[0], "1 GET /length?a=b Some(\"app\") cookie: a=b; c=d|x-own: yes ");
    assert_eq!(
        seen[1],
        "3 GET /set/stream None host: site.test|trailer: X-Sum|x-hop: 1|x-real-ip: 127.0.0.1 "
    );
    assert!(seen[14].starts_with("29 POST /large"), "each is the next stream of one connection: {seen:#?}");
}

#[test]
fn requests_at_once_have_connections_of_their_own() {
    let streams = both(|server| {
        let seen = app::start(server.site.address(1));
        // None of them is sent to its end before all have begun.
        let mut clients: Vec<_> = (0..5).map(|_| server.connect()).collect();
        for client in &mut clients {
            client
                .write_all(b"POST /unbuffered HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nx")
                .unwrap();
        }
        for client in &mut clients {
            client.write_all(b"y").unwrap();
            assert_eq!(read_response(client).status(), 200);
        }
        let lines = seen.lock().unwrap().clone();
        lines.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(streams, ["1"; 5]);
}

#[test]
fn what_goes_wrong_is_a_502_in_the_words_of_nginx() {
    let (answers, log) = both(|server| {
        app::start(server.site.address(1));
        let answers = [
            ask(server, "GET /reset", "", ""),
            ask(server, "GET /refused", "", ""),
            ask(server, "POST /refused", "Content-Length: 4\r\n", "text"),
            ask(server, "GET /stream", "", ""),
        ];
        (answers, logged(server))
    });
    assert_eq!(answers[..3], ["http/1.1 502 bad gateway"; 3]);
    assert!(answers[3].starts_with("http/1.1 200"), "{}", answers[3]);
    let head = "while reading response header from upstream";
    assert_eq!(
        log,
        [
            format!("upstream rejected request with error 2 {head}"),
            format!("upstream rejected request with error 7 {head}"),
            format!("upstream rejected request with error 7 {head}"),
        ]
    );
}

#[test]
fn a_connection_field_that_is_set_makes_every_request_malformed() {
    let (answers, seen, log) = both(|server| {
        let seen = app::start(server.site.address(1));
        let request =
            b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
        let mut client = server.connect();
        client.write_all(request).unwrap();
        let mut first = [0; 12];
        client.read_exact(&mut first).unwrap();
        let answers = [String::from_utf8(first.to_vec()).unwrap(), ask(server, "GET /upgrade", "", "")];
        let seen = seen.lock().unwrap().len();
        (answers, seen, logged(server))
    });
    assert_eq!(answers, ["HTTP/1.1 502", "http/1.1 502 bad gateway"]);
    assert_eq!(seen, 0);
    let words = "upstream rejected request with error 1 while reading response header from upstream";
    assert_eq!(log, [words, words]);
}

#[test]
fn an_app_server_that_goes_away_or_speaks_http1_is_none() {
    const GOAWAY: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for (answer, words) in [
        (GOAWAY, "upstream sent goaway with error 0"),
        (
            b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
            "upstream sent too large http2 frame: 4740180",
        ),
    ] {
        let (status, log) = both(|server| {
            app::start_raw(server.site.address(1), answer);
            (ask(server, "GET /", "", ""), logged(server))
        });
        assert_eq!(status, "http/1.1 502 bad gateway");
        assert_eq!(log, [format!("{words} while reading response header from upstream")]);
    }
}

#[test]
fn an_answer_that_is_cut_short_is_cut_short_for_the_client() {
    let (is_whole, log) = both(|server| {
        app::start(server.site.address(1));
        let response = server.get("/short");
        eventually("it is logged", || !logged(server).is_empty());
        (response.body.len() >= 10, logged(server))
    });
    assert!(!is_whole);
    assert_eq!(log, ["upstream prematurely closed stream while reading upstream"]);
}
