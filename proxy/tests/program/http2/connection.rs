//! When connections end, and what may be on its way on them.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::client::Builder;
use http::Request;
use rustix::process::Signal;

use super::client::{Client, echo, read};
use crate::server::Server;
use crate::tls::client::{app_server, both, site};

/// A server with these directives.
fn clear(directives: &str) -> String {
    format!("server {{ listen 127.0.0.1:@PORT@ http2; {directives} }}")
}

#[test]
fn a_connection_ends_after_its_last_request() {
    let outcome = both(&clear("keepalive_requests 2; return 200 ok;"), |server| {
        let mut client = Client::new(server);
        let answers = [client.get("/").body, client.get("/").body];
        (answers, client.end())
    });
    assert_eq!(outcome, (["ok".to_owned(), "ok".to_owned()], None));
}

#[test]
fn a_connection_ends_when_it_has_been_idle() {
    let outcome = both(&clear("keepalive_timeout 100ms; return 200 ok;"), |server| {
        let mut client = Client::new(server);
        (client.get("/").body, client.end())
    });
    assert_eq!(outcome, ("ok".to_owned(), None));
    let outcome = both(&clear("keepalive_timeout 0; return 200 ok;"), |server| {
        let mut client = Client::new(server);
        (client.get("/").body, client.end())
    });
    assert_eq!(outcome, ("ok".to_owned(), None));
}

/// An app server that holds every answer until it is let go.
fn holding() -> (SocketAddr, Receiver<()>, impl Fn()) {
    let free = Arc::new((Mutex::new(false), Condvar::new()));
    let waits = Arc::clone(&free);
    let (asked, is_asked) = mpsc::channel();
    let app = app_server(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = asked.send(());
        let (lock, changed) = &*waits;
        let is_free = lock.lock().unwrap();
        drop(changed.wait_timeout_while(is_free, Duration::from_secs(20), |is_free| !*is_free));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nheld");
    });
    let let_go = move || {
        *free.0.lock().unwrap() = true;
        free.1.notify_all();
    };
    (app, is_asked, let_go)
}

#[test]
fn open_streams_are_finished_when_the_program_goes() {
    for signal in [Signal::QUIT, Signal::HUP] {
        let (app, is_asked, let_go) = holding();
        let site = site(&clear(&format!(
            "location / {{ proxy_pass http://{app}; }} location /ok {{ return 200 ok; }}"
        )));
        let mut server = site.start();
        let mut client = Client::new(&server);
        assert_eq!(client.get("/ok").body, "ok");
        let mut idle = Client::new(&server);
        idle.get("/ok");
        let mut requests = client.requests();
        let answer = client.run(async {
            let request = Request::get("http://a.test/held").body(()).unwrap();
            let (response, _) = requests.send_request(request, true).unwrap();
            let asked = move || is_asked.recv_timeout(Duration::from_secs(20)).unwrap();
            tokio::task::spawn_blocking(asked).await.unwrap();
            server.signal(signal);
            // The client has been told before it is answered.
            while requests.clone().ready().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let_go();
            read(response.await.unwrap()).await
        });
        assert_eq!((answer.body.as_str(), answer.is_whole), ("held", true), "{signal:?}");
        drop(requests);
        assert_eq!((client.end(), idle.end()), (None, None));
        if signal == Signal::QUIT {
            assert!(server.end().success());
        } else {
            assert_eq!(Client::new(&server).get("/ok").body, "ok");
        }
    }
}

#[test]
fn a_client_that_reads_slowly_is_waited_for() {
    let http = clear("root www;");
    let site = site(&http);
    let server = site.start();
    let long = "0123456789".repeat(300_000);
    server.site.write("www/long", &long);
    let mut settings = Builder::new();
    settings.initial_window_size(1000).initial_connection_window_size(70_000);
    let mut client = Client::with(&server, &settings);
    let (first, second) = (client.get("/long"), client.get("/long"));
    assert!(first.body == long && second.body == long);
}

/// How much of a body the proxy takes while its app server takes nothing.
fn taken(server: &Server<'_>) -> usize {
    let client = Client::new(server);
    let mut requests = client.requests();
    client.run(async {
        let request = Request::post("http://a.test/").body(()).unwrap();
        let (_response, mut stream) = requests.send_request(request, false).unwrap();
        let (mut taken, piece) = (0, Bytes::from(vec![b'x'; 1 << 16]));
        loop {
            stream.reserve_capacity(piece.len());
            let room = std::future::poll_fn(|cx| stream.poll_capacity(cx));
            // Every buffer on the way is full when nothing has moved for long.
            match tokio::time::timeout(Duration::from_secs(1), room).await {
                Ok(Some(Ok(room))) => {
                    let room = room.min(piece.len());
                    stream.send_data(piece.slice(..room), false).unwrap();
                    taken += room;
                }
                Ok(_) => panic!("the stream is closed"),
                Err(_) => return taken,
            }
            assert!(taken < 64 << 20, "nothing holds it back");
        }
    })
}

#[test]
fn an_app_server_that_reads_nothing_holds_the_client_back() {
    let app = app_server(|stream| {
        std::thread::sleep(Duration::from_secs(20));
        drop(stream);
    });
    let http = clear(&format!(
        "client_max_body_size 0; location / {{ proxy_pass http://{app}; proxy_request_buffering off; }}"
    ));
    let site = site(&http);
    let server = site.start();
    assert!((65_535..64 << 20).contains(&taken(&server)));
}

#[test]
fn a_long_body_reaches_the_app_server() {
    let http = clear(&format!("client_max_body_size 0; location / {{ proxy_pass http://{}; }}", echo()));
    let body = "0123456789".repeat(300_000);
    let bodies = both(&http, |server| {
        let length = body.len().to_string();
        let request = Request::post("http://a.test/app").header("content-length", length);
        Client::new(server).ask(request, Some(&body)).body
    });
    assert_eq!(bodies, "POST /app HTTP/1.x|Content-Length: 3000000|3000000");
}

#[test]
fn a_client_that_gives_up_frees_its_app_server() {
    let (gone, is_gone) = mpsc::channel();
    let app = app_server(move |mut stream| {
        let mut bytes = [0; 4096];
        while stream.read(&mut bytes).is_ok_and(|count| count > 0) {}
        gone.send(()).unwrap();
    });
    let http = clear(&format!(
        "access_log logs/s.log s; location / {{ proxy_pass http://{app}; }} location /ok {{ return 200 ok; }}"
    ));
    let site = site(&format!("log_format s $status; {http}"));
    let server = site.start();
    let mut client = Client::new(&server);
    let mut requests = client.requests();
    client.run(async {
        let request = Request::get("http://a.test/").body(()).unwrap();
        let (response, mut stream) = requests.send_request(request, true).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.send_reset(Reason::CANCEL);
        drop(response);
    });
    assert_eq!(client.get("/ok").body, "ok");
    is_gone.recv_timeout(Duration::from_secs(20)).unwrap();
    let lines = || site.read("logs/s.log");
    crate::server::eventually("it is logged", || lines().lines().count() == 2);
    assert!(lines().contains("499\n"), "{}", lines());
}
