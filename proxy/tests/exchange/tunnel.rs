//! After a 101.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::{Mutex, mpsc};

use crate::support::{Backend, Proxy, rest, status, until, wait_for};

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n";
const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\nX-A: 1\r\n\r\n";

/// More than fits into sockets and buffers.
const ENDLESS: usize = 200_000_000;

fn upgrading(backend: &Backend, directives: &str) -> Proxy {
    let set = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";
    Proxy::start("", &format!("location / {{ {set} {directives} proxy_pass http://{}; }}", backend.address))
}

#[test]
fn bytes_read_with_the_heads_are_not_lost() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say(&format!("{SWITCH}hello"));
        let early = conversation.read(5);
        conversation.say(&early);
    });
    let answer = upgrading(&backend, "").ask(format!("{UPGRADE}early"));
    let server = concat!("Server: reference-proxy/", env!("CARGO_PKG_VERSION"));
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\n{server}\r\nConnection: upgrade\r\nUpgrade: x\r\nX-A: 1\r\n\r\n"
    );
    assert_eq!(answer, format!("{head}helloearly"));
    assert!(
        backend.heads()[0].starts_with("GET /ws HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\r\nHost: ")
    );
}

/// The request is not kept where the client's next bytes are read to, as nginx does.
#[test]
fn bytes_behind_the_handshake_do_not_change_what_is_logged() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say(SWITCH);
        conversation.rest();
    });
    let proxy = upgrading(&backend, "");
    let early = "GET /forged HTTP/1.1\r\n".repeat(1000);
    let mut client = proxy.connect();
    client.write_all(format!("{UPGRADE}{early}").as_bytes()).expect("a request");
    until(&mut client, "\r\n\r\n");
    client.shutdown(Shutdown::Write).expect("an end");
    assert_eq!(proxy.access_line("HTTP/1.1|101"), format!("GET /ws HTTP/1.1|101|0|{}|101", backend.address));
}

#[test]
fn an_end_in_one_direction_leaves_the_other_open() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say(SWITCH);
        let all = conversation.rest();
        conversation.say(&all.to_uppercase());
    });
    let proxy = upgrading(&backend, "");
    let mut client = proxy.connect();
    client.write_all(UPGRADE.as_bytes()).expect("a request");
    until(&mut client, "\r\n\r\n");
    client.write_all(b"last words").expect("words");
    client.shutdown(Shutdown::Write).expect("an end");
    assert_eq!(rest(&mut client), "LAST WORDS");
    assert_eq!(proxy.access_line("/ws"), format!("GET /ws HTTP/1.1|101|10|{}|101", backend.address));
}

#[test]
fn silence_ends_a_tunnel() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say(SWITCH);
        conversation.rest();
    });
    let proxy = upgrading(&backend, "proxy_read_timeout 100ms; proxy_send_timeout 1h;");
    // An app server that has not had its turn by then has timed out as well: nobody is asked often, but perhaps twice.
    let switched = || proxy.ask(format!("{UPGRADE}abc")).starts_with("HTTP/1.1 101").then_some(());
    wait_for("a tunnel", switched);
    proxy.error_line("upstream timed out (110: Connection timed out) while proxying upgraded connection");
}

#[test]
fn an_app_server_that_takes_nothing_ends_a_tunnel() {
    let (done, waiting) = mpsc::channel::<()>();
    let waiting = Mutex::new(waiting);
    let backend = Backend::start(move |conversation| {
        conversation.head();
        conversation.say(SWITCH);
        let _ = waiting.lock().map(|waiting| waiting.recv());
    });
    let proxy = upgrading(&backend, "proxy_send_timeout 100ms; proxy_read_timeout 1h; send_timeout 1h;");
    let mut client = proxy.connect();
    client.write_all(UPGRADE.as_bytes()).expect("a request");
    until(&mut client, "\r\n\r\n");
    while client.write_all(&[b'x'; 65_536]).is_ok() {}
    proxy.error_line("upstream timed out (110: Connection timed out) while proxying upgraded connection");
    drop(done);
}

#[test]
fn a_client_that_takes_nothing_ends_a_tunnel() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say(SWITCH);
        conversation.pour(ENDLESS);
    });
    let proxy = upgrading(&backend, "send_timeout 100ms; proxy_send_timeout 1h; proxy_read_timeout 1h;");
    let mut client = proxy.connect();
    client.write_all(UPGRADE.as_bytes()).expect("a request");
    proxy.error_line("client timed out (110: Connection timed out) while proxying upgraded connection");
    assert!(proxy.access_line("/ws").starts_with("GET /ws HTTP/1.1|101|"));
}

