//! Clients that mean harm, or are broken: each costs little, and nobody else notices.

use h2::Reason;
use http::Request;

use super::client::{Client, echo};
use crate::server::Server;
use crate::tls::client::site;

/// A server with an app server and few streams.
fn clear(directives: &str) -> String {
    format!(
        "server {{ listen 127.0.0.1:@PORT@ http2; {directives} location /ok {{ return 200 ok; }} location / {{ proxy_pass http://{}; }} }}",
        echo()
    )
}

/// Others are answered still.
fn is_well(server: &Server<'_>) {
    assert_eq!(Client::new(server).get("/ok").body, "ok");
}

#[test]
fn requests_that_are_given_up_at_once_come_to_an_end() {
    let site = site(&clear("keepalive_requests 100; http2_max_concurrent_streams 8;"));
    let server = site.start();
    let client = Client::new(&server);
    let mut requests = client.requests();
    let sent = client.run(async {
        for number in 0..100_000 {
            let request = Request::get("http://a.test/app").body(()).unwrap();
            let Ok((_, mut stream)) = requests.send_request(request, true) else { return number };
            stream.send_reset(Reason::CANCEL);
            tokio::task::yield_now().await;
        }
        100_000
    });
    assert!(sent < 100_000, "nothing stops it");
    is_well(&server);
}

#[test]
fn there_are_only_so_many_streams() {
    let site = site(&clear("http2_max_concurrent_streams 8;"));
    let server = site.start();
    let mut client = Client::new(&server);
    assert_eq!(client.get("/ok").body, "ok");
    assert_eq!(client.requests().current_max_send_streams(), 8);
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let site = site(&clear("large_client_header_buffers 2 1k;"));
    let server = site.start();
    let mut client = Client::new(&server);
    let long = |length: usize| Request::get("http://a.test/ok").header("x", "x".repeat(length));
    let statuses = [1000, 3000, 100_000].map(|length| client.ask(long(length), None).status);
    assert_eq!(statuses, [200, 400, 431]);
    is_well(&server);
}
