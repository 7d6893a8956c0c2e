//! `stub_status`, and the times that a request took on its way to an app server.

use crate::files::{compare, nginx, request};
use crate::logged::compare_logs;
use crate::server::{Response, Server, Site, eventually};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format times '$uri $status $upstream_addr|$upstream_status|$upstream_connect_time|$upstream_header_time|$upstream_response_time';
        access_log logs/access.log times;
        upstream none { server 127.0.0.1:@PORT2@; server 127.0.0.2:@PORT2@; }
        proxy_http_version 1.1; proxy_set_header Connection \"\";
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            gzip_types text/plain;
            location / { access_log off; }
            location /status { stub_status; }
            location /numbers { return 200 \"$connections_active $connections_reading $connections_writing $connections_waiting\\n\"; }
            location /old { stub_status on; }
            location /if/ { stub_status; if ($arg_proxy) { proxy_pass http://none; } if ($arg_x) { set $x 1; } }
            location /below/ { stub_status; location /below/it/ { alias www/; } }
            location /later/ { proxy_pass http://127.0.0.1:@PORT@/; stub_status; }
            location /earlier/ { stub_status; proxy_pass http://127.0.0.1:@PORT@/; }
            location /one/ { proxy_pass http://127.0.0.1:@PORT@/; }
            location /down/ { proxy_pass http://none/; }
            location /twice/ { proxy_pass http://none/; error_page 502 = @second; }
            location @second { rewrite ^/twice(.*)$ $1 break; proxy_pass http://127.0.0.1:@PORT@; error_page 502 404 = @third; proxy_intercept_errors on; recursive_error_pages on; }
            location @third { rewrite ^ /a.txt break; proxy_pass http://127.0.0.1:@PORT@; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/a.txt", "a");
    site
}

/// Workers count together.
fn site_of_two_workers() -> Site {
    Site::new(&CONF.replace("worker_processes 1", "worker_processes 2"))
}

/// The page without how many were accepted and handled, which depends on how long the program took to start.
fn page(server: &Server<'_>, target: &str) -> String {
    let Response { body, .. } = server.get(target);
    let lines = body.split('\n').map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
        ["", _, _, requests, ""] => format!(" N N {requests} "),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn connections_and_requests_are_counted_as_nginx_counts_them() {
    let ours = site_of_two_workers();
    let server = ours.start();
    let first = "Active connections: 1 \nserver accepts handled requests\n N N 1 \nReading: 0 Writing: 1 Waiting: 0 \n";
    let again = |requests: u64| first.replace(" 1 \nR", &format!(" {requests} \nR"));
    let mut asked = 0;
    // Connections that found it running may be open still.
    eventually("only this connection is open", || {
        asked += 1;
        page(&server, "/status") == again(asked)
    });
    let _waiting = server.connect();
    eventually("another one waits", || server.get("/numbers").body == "2 0 1 1\n");
    drop(_waiting);
    eventually("it has gone", || server.get("/numbers").body == "1 0 1 0\n");
    let head = server.send(request("HEAD", "/status", &[]).as_bytes());
    assert_eq!((head.status(), &head.body[..]), (200, ""));
    let Some(nginx) = nginx() else { return };
    let theirs = site_of_two_workers();
    let server = theirs.start_nginx(&nginx);
    asked = 0;
    eventually("nginx says the same", || {
        asked += 1;
        page(&server, "/old") == again(asked)
    });
}

#[test]
fn who_is_given_the_numbers() {
    let mut requests = Vec::new();
    for target in ["/if/a.txt?proxy=1", "/below/it/a.txt", "/earlier/a.txt", "/earlier/missing"] {
        requests.push(request("GET", target, &[]));
    }
    for target in ["/status", "/old", "/if/", "/if/?x=1", "/below/", "/later/"] {
        requests.push(request("POST", target, &["Content-Length: 0"]));
        requests.push(request("OPTIONS", target, &[]));
    }
    compare(site, &requests);
}

#[test]
fn what_it_took_to_ask_app_servers_is_logged_as_by_nginx() {
    let targets =
        ["/status", "/one/a.txt", "/one/missing", "/down/x", "/down/x", "/twice/a.txt", "/twice/missing"];
    let requests: Vec<String> = targets.iter().map(|target| request("GET", target, &[])).collect();
    compare_logs(site, &requests);
}
