//! Which app servers are asked: `hash`, `random` and `max_conns`, as with nginx.

use std::collections::BTreeSet;
use std::io::Write;

use crate::app::App;
use crate::files::{nginx, request};
use crate::logged::compare_logs;
use crate::server::{Server, Site, eventually, read_response};

/// Nobody listens at any of these servers, so that the log tells their order.
const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format asked '$uri $status $upstream_addr';
        access_log logs/access.log asked;
        proxy_connect_timeout 2s;
        upstream hashed { hash $arg_k; server 127.0.0.2:1 max_fails=0; server 127.0.0.3:1 max_fails=0 weight=3; server 127.0.0.4:1 max_fails=0; server 127.0.0.5:1 down; }
        upstream circle { hash $arg_k consistent; server 127.0.0.2:1 max_fails=0; server 127.0.0.3:1 max_fails=0 weight=2; server 127.0.0.4:1 max_fails=0; }
        upstream alone { hash $arg_k; server 127.0.0.2:1; }
        upstream some { random; server 127.0.0.2:1 max_fails=0; server 127.0.0.3:1 max_fails=0; server 127.0.0.4:1 down; }
        upstream two { random two least_conn; server 127.0.0.2:1 max_fails=0; server 127.0.0.3:1 max_fails=0 weight=2; server 127.0.0.4:1 max_fails=0; }
        upstream few { server 127.0.0.1:@PORT2@ max_conns=1; }
        upstream more { server 127.0.0.1:@PORT2@ max_conns=1; server 127.0.0.2:@PORT2@ max_conns=2 weight=5 down; server 127.0.0.1:@PORT2@ backup; }
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        server {
            listen 127.0.0.1:@PORT@;
            location /hashed/ { proxy_pass http://hashed; }
            location /circle/ { proxy_pass http://circle; }
            location /alone/ { proxy_pass http://alone; }
            location /some/ { proxy_pass http://some; proxy_next_upstream off; }
            location /two/ { proxy_pass http://two; proxy_next_upstream off; }
            location /few/ { proxy_pass http://few; }
            location /more/ { proxy_pass http://more; }
            location /free/ { return 204; }
        }
    }";

fn site() -> Site {
    Site::new(CONF)
}

#[test]
fn a_key_stands_for_a_server() {
    let keys = (0..40).map(|number| format!("{number}{}", "k".repeat(number % 5)));
    let targets = keys.flat_map(|key| ["hashed", "circle", "alone"].map(|name| format!("/{name}/?k={key}")));
    let mut requests: Vec<String> = targets.map(|target| request("GET", &target, &[])).collect();
    for target in ["/hashed/", "/hashed/", "/circle/", "/circle/", "/alone/"] {
        requests.push(request("GET", target, &[]));
    }
    compare_logs(site, &requests);
}

#[test]
fn any_server_is_asked() {
    let site = site();
    let server = site.start();
    let mut asked = BTreeSet::new();
    // That one of them is never chosen in so many tries does not happen.
    for _ in 0..100 {
        server.get("/some/");
        server.get("/two/");
    }
    eventually("all is logged", || site.read("logs/access.log").lines().count() == 200);
    for line in site.read("logs/access.log").lines() {
        asked.insert(line.to_owned());
    }
    let wanted = [
        "/some/ 502 127.0.0.2:1",
        "/some/ 502 127.0.0.3:1",
        "/two/ 502 127.0.0.2:1",
        "/two/ 502 127.0.0.3:1",
        "/two/ 502 127.0.0.4:1",
    ];
    assert_eq!(asked, wanted.map(str::to_owned).into());
}

#[test]
fn a_server_is_asked_by_so_many_at_a_time() {
    let check = |app: &App, server: &Server<'_>| {
        for target in ["/few/", "/more/"] {
            let asked = app.requests();
            app.hold();
            let mut first = server.connect();
            first.write_all(request("GET", target, &["X-Say: 200;held"]).as_bytes()).unwrap();
            app.asked(asked + 1);
            let second = server.get(target).status();
            app.let_go();
            assert_eq!(
                (second, read_response(&mut first).status()),
                (if target == "/few/" { 502 } else { 200 }, 200)
            );
            assert_eq!(server.get(target).status(), 200);
        }
        server.logged("no live upstreams while connecting to upstream", 1);
    };
    let site = site();
    check(&App::start(site.address(1)), &site.start());
    let Some(nginx) = nginx() else { return };
    let site = self::site();
    check(&App::start(site.address(1)), &site.start_nginx(&nginx));
}
