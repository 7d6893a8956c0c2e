//! `valid_referers`, as in nginx.

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        server {
            listen 127.0.0.1:@PORT@;
            server_name x.test *.x.test ~^y[0-9]+$;
            location / { return 200 \"[$invalid_referer]\"; }
            location /none/ { valid_referers none example.com; return 200 \"[$invalid_referer]\"; }
            location /blocked/ { valid_referers blocked example.com; return 200 \"[$invalid_referer]\"; }
            location /hosts/ { valid_referers example.com *.example.org www.example.* .example.net; return 200 \"[$invalid_referer]\"; }
            location /paths/ { valid_referers example.com/a *.example.org/b/; return 200 \"[$invalid_referer]\"; }
            location /names/ { valid_referers server_names; return 200 \"[$invalid_referer]\"; }
            location /patterns/ { valid_referers ~example\\.(com|org) ~\\.test/x; return 200 \"[$invalid_referer]\"; }
            location /denied/ {
                valid_referers none blocked server_names;
                if ($invalid_referer) { return 403; }
                location /denied/in/ { return 200 \"[$invalid_referer]\"; }
                return 200;
            }
        }
    }";

#[test]
fn pages_that_may_lead_here() {
    let long = format!("http://{}/", "a".repeat(257));
    let referers = [
        "http://example.com",
        "https://EXAMPLE.com/",
        "HTTP://example.com:8080/a/b",
        "http://example.com/b",
        "http://www.example.org/b/c",
        "http://www.example.org/b",
        "http://example.org/b/",
        "http://a.b.example.net",
        "http://example.net/",
        "http://www.example.de/",
        "http://www.example",
        "ftp://example.com/",
        "example.com",
        "http://a.de",
        "http://a.d",
        "http://x.test/",
        "https://a.x.test/x",
        "http://y42/long/enough",
        "http://y/long/enough",
        "https://other.test/x",
        "http:///example.com",
        "http://evil.de/?http://example.com",
        "",
        &long,
    ];
    let mut requests = Vec::new();
    for target in
        "/ /none/ /blocked/ /hosts/ /paths/ /names/ /patterns/ /denied/ /denied/in/".split_whitespace()
    {
        requests.push(request("GET", target, &[]));
        for referer in &referers {
            requests.push(request("GET", target, &[&format!("Referer: {referer}")]));
        }
    }
    compare(|| Site::new(CONF), &requests);
}
