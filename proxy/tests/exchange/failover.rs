//! Which app server is asked, and what happens when it fails.

use std::net::SocketAddr;
use std::time::Duration;

use crate::reserved::reserve;
use crate::support::{Backend, Proxy, status};

/// An upstream of these servers, everything passed to it.
fn balanced(servers: &[SocketAddr], directives: &str) -> Proxy {
    let servers: String = servers.iter().map(|server| format!("server {server};")).collect();
    Proxy::start(
        &format!("upstream app {{ {servers} }}"),
        &format!("{directives} location / {{ proxy_pass http://app; }}"),
    )
}

fn bodies(proxy: &Proxy, requests: usize) -> String {
    (0..requests).map(|_| proxy.get("/").split("\r\n\r\n").nth(1).unwrap_or_default().to_owned()).collect()
}

/// Reads a request and closes without a word.
fn closing() -> Backend {
    Backend::start(|conversation| drop(conversation.head()))
}

const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx";

#[test]
fn servers_take_turns() {
    let (blue, green) = (Backend::named("b"), Backend::named("g"));
    assert_eq!(bodies(&balanced(&[blue.address, green.address], ""), 6), "bgbgbg");
}

#[test]
fn a_server_that_refuses_is_passed_over_even_for_a_post() {
    let green = Backend::named("g");
    let reserved = reserve();
    let dead = reserved.address;
    let proxy = balanced(&[dead, green.address], "");
    let answer = proxy.ask(POST);
    assert!(answer.ends_with("\r\n\r\ng"), "{answer}");
    assert_eq!(bodies(&proxy, 3), "ggg");
    let line = proxy.error_line("connect() failed");
    let expected = format!(
        "connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: , \
         request: \"POST / HTTP/1.1\", upstream: \"http://{dead}/\", host: \"a\""
    );
    assert!(line.ends_with(&expected), "{line}");
    let logged = proxy.access_line("POST");
    assert_eq!(logged, format!("POST / HTTP/1.1|200|1|{dead}, {}|502, 200", green.address));
}

#[test]
fn with_no_server_left_the_answer_is_502_at_once() {
    let dead = [reserve(), reserve()];
    let proxy = balanced(&[dead[0].address, dead[1].address], "");
    assert_eq!((status(&proxy.get("/")), status(&proxy.get("/"))), ("502", "502"));
    let line = proxy.error_line("no live upstreams");
    assert!(line.contains("no live upstreams while connecting to upstream, client: 127.0.0.1"), "{line}");
    assert!(line.ends_with("upstream: \"http://app/\", host: \"app.test\""), "{line}");
    proxy.access_line("|502|");
}

#[test]
fn a_get_moves_on_from_a_server_that_closes_and_a_post_does_not() {
    let (broken, green) = (closing(), Backend::named("g"));
    assert_eq!(bodies(&balanced(&[broken.address, green.address], ""), 1), "g");
    let proxy = balanced(&[broken.address, green.address], "");
    assert_eq!(status(&proxy.ask(POST)), "502");
    proxy.error_line("upstream prematurely closed connection while reading response header from upstream");
    let proxy = balanced(&[broken.address, green.address], "proxy_next_upstream error non_idempotent;");
    assert!(proxy.ask(POST).ends_with("\r\n\r\ng"));
}

#[test]
fn a_silent_server_is_a_504_unless_another_answers() {
    let silent = Backend::start(|conversation| drop((conversation.head(), conversation.rest())));
    let green = Backend::named("g");
    let quick = "proxy_read_timeout 100ms;";
    assert_eq!(status(&balanced(&[silent.address], quick).get("/")), "504");
    let proxy = balanced(&[silent.address, green.address], quick);
    assert_eq!(bodies(&proxy, 1), "g");
    proxy.error_line(
        "upstream timed out (110: Connection timed out) while reading response header from upstream",
    );
    let proxy =
        balanced(&[silent.address, green.address], "proxy_read_timeout 100ms; proxy_next_upstream_tries 1;");
    assert_eq!(status(&proxy.get("/")), "504");
}

#[test]
fn no_other_server_is_asked_when_proxy_next_upstream_timeout_is_over() {
    let green = Backend::named("g");
    let late = Backend::start(|conversation| {
        conversation.head();
        std::thread::sleep(Duration::from_millis(100));
    });
    for (timeout, expected) in [("50ms", "502"), ("60s", "200"), ("0", "200")] {
        let proxy =
            balanced(&[late.address, green.address], &format!("proxy_next_upstream_timeout {timeout};"));
        assert_eq!(status(&proxy.get("/")), expected, "{timeout}");
    }
}

#[test]
fn statuses_move_on_where_asked_and_the_last_one_is_passed_on() {
    let busy = || Backend::saying("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy");
    let (first, second) = (busy(), busy());
    let on = "proxy_next_upstream http_503;";
    assert_eq!(bodies(&balanced(&[first.address, Backend::named("g").address], on), 1), "g");
    let proxy = balanced(&[first.address, second.address], on);
    assert!(proxy.get("/").starts_with("HTTP/1.1 503 Busy"));
    assert_eq!(bodies(&balanced(&[first.address, second.address], ""), 1), "busy");
}

#[test]
fn each_status_moves_on_where_it_is_listed_and_only_there() {
    const WORDS: [(&str, &str); 7] = [
        ("http_500", "HTTP/1.1 500 x\r\nContent-Length: 1\r\n\r\n-"),
        ("http_502", "HTTP/1.1 502 x\r\nContent-Length: 1\r\n\r\n-"),
        ("http_503", "HTTP/1.1 503 x\r\nContent-Length: 1\r\n\r\n-"),
        ("http_504", "HTTP/1.1 504 x\r\nContent-Length: 1\r\n\r\n-"),
        ("http_403", "HTTP/1.1 403 x\r\nContent-Length: 1\r\n\r\n-"),
        ("http_404", "HTTP/1.1 404 x\r\nContent-Length: 1\r\n\r\n-"),
        ("http_429", "HTTP/1.1 429 x\r\nContent-Length: 1\r\n\r\n-"),
    ];
    let green = Backend::named("g");
    for (listed, response) in WORDS {
        let all: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        let others: Vec<&str> = all.iter().copied().filter(|word| *word != listed).collect();
        let first = |words: &str| {
            let failing = Backend::saying(response);
            bodies(&balanced(&[failing.address, green.address], &format!("proxy_next_upstream {words};")), 1)
        };
        assert_eq!((first(listed), first(&others.join(" "))), ("g".to_owned(), "-".to_owned()), "{listed}");
    }
}