#[test]
fn of_two_that_take_nothing_the_one_with_less_time_ends_a_tunnel() {
    for (client, server, expected) in [("100ms", "1h", "client"), ("1h", "100ms", "upstream")] {
        let (done, waiting) = mpsc::channel::<()>();
        let waiting = Mutex::new(waiting);
        let backend = Backend::start(move |conversation| {
            conversation.head();
            conversation.say(SWITCH);
            conversation.pour(ENDLESS);
            let _ = waiting.lock().map(|waiting| waiting.recv());
        });
        let limits = format!("send_timeout {client}; proxy_send_timeout {server}; proxy_read_timeout 1h;");
        let proxy = upgrading(&backend, &limits);
        let mut stream = proxy.connect();
        stream.write_all(UPGRADE.as_bytes()).expect("a request");
        until(&mut stream, "\r\n\r\n");
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
        let timed_out = "timed out (110: Connection timed out) while proxying upgraded connection";
        proxy.error_line(&format!("{expected} {timed_out}"));
        drop(done);
    }
}

#[test]
fn what_waits_for_a_slow_client_arrives_whole() {
    let (report, poured) = mpsc::channel();
    let backend = Backend::start(move |conversation| {
        conversation.head();
        conversation.say(SWITCH);
        let _ = report.send(conversation.pour(ENDLESS));
    });
    let proxy = upgrading(&backend, "");
    let mut client = proxy.connect();
    client.write_all(UPGRADE.as_bytes()).expect("a request");
    until(&mut client, "\r\n\r\n");
    let length = poured.recv().expect("a length");
    let mut all = Vec::new();
    client.shutdown(Shutdown::Write).expect("an end");
    client.read_to_end(&mut all).expect("everything");
    assert_eq!(all.len(), length);
}

#[test]
fn a_refusal_to_switch_is_an_ordinary_response() {
    let backend = Backend::saying("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
    let answer = upgrading(&backend, "").ask(UPGRADE.replace("Upgrade\r\n\r\n", "Upgrade, close\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 403 No\r\n") && answer.ends_with("\r\n\r\nno"), "{answer}");
}

#[test]
fn nobody_switches_who_was_not_asked_to() {
    let backend = Backend::saying(SWITCH);
    assert_eq!(status(&upgrading(&backend, "").get("/")), "502");
}

#[test]
fn the_client_s_connection_ends_with_the_tunnel() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say(SWITCH);
        conversation.read(3);
        conversation.reset_at_end();
    });
    let proxy = upgrading(&backend, "");
    let mut client = proxy.connect();
    client.write_all(format!("{UPGRADE}abc").as_bytes()).expect("a request");
    until(&mut client, "\r\n\r\n");
    assert_eq!(client.read(&mut [0]).expect("an end"), 0);
    let reset = "recv() failed (104: Connection reset by peer) while proxying upgraded connection";
    assert!(proxy.error_line(reset).contains("[error]"));
}

#[test]
fn a_client_that_resets_its_connection_is_no_error() {
    for words in [0, ENDLESS] {
        let backend = Backend::start(move |conversation| {
            conversation.head();
            conversation.say(SWITCH);
            conversation.pour(words);
            conversation.rest();
        });
        let proxy = upgrading(&backend, "");
        let mut client = proxy.connect();
        client.write_all(UPGRADE.as_bytes()).expect("a request");
        until(&mut client, "\r\n\r\n");
        socket2::SockRef::from(&client).set_linger(Some(std::time::Duration::ZERO)).expect("an option");
        drop(client);
        // Found out by who reads from it, or by who writes to it.
        let reset = "failed (104: Connection reset by peer) while proxying upgraded connection";
        assert!(proxy.error_line(reset).contains("[info]"), "{words}");
    }
}

#[test]
fn an_app_server_that_leaves_before_the_last_words_is_no_error() {
    let backend = Backend::start(|conversation| {
        conversation.head();
        conversation.say(SWITCH);
    });
    let proxy = upgrading(&backend, "");
    let mut client = proxy.connect();
    client.write_all(UPGRADE.as_bytes()).expect("a request");
    assert!(rest(&mut client).ends_with("\r\n\r\n"));
    while client.write_all(b"last words").is_ok() {}
    let unheard = "send() failed (32: Broken pipe) while proxying upgraded connection";
    assert!(proxy.error_line(unheard).contains("[info]"));
}
