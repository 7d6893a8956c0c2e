//! `worker_shutdown_timeout`: what becomes of the connections of a worker that has to go.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use rustix::process::Signal;

use crate::files::{nginx, request};
use crate::server::{Server, Site, connect, eventually};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log notice; worker_shutdown_timeout 300ms; events {}
    http {
        log_format short '$request_uri $status $body_bytes_sent|$upstream_status';
        access_log logs/access.log short;
        proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
        server {
            listen 127.0.0.1:@PORT@;
            location / { proxy_pass http://127.0.0.1:@PORT2@; }
            location /soon { return 200 soon; }
        }
    }";

/// An app server that upgrades what asks for it, and answers nothing else.
fn answer_nobody(address: SocketAddr) {
    let app = TcpListener::bind(address).unwrap();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in app.incoming().map_while(Result::ok) {
            let mut stream = stream;
            let mut head = [0; 1024];
            let length = stream.read(&mut head).unwrap_or_default();
            if head[..length].starts_with(b"GET /ws") {
                let _ = stream
                    .write_all(b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nhello");
            }
            kept.push(stream);
        }
    });
}

/// Connections of every kind, each of which has begun.
fn connections(server: &Server<'_>) -> Vec<TcpStream> {
    let texts = [
        request("GET", "/ws", &["Upgrade: websocket"]),
        request("GET", "/unanswered", &[]),
        format!("{}half", request("POST", "/soon/unsent", &["Content-Length: 9"])),
        format!("{}half", request("POST", "/unsent", &["Content-Length: 9"])),
    ];
    texts
        .iter()
        .map(|text| {
            let mut connection = connect(server.site.address(0));
            connection.write_all(text.as_bytes()).unwrap();
            connection
        })
        .collect()
}

/// Tells the program to go or to start anew; what is logged of the requests that were under way.
fn logged(server: &Server<'_>, signal: Signal) -> Vec<String> {
    answer_nobody(server.site.address(1));
    let mut all = connections(server);
    let mut hello = [0; 512];
    let mut seen = Vec::new();
    while !seen.ends_with(b"hello") {
        let length = all[0].read(&mut hello).unwrap();
        assert!(length > 0, "the WebSocket did not open");
        seen.extend_from_slice(&hello[..length]);
    }
    server.signal(signal);
    server.logged("gracefully shutting down", 1);
    for connection in &mut all {
        // Or they would be open still when the time of tests is over.
        connection.read_to_end(&mut Vec::new()).unwrap();
    }
    let log = || server.site.read("logs/access.log");
    eventually("every request is logged", || log().lines().count() >= all.len());
    let mut lines: Vec<String> = log().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn connections_are_closed_when_the_time_is_over() {
    let wanted = ["/soon/unsent 200 4|-", "/unanswered 000 0|-", "/unsent 000 0|-", "/ws 101 5|101"];
    for signal in [Signal::HUP, Signal::QUIT] {
        let site = Site::new(CONF);
        let mut server = site.start();
        assert_eq!(logged(&server, signal), wanted);
        if signal == Signal::QUIT {
            assert!(server.end().success());
        } else {
            assert_eq!(server.get("/soon").body, "soon");
        }
        let Some(nginx) = nginx() else { continue };
        let site = Site::new(CONF);
        let server = site.start_nginx(&nginx);
        assert_eq!(logged(&server, signal), wanted);
    }
}
