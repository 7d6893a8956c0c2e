//! Requests and responses inside of TLS.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use super::client::{Tls, any_client, app_server, ask, both, get, head, rest, server, site};
use crate::server::Server;

const SIZE: usize = 5_000_000;

const UPGRADE: &str =
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8).collect()
}

#[test]
fn requests_share_a_connection_and_may_come_all_at_once() {
    let site = site(&server("location / { return 200 $connection_requests$request_uri; }"));
    let server = site.start();
    let mut tls = any_client(&server);
    let request = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    for count in 1..3 {
        tls.write_all(request("/a").as_bytes()).unwrap();
        assert!(head(&mut tls).contains("Connection: keep-alive\r\n"));
        let mut body = [0; 3];
        tls.read_exact(&mut body).unwrap();
        assert_eq!(body, *format!("{count}/a").as_bytes());
    }
    let answers = ask(&mut tls, &[request("/b"), request("/c"), get("/d", "x")].concat());
    let bodies = answers.split("\r\n\r\n").filter_map(|part| part.get(..3)).collect::<Vec<_>>();
    assert_eq!(bodies, ["HTT", "3/b", "4/c", "5/d"]);
}

#[test]
fn redirects_keep_to_https() {
    let directives = "root www; location /away { return 301 https://$host$request_uri; }";
    let locations = both(&server(directives), |server| {
        server.site.write("www/dir/index.html", "x");
        ["/dir", "/away?x"].map(|target| {
            let answer = ask(&mut any_client(server), &get(target, "a.test"));
            let location =
                answer.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap_or_default();
            location.replace(&server.site.address(0).port().to_string(), "PORT")
        })
    });
    assert_eq!(locations, ["https://a.test:PORT/dir/", "https://a.test/away?x"]);
}

#[test]
fn a_long_file_arrives_whole() {
    let site = site(&server("root www; sendfile on;"));
    let server = site.start();
    std::fs::write(site.path("www/long"), pattern(SIZE)).unwrap();
    let mut tls = any_client(&server);
    tls.write_all(get("/long", "x").as_bytes()).unwrap();
    head(&mut tls);
    let mut body = Vec::new();
    tls.read_to_end(&mut body).unwrap();
    assert!(body == pattern(SIZE), "{} bytes, or others", body.len());
}

#[test]
fn long_bodies_go_both_ways() {
    let echo = app_server(|mut stream| {
        head(&mut stream);
        let mut body = vec![0; SIZE];
        stream.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").unwrap();
        stream.write_all(&body).unwrap();
    });
    let site = site(&server(&format!("client_max_body_size 0; location / {{ proxy_pass http://{echo}; }}")));
    let server = site.start();
    let mut tls = any_client(&server);
    let request =
        format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {SIZE}\r\n\r\n");
    tls.write_all(request.as_bytes()).unwrap();
    tls.write_all(&pattern(SIZE)).unwrap();
    assert!(head(&mut tls).contains("Transfer-Encoding: chunked"));
    let mut coded = Vec::new();
    tls.read_to_end(&mut coded).unwrap();
    assert!(unchunked(&coded) == pattern(SIZE), "{} bytes, coded", coded.len());
}

fn unchunked(mut coded: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = coded.windows(2).position(|pair| pair == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&coded[..end]).unwrap(), 16).unwrap();
        body.extend_from_slice(&coded[end + 2..][..size]);
        coded = &coded[end + 2 + size + 2..];
    }
    body
}

#[test]
fn what_an_app_server_says_is_passed_on_at_once() {
    let (go_on, told) = mpsc::channel::<()>();
    let told = Arc::new(Mutex::new(told));
    let waiting = app_server(move |mut stream| {
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nfirst").unwrap();
        told.lock().unwrap().recv().unwrap();
        stream.write_all(b"after").unwrap();
    });
    let site = site(&server(&format!("location / {{ proxy_pass http://{waiting}; }}")));
    let server = site.start();
    let mut tls = any_client(&server);
    tls.write_all(get("/", "x").as_bytes()).unwrap();
    head(&mut tls);
    let mut first = [0; 5];
    tls.read_exact(&mut first).unwrap();
    go_on.send(()).unwrap();
    assert_eq!((&first, rest(&mut tls).as_str()), (b"first", "after"));
}

#[test]
fn a_client_that_reads_nothing_holds_the_app_server_back() {
    let (report, poured) = mpsc::channel();
    let pouring = app_server(move |mut stream| {
        head(&mut stream);
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").unwrap();
        let (piece, mut written) = ([b'x'; 65_536], 0);
        while written < 200_000_000 {
            match stream.write(&piece) {
                Ok(count) => written += count,
                Err(_) => break,
            }
        }
        let _ = report.send(written);
    });
    let site = site(&server(&format!("location / {{ proxy_pass http://{pouring}; }}")));
    let server = site.start();
    let mut tls = any_client(&server);
    tls.write_all(get("/", "x").as_bytes()).unwrap();
    let written = poured.recv().unwrap();
    assert!(written < 100_000_000, "{written} bytes were taken");
    let mut rest = Vec::new();
    let _ = tls.read_to_end(&mut rest);
    assert!(rest.len() > 1_000_000, "what was taken is passed on: {}", rest.len());
}

