//! `sub_filter`, as nginx does it.

use crate::app::App;
use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        types { text/html html; text/css css; }
        default_type application/octet-stream;
        access_log off;
        proxy_http_version 1.1; proxy_set_header Connection \"\";
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            sub_filter Jack Jill;
            location /all/ { alias www/; sub_filter_once off; sub_filter_types *; }
            location /css/ { alias www/; sub_filter_types text/css; sub_filter_last_modified on; }
            location /several/ {
                alias www/;
                sub_filter_once off;
                sub_filter 'dull boy' <b>$arg_by</b>;
                sub_filter dull bright;
                sub_filter $arg_text $uri;
                sub_filter y '';
            }
            location /once/ { alias www/; sub_filter play work; sub_filter work play; }
            location /variable/ { alias www/; sub_filter $arg_text found; }
            location /packed/ { alias www/; gzip on; gzip_min_length 1; sub_filter_last_modified on; }
            location /added/ { alias www/; add_header ETag '\"added\"'; add_header Content-Length 5; sub_filter_last_modified on; }
            location /return { default_type text/html; return 200 'Jack and jack'; }
            location /nothing { default_type text/html; return 200; }
            location /status { default_type text/html; return 201 'jack'; }
            location /error { error_page 404 /a.html; }
            location /page { sub_filter nginx x; sub_filter 'not found' 'JACK'; sub_filter_once off; return 404; }
            location /range/ { alias www/; sub_filter absent present; }
            location /app { proxy_pass http://127.0.0.1:@PORT2@; sub_filter / JACK; sub_filter_once off; }
            location /app/raw { proxy_pass http://127.0.0.1:@PORT2@; sub_filter / JACK; sub_filter_types *; proxy_buffering off; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    let text = "All work and no play makes Jack a dull boy.\n";
    for name in ["a.html", "a.css", "a.txt"] {
        site.write_dated(&format!("www/{name}"), &text.repeat(3));
    }
    // Longer than any buffer, so that some of what is looked for lies across two.
    site.write_dated("www/long.html", &text.repeat(9000));
    site.write_dated("www/empty.html", "");
    App::start(site.address(1));
    site
}

#[test]
fn texts_are_replaced_in_bodies() {
    let targets = "/a.html /a.css /a.txt /long.html /empty.html /all/a.html /all/a.txt /all/long.html /all/empty.html \
        /css/a.html /css/a.css /several/a.html?by=you&text=makes /several/long.html?by=&text= /once/a.html /once/long.html \
        /variable/a.html?text=play /variable/a.html /packed/a.html /packed/long.html /added/a.html /return /nothing /status \
        /error /page /missing /range/a.html /";
    let mut requests = Vec::new();
    for target in targets.split_whitespace() {
        for method in ["GET", "HEAD", "POST"] {
            requests.push(request(method, target, &["Accept-Encoding: gzip"]));
        }
        for range in ["bytes=0-9", "bytes=5-6,8-9", "bytes=99999999-"] {
            requests.push(request("GET", target, &[&format!("Range: {range}")]));
        }
        requests.push(request("GET", target, &["If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"]));
        if target.contains(".html") {
            requests.push(request("GET", target, &["If-Match: \"x\""]));
        }
        requests.push(format!("GET {target} HTTP/1.0\r\nHost: x\r\n\r\n"));
    }
    compare(site, &requests);
}

#[test]
fn what_app_servers_answer_is_changed_too() {
    let mut requests = Vec::new();
    for kind in ["text/html", "text/html; charset=utf-8", "TEXT/HTML;a=b", "application/json", ""] {
        for said in ["200", "200;chunked", "200;eof", "206", "404", "301;Location: /x", "304", "204"] {
            let mut words: Vec<&str> = said.split(';').collect();
            let kind = format!("Content-Type: {kind}");
            words.insert(1, &kind);
            words.insert(2, "ETag: \"x\";Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT;Accept-Ranges: bytes");
            let say = format!("X-Say: {}", words.join(";"));
            for target in ["/app/a/b/c", "/app/raw/b"] {
                requests.push(request("GET", target, &[&say]));
            }
            requests.push(request("HEAD", "/app", &[&say]));
        }
    }
    compare(site, &requests);
}
