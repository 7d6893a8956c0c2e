//! Limits on requests and connections, as nginx has them.

use std::time::Instant;

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log notice; events {}
    http {
        access_log off;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        limit_req_zone $arg_key zone=minute:1m rate=1r/m;
        limit_req_zone $arg_other zone=other:1m rate=1r/m;
        limit_req_zone $binary_remote_addr zone=fast:1m rate=20r/s;
        limit_conn_zone $arg_key zone=now:1m;
        limit_conn_zone $server_name zone=all:1m;
        add_header X-Limit \"$limit_req_status $limit_conn_status\" always;
        server {
            listen 127.0.0.1:@PORT@;
            server_name x;
            root www;
            error_page 410 /a.txt;
            location / { limit_req zone=minute; }
            location /burst/ { alias www/; limit_req zone=minute burst=2 nodelay; }
            location /delay/ { alias www/; limit_req zone=fast burst=3; }
            location /some/ { alias www/; limit_req zone=fast burst=3 delay=1; }
            location /dry/ { alias www/; limit_req zone=minute; limit_req_dry_run on; limit_req_status 429; }
            location /dry/delay/ { alias www/; limit_req zone=minute burst=2; limit_req_dry_run on; }
            location /status/ { alias www/; limit_req zone=minute; limit_req_status 429; limit_req_log_level notice; }
            location /page/ { alias www/; limit_req zone=minute; limit_req_status 410; }
            location /both/ { alias www/; limit_req zone=minute burst=1 nodelay; limit_req zone=other; }
            location /answered { limit_req zone=minute; return 200 x; }
            location /denied/ { alias www/; limit_req zone=minute; deny all; }
            location /now/ { limit_conn now 1; proxy_pass http://127.0.0.1:@PORT@/inner/; }
            location /inner/ { alias www/; limit_conn now 1; limit_conn_log_level warn; }
            location /now2/ { limit_conn now 1; proxy_pass http://127.0.0.1:@PORT@/inner2/; }
            location /inner2/ { alias www/; limit_conn now 1; limit_conn all 9; limit_conn_status 429; limit_conn_dry_run on; }
            location /now3/ { limit_conn all 1; proxy_pass http://127.0.0.1:@PORT@/inner3/; }
            location /inner3/ { alias www/; limit_conn now 1; limit_conn all 1; limit_conn_status 429; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/a.txt", "a");
    site
}

#[test]
fn how_many_requests() {
    let mut targets = Vec::new();
    for (location, times) in [
        ("", 3),
        ("burst/", 5),
        ("dry/", 3),
        ("dry/delay/", 4),
        ("status/", 3),
        ("page/", 3),
        ("answered", 2),
        ("denied/", 3),
    ] {
        let file = if location == "answered" { "" } else { "a.txt" };
        let target = format!("/{location}{file}?key={}", location.len());
        targets.extend(std::iter::repeat_n(target, times));
    }
    targets.extend(["/a.txt", "/a.txt", "/a.txt?key=fresh"].map(str::to_owned));
    for (key, other) in [
        ("b", "b"),
        ("b", "b"),
        ("b", "c"),
        ("b", "d"),
        ("", "e"),
        ("", "e"),
        ("f", ""),
        ("f", ""),
        ("f", ""),
    ] {
        targets.push(format!("/both/a.txt?key={key}&other={other}"));
    }
    targets.push(format!("/a.txt?key={}", "k".repeat(3000)));
    let requests: Vec<String> = targets.iter().map(|target| request("GET", target, &[])).collect();
    compare(site, &requests);
}

#[test]
fn how_many_at_the_same_time() {
    let long = "k".repeat(300);
    let targets = [
        "/now/a.txt",
        "/now/a.txt?key=a",
        "/now2/a.txt?key=a",
        "/now3/a.txt",
        "/now3/a.txt?key=a",
        "/inner/a.txt?key=a",
    ];
    let mut requests: Vec<String> = targets.map(|target| request("GET", target, &[])).into();
    requests.push(request("GET", &format!("/inner/a.txt?key={long}"), &[]));
    compare(site, &requests);
}

#[test]
fn requests_too_many_are_kept_waiting() {
    let site = site();
    let server = site.start();
    let begin = Instant::now();
    let limits: Vec<String> = (0..3)
        .map(|_| {
            server.get("/delay/a.txt").head.into_iter().find(|line| line.starts_with("X-Limit")).unwrap()
        })
        .collect();
    assert_eq!(limits, ["X-Limit: PASSED ", "X-Limit: DELAYED ", "X-Limit: DELAYED "]);
    // One in fifty milliseconds, and the first at once.
    assert!(begin.elapsed().as_millis() >= 95, "{:?}", begin.elapsed());
    server.logged("delaying request, excess: ", 2);
    assert!(site.read("logs/error.log").contains("[warn]"), "{}", site.read("logs/error.log"));
}

#[test]
fn a_zone_is_shared_by_the_workers_and_survives_a_reload() {
    let conf = CONF.replace("@USER@", "").replace("worker_processes 1", "worker_processes 4");
    let site = Site::new(&conf);
    site.write("www/a.txt", "a");
    let server = site.start();
    let statuses =
        |times: usize| -> Vec<u16> { (0..times).map(|_| server.get("/a.txt?key=w").status()).collect() };
    assert_eq!(statuses(8), [200, 503, 503, 503, 503, 503, 503, 503]);
    server.signal(rustix::process::Signal::HUP);
    server.logged("start worker", 8);
    assert_eq!(statuses(2), [503, 503]);
}
