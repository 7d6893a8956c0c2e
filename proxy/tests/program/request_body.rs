//! `$request_body`, and what else is known of a request once it has been answered: `$request_completion`,
//! `$upstream_bytes_sent`, `$upstream_bytes_received`, `$realpath_root`.

use std::os::unix::fs::symlink;

use crate::app::App;
use crate::files::{compare, request};
use crate::logged::compare_logs;
use crate::server::{Site, eventually};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format main '$uri|$status|$request_body|$request_body_file|$request_completion|$upstream_bytes_sent|$upstream_bytes_received|$upstream_trailer_x';
        access_log logs/access.log main;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host app;
        client_body_buffer_size 2k;
        upstream two { server 127.0.0.1:@PORT2@ weight=2; server 127.0.0.1:1; }
        server {
            listen 127.0.0.1:@PORT@;
            root link;
            location /own { return 200 \"$realpath_root $request_body\"; }
            location /own/nowhere { root nowhere; return 200 [$realpath_root]; }
            location /closed { return 444; }
            location /app { proxy_pass http://127.0.0.1:@PORT2@; add_header X-Body $request_body always; }
            location /app/raw { proxy_pass http://127.0.0.1:@PORT2@; proxy_request_buffering off; }
            location /app/set { proxy_pass http://127.0.0.1:@PORT2@; proxy_set_body \"a $request_body\"; proxy_set_header Connection \"\"; proxy_set_header Host app; proxy_set_header X-Length $content_length; }
            location /app/none { proxy_pass http://127.0.0.1:@PORT2@; proxy_pass_request_body off; }
            location /two { proxy_pass http://two; }
            location /again { proxy_pass http://127.0.0.1:@PORT2@; error_page 404 /app; proxy_intercept_errors on; }
            location /large { client_body_buffer_size 200k; proxy_pass http://127.0.0.1:@PORT2@; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    symlink("www", site.path("link")).unwrap();
    site.write_dated("www/a.txt", "a");
    App::start(site.address(1));
    site
}

fn post(target: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn chunked(target: &str, body: &str) -> String {
    let length = body.len();
    let head =
        format!("POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked");
    format!("{head}\r\n\r\n{length:x}\r\n{body}\r\n3\r\nend\r\n0\r\n\r\n")
}

fn requests() -> Vec<String> {
    let mut requests = Vec::new();
    for target in ["/own", "/app", "/app/raw", "/app/set", "/again", "/a.txt"] {
        requests.extend(["", "body", "a=1&b=%20"].map(|body| post(target, body)));
        requests.push(chunked(target, "chunk"));
        requests.extend(["GET", "HEAD"].map(|method| request(method, target, &[])));
    }
    requests.push(post("/large", &"x".repeat(150_000)));
    for said in ["200;chunked", "200;eof", "404", "204", "304"] {
        let say = format!("X-Say: {said}");
        requests.extend(["/app", "/again"].map(|target| request("GET", target, &[&say])));
    }
    requests.extend(["/two", "/two", "/two", "/closed"].map(|target| request("GET", target, &[])));
    requests
}

#[test]
fn they_are_logged_as_by_nginx() {
    compare_logs(site, &requests());
}

#[test]
fn a_body_that_is_too_long_for_its_buffer_is_not_told() {
    let site = site();
    let server = site.start();
    for target in ["/app", "/app/none"] {
        assert_eq!(server.send(post(target, &"x".repeat(20_000)).as_bytes()).status(), 200);
    }
    eventually("both are logged", || site.read("logs/access.log").lines().count() == 2);
    // nginx has it in a file, whose name it tells.
    assert_eq!(site.read("logs/access.log").matches("|200|-|-|OK|").count(), 2);
}

#[test]
fn they_are_known_in_answers_and_to_app_servers() {
    let site = || {
        let site = site();
        // No two programs have the same directory.
        site.configure(&CONF.replace("\"$realpath_root ", "\"").replace("root link", "root www"));
        site
    };
    let mut requests: Vec<String> =
        ["/app", "/app/set", "/own"].map(|target| post(target, "some words")).into();
    requests.push(request("GET", "/own", &[]));
    compare(site, &requests);
}

#[test]
fn the_directory_is_told_without_links() {
    let site = site();
    let server = site.start();
    let real = site.path("www").canonicalize().unwrap();
    assert_eq!(server.get("/own").body, format!("{} ", real.display()));
    assert_eq!(server.get("/own/nowhere").body, "[]");
    server.logged("realpath() \"", 1);
    assert!(site.read("logs/error.log").contains("nowhere\" failed (2: No such file or directory)"));
}
