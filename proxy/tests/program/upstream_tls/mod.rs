//! `proxy_pass https://…`: what app servers see, and what becomes of handshakes that fail, compared with nginx.

pub(crate) mod app;
mod exchange;
mod failure;
mod verify;

use crate::files::nginx;
use crate::server::{Server, Site};
use app::CERTIFICATES;

/// Each request has a connection of its own; nginx from 1.29.7 on keeps connections by itself.
const CLOSED: &str = "proxy_http_version 1.1; proxy_set_header Connection close;";
/// Connections are kept.
const KEPT: &str = "proxy_set_header Connection '';";

/// A site with these directives in `http`, and these in its only server.
fn site(http: &str, server: &str) -> Site {
    let site = Site::new(&format!(
        "worker_processes 1; pid nginx.pid; error_log logs/error.log warn; events {{}}
         http {{ log_format t '$uri $status $upstream_addr $upstream_status $upstream_connect_time';
         access_log logs/access.log t; {http} server {{ listen 127.0.0.1:@PORT@; {CLOSED} {server} }} }}"
    ));
    for (name, text) in [
        ("root.crt", &CERTIFICATES.root),
        ("own.crt", &CERTIFICATES.own.chain),
        ("app.crt", &CERTIFICATES.app.chain),
        ("app.key", &CERTIFICATES.app.key),
        ("crl.pem", &CERTIFICATES.crl),
    ] {
        site.write(name, text);
    }
    site
}

/// What `ask` finds out about the reference proxy; it must find the same out about nginx, where there is one. Each has app
/// servers of its own.
fn both<A, T: PartialEq + std::fmt::Debug>(
    apps: impl Fn() -> A,
    conf: impl Fn(&A) -> (String, String),
    ask: impl Fn(&Server<'_>, &A) -> T,
) -> T {
    let start = |start: &dyn Fn(&Site, &A) -> T| {
        let apps = apps();
        let (http, server) = conf(&apps);
        start(&site(&http, &server), &apps)
    };
    let ours = start(&|site, apps| ask(&site.start(), apps));
    if let Some(nginx) = nginx() {
        let theirs = start(&|site, apps| ask(&site.start_nginx(&nginx), apps));
        assert_eq!(ours, theirs, "nginx is on the right");
    }
    ours
}

/// Status and body of the answer to a GET.
fn get(server: &Server<'_>, target: &str) -> (u16, String) {
    let response = server.get(target);
    let body = if response.status() == 200 { response.body.clone() } else { String::new() };
    (response.status(), body)
}

/// What the error log says of the request for `target`, up to the client.
fn logged(server: &Server<'_>, target: &str) -> Vec<String> {
    let is_of = |line: &&str| line.contains(&format!("request: \"GET {target} "));
    let text = server.site.read("logs/error.log");
    let said = |line: &str| {
        let line = line.split_once(" *")?.1.split_once(' ')?.1;
        let upstream = line.split("upstream: \"").nth(1).and_then(|rest| rest.split("://").next());
        let (message, _) = line.split_once(", client: ")?;
        Some(format!("{message} | {}", upstream.unwrap_or("-")))
    };
    text.lines().filter(is_of).filter_map(said).collect()
}
