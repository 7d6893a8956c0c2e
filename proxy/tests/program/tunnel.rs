//! What reloads and ends mean to a WebSocket: D11 wants it to live long.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use rustix::process::Signal;

use crate::server::{Server, Site, eventually};

/// An app server that agrees to every upgrade and then sends back what it gets.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || echo_one(stream));
        }
    });
    address
}

fn echo_one(mut stream: TcpStream) {
    read_head(&mut stream);
    stream
        .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
        .unwrap();
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|count| count > 0) && stream.write_all(&byte).is_ok() {}
}

fn read_head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn site() -> Site {
    Site::new(&format!(
        "worker_processes 1; pid nginx.pid; error_log logs/error.log notice; events {{}}
        http {{ access_log off; server {{ listen 127.0.0.1:@PORT@; location / {{
            proxy_pass http://{};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }} }} }}",
        echo()
    ))
}

fn open_tunnel(server: &Server<'_>) -> TcpStream {
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").unwrap();
    let head = read_head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream
}

fn echoes(stream: &mut TcpStream, text: &str) -> bool {
    let mut back = vec![0; text.len()];
    stream.write_all(text.as_bytes()).is_ok()
        && stream.read_exact(&mut back).is_ok()
        && back == text.as_bytes()
}

#[test]
fn a_reload_leaves_tunnels_alone() {
    let site = site();
    let server = site.start();
    let mut tunnel = open_tunnel(&server);
    server.signal(Signal::HUP);
    server.logged("gracefully shutting down", 1);
    assert!(echoes(&mut tunnel, "still here"));
    drop(tunnel);
    server.logged("exited with code 0", 1);
}

#[test]
fn quitting_closes_tunnels_after_a_grace() {
    let site = site();
    let mut server = site.start();
    let mut tunnel = open_tunnel(&server);
    server.signal(Signal::QUIT);
    server.logged("gracefully shutting down", 1);
    assert!(echoes(&mut tunnel, "a last word"));
    assert_eq!(tunnel.read(&mut [0; 1]).unwrap_or_default(), 0);
    assert!(server.end().success());
}

#[test]
fn stopping_closes_tunnels_at_once() {
    let site = site();
    let mut server = site.start();
    let mut tunnel = open_tunnel(&server);
    server.signal(Signal::TERM);
    assert_eq!(tunnel.read(&mut [0; 1]).unwrap_or_default(), 0);
    assert!(server.end().success());
    eventually("the pid file is gone", || !site.path("nginx.pid").exists());
}
