//! Fields behind the body of a response: `add_trailer`.

use http::Request;

use crate::app::App;
use crate::files::{compare, nginx, request};
use crate::http2::client::{Answer, Client};
use crate::logged::compare_logs;
use crate::server::{Server, Site};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        types { text/html html; } default_type text/plain;
        proxy_http_version 1.1; proxy_set_header Connection \"\";
        proxy_cache_path cache keys_zone=kept:1m;
        log_format sent '$request $status $sent_trailer_x_length $sent_trailer_x_none';
        access_log logs/access.log sent;
        server {
            listen 127.0.0.1:@PORT@ @HTTP2@;
            root www;
            add_trailer X-Length $upstream_response_length:$upstream_status:$scheme;
            add_trailer X-Always $status-$uri always;
            add_trailer X-Empty $arg_empty;
            location /text { return 200 text; }
            location /nothing { return 200; }
            location /error { return 404; }
            location /moved { return 302 /text; }
            location /204 { return 204; }
            location /own { add_trailer X-Own own; return 500 own; }
            location /own/200 { add_trailer X-Own own; return 200 own; }
            location /empty { add_trailer X-Empty \"\"; return 200 text; }
            location /if { if ($arg_own) { add_trailer X-If $arg_own; } return 200 if; }
            location /only/ { alias www/; add_trailer X-Own own; add_trailer X-Empty \"\"; }
            location /whole/ { alias www/; chunked_transfer_encoding off; }
            location /packed/ { alias www/; gzip on; gzip_min_length 1; gzip_types *; }
            location /sub/ { alias www/; sub_filter 0 zero; sub_filter_types *; }
            location /page { error_page 404 /text; return 404; }
            location /app { proxy_pass http://127.0.0.1:@PORT2@; }
            location /app/raw { proxy_pass http://127.0.0.1:@PORT2@; proxy_buffering off; }
            location /app/packed { proxy_pass http://127.0.0.1:@PORT2@; gzip on; gzip_min_length 1; gzip_types *; }
            location /kept { proxy_pass http://127.0.0.1:@PORT2@; proxy_cache kept; proxy_cache_valid 1h; }
        }
    }";

const TARGETS: &str = "/text /nothing /error /moved /204 /own /own/200 /empty /if /if?own=1 /only/a.html /whole/a.html /packed/a.html /sub/a.html \
     /page /a.html /none.html /long.html /missing /text?empty=no";

fn http1() -> Site {
    site("")
}

fn site(http2: &str) -> Site {
    let site = Site::new(&CONF.replace("@HTTP2@", http2));
    for (name, text) in [("a", "0123456789"), ("none", ""), ("long", &"0123456789".repeat(20_000))] {
        site.write_dated(&format!("www/{name}.html"), text);
    }
    App::start(site.address(1));
    site
}

fn requests() -> Vec<String> {
    let mut requests = Vec::new();
    for target in TARGETS.split_whitespace() {
        requests.extend(
            ["GET", "HEAD", "POST"].map(|method| request(method, target, &["Accept-Encoding: gzip"])),
        );
        for range in ["bytes=1-3", "bytes=1-3,5-6", "bytes=999999-"] {
            requests.push(request("GET", target, &[&format!("Range: {range}")]));
        }
        requests.push(request("GET", target, &["If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"]));
        requests.push(format!("GET {target} HTTP/1.0\r\nHost: x\r\n\r\n"));
    }
    for said in ["200", "200;eof", "404", "204", "304", "301;Location: /x"] {
        let fields = format!("X-Say: {said};Content-Type: text/html");
        for target in ["/app", "/app/raw", "/app/packed"] {
            requests.push(request("GET", target, &[&fields, "Accept-Encoding: gzip"]));
            requests.push(request("HEAD", target, &[&fields]));
        }
    }
    for range in ["", "Range: bytes=1-3", "Range: bytes=1-3,5-6"] {
        requests.push(request("GET", "/kept", &["X-Say: 200;Accept-Ranges: bytes", range]));
    }
    requests
}

#[test]
fn fields_follow_the_body_where_nginx_sends_some() {
    compare(http1, &requests());
}

#[test]
fn they_are_logged() {
    // nginx evaluates them even where it sends none.
    let none = ["HTTP/1.0", "/whole", "X-Say: 204", "X-Say: 304"];
    let mut requests = requests();
    requests.retain(|request| !none.iter().any(|text| request.contains(text)));
    compare_logs(http1, &requests);
}

#[test]
fn they_follow_it_in_http2_as_well() {
    let Some(nginx) = nginx() else { return };
    let (ours, theirs) = (site("http2"), site("http2"));
    let ask = |server: &Server<'_>| -> Vec<Answer> {
        let port = format!(":{}", server.site.address(0).port());
        let ask = |target: &str| {
            ["GET", "HEAD"].map(|method| {
                let request = Request::builder().method(method).uri(format!("http://a.test{target}"));
                let mut answer = Client::new(server).ask(request, None);
                answer.fields.iter_mut().for_each(|field| *field = field.replace(&port, ""));
                // Pages name the program.
                answer.fields.retain(|field| answer.status < 300 || !field.starts_with("content-length"));
                answer
            })
        };
        TARGETS.split_whitespace().chain(["/app", "/app/packed"]).flat_map(ask).collect()
    };
    let answers = (ask(&ours.start()), ask(&theirs.start_nginx(&nginx)));
    for (got, wanted) in answers.0.iter().zip(&answers.1) {
        assert_eq!(got, wanted, "nginx is on the right");
    }
    assert!(answers.0[0].fields.contains(&"trailer x-always: 200-/text".to_owned()), "{:?}", answers.0[0]);
}
