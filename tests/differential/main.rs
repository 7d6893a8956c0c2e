//! nginx and the reference proxy on inputs that nobody thought of.
//!
//! Requests and configurations are generated, and given to both engines with equal app servers and files. What clients and app servers
//! see, the access log and the error log must be the same, but for what stands in `known` with the section of the standard
//! that nginx does not follow. `docs/trust/agreement.md` tells how to run more of them, and what to do about a disagreement.

mod app;
mod bench;
mod client;
mod compare;
mod conf;
mod engine;
mod known;
mod payloads;
mod requests;
mod stream;

use bench::{Bench, Budget};
use requests::streams;
use stream::Stream;

/// Paths that the document's configuration knows, and some that it does not.
const PATHS: &[&str] = &[
    "/",
    "/api",
    "/api/items",
    "/stomp/",
    "/stomp/x",
    "/index.html",
    "/assets/app-5814969b.js",
    "/help",
    "/help/",
    "/apifoo",
    "/API",
    "/stomp",
    "/robots.txt",
    "/manifest.json",
    "/nowhere",
    "//api",
    "/help/shelf%20plan.png",
    "/assets",
    "/help/%EC%A7%84%EC%97%B4%EB%8C%80.svg",
];

#[test]
fn requests_to_the_document_s_configuration() {
    let Some(mut bench) = Bench::start() else { return };
    bench.configure(&document()).expect("the document's configuration is good");
    bench.try_many("requests", Budget::from_env(1), &streams(PATHS), |bench, stream: &Stream| {
        bench.send(stream).map(drop)
    });
    bench.finish();
}

#[test]
fn configurations() {
    let Some(mut bench) = Bench::start() else { return };
    bench.try_configurations("good configurations", Budget::from_env(40), &conf::good(6));
    bench.try_configurations("configurations with mistakes", Budget::from_env(10), &conf::bad());
    bench.finish();
}

#[test]
fn what_can_be_read_in_two_ways() {
    let Some(mut bench) = Bench::start() else { return };
    // Answers that are refused count as failures, after which a server would be left out.
    let document = document().replace("server @BLUE@;", "server @BLUE@ max_fails=0;");
    let document = document.replace("server @GREEN@;", "server @GREEN@ max_fails=0;");
    bench.configure(&document).expect("the document's configuration is good");
    payloads::check(&mut bench);
    bench.finish();
}

/// The document's configuration, to be run here.
fn document() -> String {
    let text = include_str!("../../nginx/nginx.conf");
    [
        ("user nginx;", "@USER@"),
        ("worker_processes auto;", "worker_processes 1;"),
        ("/var/log/nginx/error.log notice", "@PREFIX@/error.log info"),
        ("/var/run/nginx.pid", "@PREFIX@/pid"),
        ("include /etc/nginx/mime.types;", "include @FILES@/mime.types;"),
        ("access_log /var/log/nginx/access.log main;", "@LOG@"),
        ("include /etc/nginx/conf.d/*.conf;", ""),
        ("49.50.164.244:1025", "@BLUE@"),
        ("49.50.164.244:1026", "@GREEN@"),
        ("listen 80;", "listen @LISTEN@ default_server;"),
        ("/home/dambae200/dambae200-front/www", "@FILES@/www"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "nginx/nginx.conf does not say {from} any more");
        text.replace(from, to)
    })
}
