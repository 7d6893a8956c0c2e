//! App servers that are slow, never end, or say too much.

use std::time::Duration;

use bytes::Bytes;
use mock_upstreams::{AppServer, Fault};
use tokio::time::sleep;

use crate::processes::MIB;
use crate::site::{Site, bounded, on_each};

/// What an answer may cost while it goes through: some buffers, however long it is.
const FEW_BUFFERS: u64 = 4 * MIB;

/// Between two bytes of an app server that is slow on purpose, much less than any timeout here.
const DRIP: Duration = Duration::from_millis(100);

fn inject(site: &Site, fault: &Fault, on: &str) {
    site.scene.app_servers().into_iter().for_each(|server| server.inject(fault.clone().on(on)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_answer_costs_no_memory() {
    on_each(&[("http", "proxy_buffering off;")], async |site| {
        let before = site.processes.start_peak();
        let mut connection = site.saying("GET /api/endless HTTP/1.1\r\nHost: shop.test\r\n\r\n").await;
        let mut answer = connection.head("GET").await.expect("a head");
        let mut received = 0;
        while received < 64 * MIB {
            let piece = connection.piece(&mut answer).await.expect("an answer that goes on");
            received += piece.expect("an answer that has no end").len() as u64;
        }
        site.serves_others().await;
        bounded(site, "an endless answer, 64 MiB of it read", before, FEW_BUFFERS);
        drop(connection);
        site.logs("\"GET /api/endless HTTP/1.1\" 200 ").await;
        site.eventually("the app server is let go", || {
            site.scene.app_servers().into_iter().all(|server| is_done(server, "/api/endless"))
        })
        .await;
    })
    .await;
}

/// Whether the proxy has ended its connection for the requests to `target`.
fn is_done(server: &AppServer, target: &str) -> bool {
    server.read(|journal| {
        let open = |id| journal.connections.iter().any(|each| each.id == id && each.end.is_none());
        !journal.to(target).any(|exchange| open(exchange.connection))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_now_and_then_is_enough_for_proxy_read_timeout() {
    const BYTES: usize = 40;
    on_each(&[("http", "proxy_read_timeout 3s;")], async |site| {
        inject(site, &Fault::SlowBody { bytes: BYTES }, "/api/drips");
        let servers = site.scene.app_servers();
        let dripping = async {
            loop {
                servers.iter().for_each(|server| server.release());
                sleep(DRIP).await;
            }
        };
        let asking = async {
            site.serves_others().await;
            site.get("/api/drips").await
        };
        let answer = tokio::select! {
            answer = asking => answer,
            () = dripping => unreachable!("never ends"),
        };
        assert_eq!(
            (answer.status, answer.complete, answer.body.len()),
            (200, true, BYTES),
            "{}",
            site.engine
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_server_must_say_something_within_proxy_read_timeout() {
    on_each(&[("http", "proxy_read_timeout 1s;"), ("upstream servers", "max_fails=0")], async |site| {
        inject(site, &Fault::Hang, "/api/hangs");
        inject(site, &Fault::HangAfterHead, "/api/stops");
        let ((), hangs, stops) =
            tokio::join!(site.serves_others(), site.get("/api/hangs"), site.get("/api/stops"));
        assert_eq!((hangs.status, hangs.complete), (504, true), "{}", site.engine);
        assert_eq!((stops.status, stops.complete), (200, false), "{}", site.engine);
        site.logs("\"GET /api/hangs HTTP/1.1\" 504 ").await;
        site.logs("\"GET /api/stops HTTP/1.1\" 200 0 ").await;
        let timed_out = "upstream timed out (110: Connection timed out) while reading";
        // Both were asked for the one; the other had begun.
        for (what, count) in [("response header from upstream", 2), ("upstream", 1)] {
            let line = format!("{timed_out} {what}, client: 127.0.0.2");
            site.eventually(&line, || site.errors().matches(&line).count() == count).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_larger_than_proxy_buffer_size_is_a_502() {
    on_each(&[("http", "proxy_buffer_size 4k;"), ("upstream servers", "max_fails=0")], async |site| {
        let large = |length: usize| vec![("X-Large".to_owned(), "x".repeat(length))];
        inject(site, &Fault::ExtraHeaders(large(3000)), "/api/fits");
        inject(site, &Fault::ExtraHeaders(large(5000)), "/api/large");
        let head =
            format!("HTTP/1.1 200 OK\r\n{}", "X-Large: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n".repeat(400_000));
        inject(site, &Fault::GarbageResponse(Bytes::from(head)), "/api/endless-head");
        assert_eq!(site.get("/api/fits").await.status, 200, "{}", site.engine);
        let before = site.processes.start_peak();
        for target in ["/api/large", "/api/endless-head"] {
            assert_eq!(site.get(target).await.status, 502, "{}: {target}", site.engine);
            site.logs(&format!("\"GET {target} HTTP/1.1\" 502 ")).await;
        }
        bounded(site, "a head of 16 MB", before, FEW_BUFFERS);
        let line = "[error] ";
        let words =
            "upstream sent too big header while reading response header from upstream, client: 127.0.0.2";
        site.eventually(words, || site.errors().matches(words).count() == 2).await;
        assert_eq!(site.errors().matches(line).count(), 2, "{}: {}", site.engine, site.errors());
        site.serves_others().await;
    })
    .await;
}
