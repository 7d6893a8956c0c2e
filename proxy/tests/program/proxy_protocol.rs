//! The PROXY protocol on connections from another proxy, as nginx reads it.

use std::io::Write;

use crate::files::{compare, nginx, request};
use crate::server::{Response, Server, Site};
use crate::tls::client::{any_client, ask, both, get};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        add_header X-Told \"$proxy_protocol_addr|$proxy_protocol_port|$proxy_protocol_server_addr|$proxy_protocol_server_port\";
        # That of the connection is another each time.
        map $remote_port $port { default $remote_port; ~^.....$ many; }
        server {
            listen 127.0.0.1:@PORT@ proxy_protocol;
            root www;
            location / { return 200 \"$remote_addr $port\"; }
            location /file/ { alias www/; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; add_header X-Client $remote_addr|$port; }
            location /field/ { alias www/; set_real_ip_from 127.0.0.1; add_header X-Client $remote_addr; }
            location /denied/ { alias www/; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; deny 10.1.2.0/24; }
            location /stranger/ { alias www/; set_real_ip_from 10.0.0.0/8; real_ip_header proxy_protocol; add_header X-Client $remote_addr; }
            location /sent/ { proxy_set_header X-Told $proxy_protocol_addr; proxy_pass http://127.0.0.1:@PORT2@/; }
        }
        server { listen 127.0.0.1:@PORT@; server_name other; return 200 \"other $proxy_protocol_addr\"; }
        server { listen 127.0.0.1:@PORT2@; location / { return 200 \"$http_x_told|$proxy_protocol_addr|$proxy_protocol_port\"; } }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/a.txt", "a");
    site
}

/// Version 2, with bytes that are text.
fn binary(command: u8, family: u8, rest: &[u8]) -> String {
    let length = u8::try_from(rest.len()).unwrap();
    let bytes = [b"\r\n\r\n\0\r\nQUIT\n", &[command, family, 0, length][..], rest].concat();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn another_proxy_tells_whom_it_speaks_for() {
    let v4 = [10, 1, 2, 3, 10, 9, 8, 7, 0x30, 0x39, 1, 0];
    let v6 = [&[0x20, 1, 13, 0x38][..], &[0; 11], &[1], &[0; 15], &[2], &v4[8..]].concat();
    let with_more = [&v4[..], &[4, 0, 1, 0]].concat();
    let headers = [
        "PROXY TCP4 10.1.2.3 10.9.8.7 12345 256\r\n".to_owned(),
        "PROXY TCP6 2001:db8::1 ::2 1 65535\r\n".to_owned(),
        "PROXY TCP4 10.1.2.3 10.9.8.7 0 0\r\n".to_owned(),
        "PROXY TCP4 ffff 1.1 1 1\r\n".to_owned(),
        "PROXY UNKNOWN\r\n".to_owned(),
        "PROXY UNKNOWN ::1 ::2 3 4\r\n".to_owned(),
        binary(0x21, 0x11, &v4),
        binary(0x21, 0x11, &with_more),
        binary(0x21, 0x21, &v6),
        binary(0x20, 0, &[]),
        binary(0x20, 0x11, &v4),
        binary(0x21, 0x12, &v4),
        binary(0x21, 0x31, &v4),
    ];
    let mut requests = Vec::new();
    for header in headers {
        let targets =
            ["/", "/file/a.txt", "/field/a.txt", "/denied/a.txt", "/stranger/a.txt", "/sent/x", "/file/none"];
        for target in targets {
            requests.push(header.clone() + &request("GET", target, &["X-Real-IP: 10.4.4.4"]));
        }
        requests.push(header + "GET / HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n");
    }
    compare(site, &requests);
}

#[test]
fn nobody_else_is_answered() {
    let v4 = [10, 1, 2, 3, 10, 9, 8, 7, 0x30, 0x39, 1, 0];
    let mut requests = Vec::new();
    for header in [
        "",
        "PROXY TCP4 10.1.2.3 10.9.8.7 12345 65536\r\n",
        "PROXY TCP4 10.1.2.3 10.9.8.7 12345\r\n",
        "PROXY TCP4 10.1.2.x 10.9.8.7 12345 80\r\n",
        "PROXY TCP5 10.1.2.3 10.9.8.7 12345 80\r\n",
        "PROXY tcp4 10.1.2.3 10.9.8.7 12345 80\r\n",
        "PROXY TCP4 10.1.2.3 10.9.8.7 12345 80\n",
        "PROXY\r\n",
        &binary(0x11, 0x11, &v4),
        &binary(0x21, 0x21, &v4),
    ] {
        requests.push(header.to_owned() + &request("GET", "/", &[]));
    }
    // nginx logs what else has arrived, too.
    let asked = |server: &Server<'_>| {
        let answers: Vec<Response> = requests.iter().map(|request| server.send(request.as_bytes())).collect();
        server.logged("while reading PROXY protocol, client: 127.0.0.1, server: 127.0.0.1:", 9);
        answers
    };
    let ours = asked(&site().start());
    assert!(ours.iter().all(|answer| answer.status() == 0), "{ours:?}");
    if let Some(nginx) = nginx() {
        assert_eq!(ours, asked(&site().start_nginx(&nginx)), "nginx is on the right");
    }
}

#[test]
fn it_comes_before_the_handshake() {
    let conf = "server { listen 127.0.0.1:@PORT@ ssl proxy_protocol; ssl_certificate default.crt; ssl_certificate_key default.key;
        location / { return 200 \"$proxy_protocol_addr $scheme $ssl_server_name\"; } }";
    let answers = both(conf, |server| {
        let mut tls = any_client(server);
        tls.sock.write_all(b"PROXY TCP4 10.1.2.3 10.9.8.7 12345 443\r\n").unwrap();
        let told = ask(&mut tls, &get("/", "a.test"));
        let mut tls = any_client(server);
        let refused = tls.write_all(get("/", "a.test").as_bytes()).is_err();
        (told.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned(), refused)
    });
    assert_eq!(answers, ("10.1.2.3 https default.test".to_owned(), true));
}
