//! Reloads and ends, with TLS.

use std::io::{Read, Write};
use std::sync::Arc;

use rustix::process::Signal;

use super::client::{PAIRS, Tls, any_client, app_server, ask, client, config, get, head, server, site};
use crate::server::{Server, Site};

/// The certificate that a new client is shown, by its name.
fn shown(server: &Server<'_>) -> &'static str {
    let mut tls = client(server, &Arc::new(config()), "a.test");
    ask(&mut tls, &get("/", "x"));
    let certificate = tls.conn.peer_certificates().unwrap().first().unwrap();
    PAIRS.iter().find(|pair| pair.der == *certificate).unwrap().name
}

/// As an ACME client renews it: the same paths, other contents.
fn renew(site: &Site, certificate: &str, key: &str) {
    let text = |name: &str| site.read(name);
    site.write("default.crt", &text(certificate));
    site.write("default.key", &text(key));
}

fn echoes(tls: &mut Tls, text: &str) -> bool {
    let mut back = vec![0; text.len()];
    tls.write_all(text.as_bytes()).is_ok() && tls.read_exact(&mut back).is_ok() && back == text.as_bytes()
}

/// A site with a tunnel, whose app server sends back what it gets.
fn tunnelling() -> Site {
    let echo = app_server(|mut stream| {
        head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
            .unwrap();
        let mut byte = [0];
        while stream.read(&mut byte).is_ok_and(|count| count > 0) && stream.write_all(&byte).is_ok() {}
    });
    let upgrade = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";
    site(&server(&format!(
        "location / {{ return 204; }} location /ws {{ {upgrade} proxy_pass http://{echo}; }}"
    )))
}

fn open_tunnel(server: &Server<'_>) -> Tls {
    let mut tls = any_client(server);
    tls.write_all(b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").unwrap();
    assert!(head(&mut tls).starts_with("HTTP/1.1 101 "));
    tls
}

#[test]
fn a_reload_brings_a_renewed_certificate_and_leaves_tunnels_alone() {
    let site = tunnelling();
    let server = site.start();
    let mut tunnel = open_tunnel(&server);
    assert_eq!(shown(&server), "default");
    renew(&site, "renewed.crt", "renewed.key");
    assert_eq!(shown(&server), "default", "until it is reloaded");
    server.signal(Signal::HUP);
    server.logged("gracefully shutting down", 1);
    assert_eq!(shown(&server), "renewed");
    assert!(echoes(&mut tunnel, "still here"));
    drop(tunnel);
    server.logged("exited with code 0", 1);
}

#[test]
fn half_a_renewal_changes_nothing_and_is_logged() {
    let site = tunnelling();
    let server = site.start();
    renew(&site, "renewed.crt", "default.key");
    server.signal(Signal::HUP);
    let key = site.path("default.key");
    server.logged(
        &format!(
            "[emerg] {pid}#{pid}: SSL_CTX_use_PrivateKey(\"{key}\") failed (SSL: key values mismatch) in ",
            pid = server.pid(),
            key = key.display()
        ),
        1,
    );
    assert_eq!(shown(&server), "default");
}

#[test]
fn quitting_ends_tunnels_and_says_so() {
    let site = tunnelling();
    let mut server = site.start();
    let mut tunnel = open_tunnel(&server);
    server.signal(Signal::QUIT);
    server.logged("gracefully shutting down", 1);
    assert!(echoes(&mut tunnel, "a last word"));
    assert_eq!(tunnel.read(&mut [0; 1]).unwrap(), 0);
    assert!(server.end().success());
}
