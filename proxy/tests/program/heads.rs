//! What heads of requests and responses look like: names of headers, slashes, redirects, chunks, ranges, and what is logged of
//! files that are not there.

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        types { text/plain txt; }
        server {
            listen 127.0.0.1:@PORT@;
            server_name first.test second.test;
            root www;
            location / { return 200 \"$uri|$http_a_b|$http_c\"; }
            location /relative/ { absolute_redirect off; return 302 /elsewhere; }
            location /no-port/ { port_in_redirect off; return 302 /elsewhere; }
            location /named/ { server_name_in_redirect on; return 302 /elsewhere; }
            location /far/ { absolute_redirect off; return 302 http://x.test/; }
            location /rel-files/ { alias www/; absolute_redirect off; }
            location /quiet/ { alias www/; log_not_found off; }
            location /quiet/dir/ { alias www/dir/; log_not_found off; index no.html; }
            location /loud/ { alias www/; }
            location /one/ { alias www/; max_ranges 1; }
            location /none/ { alias www/; max_ranges 0; }
            location /app/ { proxy_pass http://127.0.0.1:@PORT2@; chunked_transfer_encoding off; }
            location /app/chunks/ { proxy_pass http://127.0.0.1:@PORT2@/; }
            location /packed/ { alias www/; sub_filter a b; sub_filter_types *; chunked_transfer_encoding off; }
        }
        server {
            listen 127.0.0.1:@PORT2@;
            merge_slashes off; underscores_in_headers on;
            sub_filter_types *; sub_filter x y;
            location / { return 200 \"$uri|$http_a_b\"; }
            location /app/ { alias www/; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/a.txt", "abcdefghij");
    site.write_dated("www/dir/b.txt", "b");
    site
}

#[test]
fn redirects_lead_where_the_configuration_says() {
    let targets = "/relative/ /no-port/ /named/ /far/ /rel-files/dir /loud/dir";
    let requests: Vec<String> = targets.split(' ').map(|target| request("GET", target, &[])).collect();
    compare(site, &requests);
}

#[test]
fn a_file_that_is_not_there_is_logged_or_not() {
    let targets = "/quiet/a.txt /quiet/no.txt /quiet/dir/ /quiet/a.txt/x /loud/no.txt";
    let requests: Vec<String> = targets.split(' ').map(|target| request("GET", target, &[])).collect();
    compare(site, &requests);
}

#[test]
fn no_more_ranges_than_are_allowed() {
    let mut requests = Vec::new();
    for place in ["one", "none", "loud"] {
        for range in ["0-1", "0-1,3-4", "0-1,50-60", "50-60", "0-1,3-4,x", "-1"] {
            let range = format!("Range: bytes={range}");
            requests.push(request("GET", &format!("/{place}/a.txt"), &[&range]));
        }
        requests.push(request("GET", &format!("/{place}/a.txt"), &[]));
    }
    compare(site, &requests);
}

#[test]
fn without_chunks_a_body_ends_with_the_connection() {
    let targets = "/packed/a.txt /packed/dir/b.txt /app/a.txt /app/chunks/app/a.txt";
    let mut requests = Vec::new();
    for target in targets.split(' ') {
        requests.extend(["GET", "HEAD"].map(|method| request(method, target, &[])));
        requests.push(format!("GET {target} HTTP/1.0\r\nHost: x\r\n\r\n"));
    }
    compare(site, &requests);
}

/// The same for names of headers and slashes, of the server that asks for them.
const STRICT: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        ignore_invalid_headers @IGNORE@;
        server {
            listen 127.0.0.1:@PORT@;
            merge_slashes @MERGE@; underscores_in_headers @UNDERSCORES@;
            location / { return 200 \"$uri|$http_a_b|$http_c\"; }
            location ~ ^//two { return 200 \"two $uri\"; }
            location /one { return 200 \"one $uri\"; }
        }
    }";

fn heads(ignore: &str, merge: &str, underscores: &str) -> Site {
    let conf = STRICT.replace("@IGNORE@", ignore).replace("@MERGE@", merge);
    Site::new(&conf.replace("@UNDERSCORES@", underscores))
}

fn requests() -> Vec<String> {
    let targets =
        "//two /one//x /one///x/../y //one/..//two /a/%2Fb /a/.//b /a//../b /a//..//..//b /..//x //";
    let mut requests: Vec<String> = targets.split(' ').map(|target| request("GET", target, &[])).collect();
    for field in ["a_b: 1", "a-b: 1", "c: 1", "a.b: 1", "a!b: 1", "_: 1"] {
        requests.push(request("GET", "/fields", &[field]));
    }
    requests
}

#[test]
fn slashes_and_underscores_stay_where_they_are_wanted() {
    compare(|| heads("on", "off", "on"), &requests());
}

#[test]
fn slashes_and_underscores_go_by_default() {
    compare(|| heads("on", "on", "off"), &requests());
}

#[test]
fn a_head_of_too_many_lines_is_refused() {
    const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
        http { access_log off; max_headers 4; server { listen 127.0.0.1:@PORT@; return 200; } }";
    let requests: Vec<String> = (0..4)
        .map(|count| {
            let fields: Vec<String> = (0..count).map(|number| format!("X-{number}: 1")).collect();
            request("GET", "/", &fields.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    compare(|| Site::new(CONF), &requests);
}
