//! Requests over TLS.

use std::io::{Read, Write};

use super::app::{CERTIFICATES, TlsApp};
use super::{KEPT, both, get};
use crate::server::Server;

fn apps() -> TlsApp {
    TlsApp::start(&CERTIFICATES.app)
}

#[test]
fn a_name_is_asked_for_if_the_file_says_so_and_is_never_an_address() {
    let server = |app: &TlsApp| {
        let address = app.address;
        let server = format!(
            "location /off {{ proxy_pass https://app; }}
             location /on {{ proxy_pass https://app; proxy_ssl_server_name on; }}
             location /named {{ proxy_pass https://app/x; proxy_ssl_server_name on; proxy_ssl_name other.test:99; }}
             location /computed {{ proxy_pass https://app; proxy_ssl_server_name on; proxy_ssl_name $arg_name; }}
             location /address {{ proxy_pass https://{address}; proxy_ssl_server_name on; }}
             location /variable {{ set $app app; proxy_pass https://$app; proxy_ssl_server_name on; }}
             location /literal {{ set $url HTTPS://{address}/y; proxy_pass $url; proxy_ssl_server_name on; }}"
        );
        (format!("proxy_ssl_session_reuse off; upstream app {{ server {address}; }}"), server)
    };
    let ask = |server: &Server<'_>, app: &TlsApp| {
        let port = app.address.port().to_string();
        let targets = [
            "/off",
            "/on",
            "/named",
            "/computed?name=any.test",
            "/computed",
            "/address",
            "/variable",
            "/literal",
        ];
        targets.map(|target| get(server, target).1.replace(&port, "PORT"))
    };
    assert_eq!(
        both(apps, server, ask),
        [
            "GET /off HTTP/1.1 Host: app sni=- resumed=false client=false 1.1",
            "GET /on HTTP/1.1 Host: app sni=app resumed=false client=false 2.1",
            "GET /x HTTP/1.1 Host: app sni=other.test resumed=false client=false 3.1",
            "GET /computed?name=any.test HTTP/1.1 Host: app sni=any.test resumed=false client=false 4.1",
            "GET /computed HTTP/1.1 Host: app sni=- resumed=false client=false 5.1",
            "GET /address HTTP/1.1 Host: 127.0.0.1:PORT sni=- resumed=false client=false 6.1",
            "GET /variable HTTP/1.1 Host: app sni=app resumed=false client=false 7.1",
            "GET /y HTTP/1.1 Host: 127.0.0.1:PORT sni=- resumed=false client=false 8.1",
        ]
    );
}

#[test]
fn connections_are_kept_and_sessions_resumed() {
    let server = |(kept, closed): &(TlsApp, TlsApp)| {
        let server = format!(
            "location /kept {{ proxy_pass https://app; {KEPT} }}
             location /closed {{ proxy_pass https://{0}; }}
             location /fresh {{ proxy_pass https://{0}; proxy_ssl_session_reuse off; }}",
            closed.address
        );
        (format!("upstream app {{ server {}; keepalive 4; }}", kept.address), server)
    };
    let app = || TlsApp::with_versions(&CERTIFICATES.app, &[&rustls::version::TLS12]);
    let ask = |server: &Server<'_>, _: &(TlsApp, TlsApp)| {
        ["/kept", "/kept", "/closed", "/closed", "/fresh", "/fresh"].map(|target| {
            let said = get(server, target).1;
            said.split_once("resumed=").unwrap().1.replace("client=false ", "")
        })
    };
    assert_eq!(
        both(|| (app(), app()), server, ask),
        ["false 1.1", "false 1.2", "false 1.1", "true 2.1", "false 3.1", "false 4.1"]
    );
}

#[test]
fn a_connection_is_used_for_the_name_that_it_was_opened_for() {
    let app = apps();
    let server = format!(
        "location / {{ {KEPT} proxy_pass https://app; proxy_ssl_server_name on; proxy_ssl_name $arg_name; }}
         location /plain {{ proxy_pass http://app; }}"
    );
    let site = super::site(&format!("upstream app {{ server {}; keepalive 4; }}", app.address), &server);
    let server = site.start();
    let said = ["/?name=a.test", "/?name=b.test", "/?name=a.test"].map(|target| {
        let said = get(&server, target).1;
        said.split_once("sni=").unwrap().1.replace("resumed=false client=false ", "")
    });
    assert_eq!(said, ["a.test 1.1", "b.test 2.1", "a.test 1.2"]);
    // No TLS is spoken where the file says `http`.
    assert_eq!(get(&server, "/plain").0, 502);
}

#[test]
fn a_client_certificate_is_shown_to_who_asks() {
    let server = |app: &TlsApp| {
        let server = format!(
            "location / {{ proxy_pass https://{0}; }} location /some {{ proxy_pass https://{0};
             proxy_ssl_certificate app.crt; proxy_ssl_certificate_key app.key; }}",
            app.address
        );
        ("proxy_ssl_session_reuse off;".to_owned(), server)
    };
    let ask = |server: &Server<'_>, _: &TlsApp| {
        ["/some", "/none"].map(|target| get(server, target).1.contains("client=true"))
    };
    assert_eq!(both(apps, server, ask), [true, false]);
}

#[test]
fn a_websocket_passes() {
    let server = |app: &TlsApp| {
        let upgrade = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";
        (String::new(), format!("location / {{ proxy_pass https://{}; {upgrade} }}", app.address))
    };
    let ask = |server: &Server<'_>, _: &TlsApp| {
        let mut stream = server.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
            head.push(byte[0]);
        }
        let mut said = [0; 5];
        for _ in 0..2 {
            stream.write_all(b"hello").unwrap();
            stream.read_exact(&mut said).unwrap();
        }
        (String::from_utf8(head).unwrap().starts_with("HTTP/1.1 101 "), said)
    };
    assert_eq!(both(apps, server, ask), (true, *b"hello"));
}

#[test]
fn a_long_body_goes_both_ways() {
    let server = |app: &TlsApp| {
        (
            String::new(),
            format!("client_max_body_size 0; location / {{ proxy_pass https://{}; }}", app.address),
        )
    };
    let ask = |server: &Server<'_>, _: &TlsApp| {
        let body = "x".repeat(3_000_000);
        let head = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        server.send(&[head, body].concat().into_bytes()).status()
    };
    assert_eq!(both(apps, server, ask), 200);
}
