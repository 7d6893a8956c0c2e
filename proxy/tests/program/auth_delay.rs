//! `auth_delay`, as in nginx.

use std::io::{ErrorKind, Read, Write};

use crate::files::nginx;
use crate::server::{Server, Site, read_response};

const CONF: &str = "worker_processes 1; pid nginx.pid; error_log logs/error.log info; events {}
    http {
        access_log off;
        server {
            listen 127.0.0.1:@PORT@;
            auth_basic closed; auth_basic_user_file users;
            location / { auth_delay 2s; return 200; }
            location /file { auth_delay 2s; alias www/file; }
            location /any { auth_delay 2s; satisfy any; deny all; alias www/file; }
            location /denied { auth_delay 2s; deny all; alias www/file; }
        }
    }";

/// The statuses of those who are answered at once, then of those who have to wait, and what the error log says of them.
fn asked(server: &Server<'_>) -> (Vec<u16>, Vec<u16>, usize) {
    server.site.write("www/file", "text");
    let head = |target: &str, password: &str| {
        format!(
            "GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {password}\r\nConnection: close\r\n\r\n"
        )
    };
    // `a:wrong`
    let waiting = ["/file", "/any"].map(|target| {
        let mut stream = server.connect();
        stream.write_all(head(target, "YTp3cm9uZw==").as_bytes()).unwrap();
        stream
    });
    // `a:right`
    let at_once = [("/file", "YTpyaWdodA=="), ("/denied", "YTp3cm9uZw=="), ("/", "")];
    let at_once = at_once.map(|(target, password)| server.send(head(target, password).as_bytes()).status());
    for mut stream in &waiting {
        stream.set_nonblocking(true).unwrap();
        let error = stream.read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(error, Err(ErrorKind::WouldBlock), "nobody has waited");
        stream.set_nonblocking(false).unwrap();
    }
    let later = waiting.map(|mut stream| read_response(&mut stream).status());
    let delayed = server.site.read("logs/error.log").matches("delaying unauthorized request").count();
    (at_once.into(), later.into(), delayed)
}

#[test]
fn a_wrong_password_takes_its_time() {
    let site = Site::new(CONF);
    site.write("users", "a:{PLAIN}right\n");
    let ours = asked(&site.start());
    assert_eq!(ours, (vec![200, 403, 200], vec![401, 401], 2));
    let Some(nginx) = nginx() else { return };
    let site = Site::new(CONF);
    site.write("users", "a:{PLAIN}right\n");
    assert_eq!(ours, asked(&site.start_nginx(&nginx)), "nginx is on the right");
}
