//! Handshakes that fail.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::app::{CERTIFICATES, TlsApp};
use super::{both, get, logged};
use crate::server::Server;
use crate::tls::client::app_server;

/// Waits for the first bytes, and closes the connection.
fn closing() -> SocketAddr {
    app_server(|mut stream| drop(std::io::Read::read(&mut stream, &mut [0; 4096])))
}

/// The same, with a reset.
fn resetting() -> SocketAddr {
    app_server(|mut stream| {
        let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
        set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    })
}

/// Says nothing.
fn silent() -> SocketAddr {
    app_server(|stream| {
        std::thread::sleep(Duration::from_secs(10));
        drop(stream);
    })
}

/// Speaks HTTP alone.
fn plain() -> SocketAddr {
    app_server(|mut stream| {
        let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
        let _ =
            std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    })
}

/// Status and errors of a request to a server.
fn failed(app: fn() -> SocketAddr) -> (u16, Vec<String>) {
    let server = |app: &SocketAddr| {
        let limit = "proxy_connect_timeout 1s;".to_owned();
        (limit, format!("location / {{ proxy_pass https://{app}; }}"))
    };
    both(app, server, |server: &Server<'_>, _: &SocketAddr| {
        let status = get(server, "/").0;
        // The reason in brackets is the library's.
        let errors = logged(server, "/").into_iter().map(|line| match line.split_once("(SSL: ") {
            Some((before, rest)) => {
                let reason = rest.contains("wrong version number").then_some("wrong version number");
                let after = rest.split_once(") while").unwrap().1;
                format!("{before}(SSL: {}) while{after}", reason.unwrap_or("…"))
            }
            None => line,
        });
        (status, errors.collect())
    })
}

#[test]
fn a_handshake_that_fails_is_told_in_the_words_of_nginx() {
    let error =
        |status, why: &str| (status, vec![format!("{why} while SSL handshaking to upstream | https")]);
    assert_eq!(failed(closing), error(502, "peer closed connection in SSL handshake"));
    let reset = "peer closed connection in SSL handshake (104: Connection reset by peer)";
    assert_eq!(failed(resetting), error(502, reset));
    assert_eq!(failed(silent), error(504, "upstream timed out (110: Connection timed out)"));
    assert_eq!(failed(plain), error(502, "SSL_do_handshake() failed (SSL: wrong version number)"));
}

#[test]
fn without_a_version_in_common_there_is_no_session() {
    let app = || TlsApp::with_versions(&CERTIFICATES.app, &[&rustls::version::TLS12]);
    let server = |app: &TlsApp| {
        let server =
            format!("location / {{ proxy_pass https://{}; proxy_ssl_protocols TLSv1.3; }}", app.address);
        (String::new(), server)
    };
    let ask = |server: &Server<'_>, _: &TlsApp| {
        let errors = logged(server, "/");
        (get(server, "/").0, errors.iter().all(|line| line.starts_with("SSL_do_handshake() failed (SSL: ")))
    };
    assert_eq!(both(app, server, ask), (502, true));
}

#[test]
fn the_next_server_is_asked_even_for_a_post_and_the_first_counts_as_failed() {
    let apps = || (plain(), TlsApp::start(&CERTIFICATES.app));
    let server = |(plain, app): &(SocketAddr, TlsApp)| {
        let upstream = format!("upstream app {{ server {plain}; server {}; }}", app.address);
        (upstream, "location / { proxy_pass https://app; }".to_owned())
    };
    let ask = |server: &Server<'_>, (plain, app): &(SocketAddr, TlsApp)| {
        let post = b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
        let statuses = (server.send(post).status(), get(server, "/b").0);
        server.logged("upstream server temporarily disabled while SSL handshaking to upstream", 1);
        crate::server::eventually("both are logged", || {
            server.site.read("logs/access.log").lines().count() >= 2
        });
        let log = server.site.read("logs/access.log");
        let lines = log.replace(&plain.to_string(), "PLAIN").replace(&app.address.to_string(), "APP");
        // There is a time to connect only where there was a session.
        let lines: Vec<String> = lines.lines().map(|line| line.replace("0.00", "0.0")).collect();
        let lines: Vec<String> = lines
            .iter()
            .map(|line| line.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect())
            .collect();
        (statuses, lines.iter().map(|line| line.trim_end_matches(['0', '.']).to_owned()).collect::<Vec<_>>())
    };
    let (statuses, lines) = both(apps, server, ask);
    assert_eq!(statuses, (200, 200));
    assert_eq!(lines, ["/a 000 PLAIN, APP 000, 000 -, ", "/b 000 APP 000 "]);
}
