//! Responses that are unpacked for clients that do not accept them, as by nginx.

use std::fs;
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        types { text/plain txt; }
        access_log off;
        gunzip on;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            gzip_static always;
            location /off/ { alias www/; gunzip off; }
            location /vary/ { alias www/; gzip_vary on; gunzip_buffers 4 8k; }
            location /sub/ { alias www/; sub_filter_types text/plain; sub_filter Jack Jill; sub_filter_once off; }
            location /added/ { alias www/; add_header Content-Encoding br; }
            location /app/ { proxy_pass http://127.0.0.1:@PORT@/off/; proxy_set_header Accept-Encoding gzip; }
            location /app/unbuffered/ { proxy_pass http://127.0.0.1:@PORT@/off/; proxy_buffering off; }
            location /repacked/ { proxy_pass http://127.0.0.1:@PORT@/off/; gzip on; gzip_types *; gzip_min_length 1; gzip_vary on; }
            location /old/ { alias www/; gzip_http_version 1.0; }
        }
    }";

fn packed(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn site() -> Site {
    let site = Site::new(CONF);
    let text = "All work and no play makes Jack a dull boy.\n";
    let whole = packed(text.as_bytes());
    let members = [&whole[..], &packed(b"And Jill a dull girl.\n")].concat();
    for (name, bytes) in [
        ("a.txt.gz", &whole[..]),
        ("long.txt.gz", &packed(text.repeat(20_000).as_bytes())),
        ("nothing.txt.gz", &packed(b"")),
        ("members.txt.gz", &members),
    ] {
        let path = site.path(&format!("www/{name}"));
        fs::write(&path, bytes).unwrap();
        let file = fs::File::open(path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
    }
    site
}

#[test]
fn who_does_not_accept_it_gets_it_unpacked() {
    let mut requests = Vec::new();
    for directory in
        ["/", "/off/", "/vary/", "/sub/", "/added/", "/app/", "/app/unbuffered/", "/repacked/", "/old/"]
    {
        for name in ["a.txt", "long.txt", "nothing.txt", "members.txt"] {
            let target = format!("{directory}{name}");
            for method in ["GET", "HEAD"] {
                requests.push(request(method, &target, &[]));
                // Of a compressed body in several members, only the first is compared.
                if name != "members.txt" {
                    requests.push(request(method, &target, &["Accept-Encoding: gzip"]));
                }
            }
            for field in [
                "Range: bytes=0-9",
                "If-None-Match: *",
                "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT",
                "Accept-Encoding: gzip;q=0",
            ] {
                requests.push(request("GET", &target, &[field]));
            }
            for more in ["", "Accept-Encoding: gzip\r\n"] {
                if directory == "/off/" || name == "members.txt" && !more.is_empty() {
                    continue;
                }
                requests.push(format!("GET {target} HTTP/1.0\r\nHost: x\r\n{more}\r\n"));
            }
        }
    }
    compare(site, &requests);
}