#[test]
fn a_refused_body_does_not_take_the_answer_with_it() {
    let site = site(&server("client_max_body_size 1k; location / { proxy_pass http://127.0.0.1:9; }"));
    let server = site.start();
    let mut tls = any_client(&server);
    tls.write_all(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n").as_bytes())
        .unwrap();
    tls.write_all(&pattern(200_000)).unwrap();
    assert!(rest(&mut tls).starts_with("HTTP/1.1 413 "));
}

#[test]
fn the_end_of_an_idle_connection_is_announced() {
    let site = site(&server("keepalive_timeout 50ms; return 204;"));
    let server = site.start();
    let mut tls = any_client(&server);
    assert!(ask(&mut tls, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").contains("keep-alive"));
}

#[test]
fn an_answer_that_breaks_off_does_not_end_well() {
    let breaking = app_server(|mut stream| {
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n").unwrap();
    });
    let site = site(&server(&format!("location / {{ proxy_pass http://{breaking}; }}")));
    let server = site.start();
    let mut tls = any_client(&server);
    tls.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let error = tls.read_to_end(&mut answer).unwrap_err();
    assert_eq!((error.kind(), answer.ends_with(b"first")), (std::io::ErrorKind::UnexpectedEof, true));
}

#[test]
fn a_web_socket_goes_both_ways_and_may_half_close() {
    let shouting = app_server(|mut stream| {
        head(&mut stream);
        stream.write_all(format!("{SWITCH}hello").as_bytes()).unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        stream.write_all(all.to_uppercase().as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
    });
    let site = site(&server(&format!("location / {{ {UPGRADE} proxy_pass http://{shouting}; }}")));
    let server = site.start();
    let mut tls = any_client(&server);
    tls.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").unwrap();
    assert!(head(&mut tls).starts_with("HTTP/1.1 101 "));
    let mut greeting = [0; 5];
    tls.read_exact(&mut greeting).unwrap();
    let long = "words ".repeat(100_000);
    tls.write_all(long.as_bytes()).unwrap();
    tls.conn.send_close_notify();
    tls.flush().unwrap();
    assert!(rest(&mut tls) == long.to_uppercase());
}

/// A tunnel to this app server.
fn tunnel(server: &Server<'_>) -> (Tls, String) {
    let mut tls = any_client(server);
    tls.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").unwrap();
    let head = head(&mut tls);
    (tls, head)
}

#[test]
fn a_tunnel_s_half_may_end_without_notice() {
    let shouting = app_server(|mut stream| {
        head(&mut stream);
        stream.write_all(SWITCH.as_bytes()).unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        stream.write_all(all.to_uppercase().as_bytes()).unwrap();
    });
    let site = site(&server(&format!("location / {{ {UPGRADE} proxy_pass http://{shouting}; }}")));
    let server = site.start();
    let (mut tls, _) = tunnel(&server);
    tls.write_all(b"last words").unwrap();
    tls.sock.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut tls), "LAST WORDS");
}

#[test]
fn what_is_no_tls_ends_a_tunnel() {
    let (done, waiting) = mpsc::channel::<()>();
    let waiting = Arc::new(Mutex::new(waiting));
    let stubborn = app_server(move |mut stream| {
        head(&mut stream);
        stream.write_all(SWITCH.as_bytes()).unwrap();
        let _ = waiting.lock().unwrap().recv();
    });
    let site = site(&server(&format!("location / {{ {UPGRADE} proxy_pass http://{stubborn}; }}")));
    let server = site.start();
    let (mut tls, _) = tunnel(&server);
    tls.sock.write_all(b"\x17\x03\x03\x00\x20no record of this very session...").unwrap();
    tls.sock.read_to_end(&mut Vec::new()).unwrap();
    drop(done);
}

#[test]
fn a_silent_tunnel_s_end_is_announced() {
    let silent = app_server(|mut stream| {
        head(&mut stream);
        stream.write_all(SWITCH.as_bytes()).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let directives =
        format!("location / {{ {UPGRADE} proxy_read_timeout 100ms; proxy_pass http://{silent}; }}");
    let site = site(&server(&directives));
    let server = site.start();
    // An app server that does not get its turn in time is answered for with 504.
    let mut tls = std::iter::repeat_with(|| tunnel(&server))
        .find_map(|(tls, head)| head.starts_with("HTTP/1.1 101 ").then_some(tls))
        .unwrap();
    assert_eq!(rest(&mut tls), "");
}
