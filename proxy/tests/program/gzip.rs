//! Compressed responses, as nginx has them.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        types { text/html html; application/javascript js; text/plain txt; }
        default_type application/octet-stream;
        access_log off;
        gzip on; gzip_types text/plain application/json;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            error_page 403 /a.txt;
            location /off { gzip off; return 200 \"0123456789012345678901234567890\"; }
            location /short { default_type text/html; return 200 0123456789; }
            location /long { default_type text/plain; return 200 01234567890123456789; add_header X-After 1; }
            location /other { default_type text/css; return 200 0123456789012345678901234567890; }
            location /all { gzip_types *; default_type text/css; return 200 0123456789012345678901234567890; }
            location /json { default_type \"application/JSON; charset=utf-8\"; return 200 0123456789012345678901234567890; }
            location /status { default_type text/plain; return 201 0123456789012345678901234567890; }
            location /app/json { proxy_pass http://127.0.0.1:@PORT@/plain/json; }
            location /plain/json { gzip off; default_type \"application/JSON ; charset=utf-8\"; return 200 0123456789012345678901234567890; }
            location /app/json2 { proxy_pass http://127.0.0.1:@PORT@/plain2/json; }
            location /plain2/json { gzip off; default_type \"application/JSON; CHARSET=utf-8; x=y\"; return 200 0123456789012345678901234567890; }
            location /denied { return 403; }
            location /vary/ { alias www/; gzip_vary on; keepalive_timeout 60 30; }
            location /vary/json { gzip_vary on; default_type application/json; return 200 0123456789012345678901234567890; }
            location /disabled/ { alias www/; gzip_disable msie6 Robot; gzip_vary on; }
            location /old/ { alias www/; gzip_http_version 1.0; }
            location /level/ { alias www/; gzip_comp_level 9; gzip_buffers 4 8k; gzip_min_length 0; }
            location /min/ { alias www/; gzip_min_length 1k; }
            location /p/off/ { alias www/; gzip_proxied off; }
            location /p/any/ { alias www/; gzip_proxied any; }
            location /p/auth/ { alias www/; gzip_proxied auth; }
            location /p/expired/ { alias www/; gzip_proxied expired; expires -1; }
            location /p/expired/not/ { alias www/; gzip_proxied expired; expires 1h; }
            location /p/expired/none/ { alias www/; gzip_proxied expired; }
            location /p/nocache/ { alias www/; gzip_proxied no-cache no-store; expires -1; }
            location /p/cc/ { gzip_proxied no-cache no-store private; proxy_pass http://127.0.0.1:@PORT@/cc/; }
            location /p/lm/ { gzip_proxied no_last_modified no_etag; proxy_pass http://127.0.0.1:@PORT@/raw/; }
            location /p/tag/ { gzip_proxied no_etag; proxy_pass http://127.0.0.1:@PORT@/notag/; }
            location /app/ { proxy_pass http://127.0.0.1:@PORT@/raw/; }
            location /app/unbuffered/ { proxy_buffering off; proxy_pass http://127.0.0.1:@PORT@/raw/; }
            location /app/gone/ { gzip_vary on; proxy_pass http://127.0.0.1:@PORT@/gone/; }
            location /app/encoded/ { proxy_pass http://127.0.0.1:@PORT@/encoded/; }
            location /app/hidden/ { proxy_hide_header Content-Encoding; proxy_pass http://127.0.0.1:@PORT@/encoded/; }
            location /app/etag/ { proxy_pass http://127.0.0.1:@PORT@/etag/; }
            location /raw/ { alias www/; gzip off; }
            location /notag/ { alias www/; gzip off; etag off; }
            location /gone/ { gzip off; return 404; }
            location /cc/ { gzip off; default_type text/plain; add_header Cache-Control $arg_cc; return 200 0123456789012345678901234567890; }
            location /encoded/ { gzip off; default_type text/plain; add_header Content-Encoding br; return 200 0123456789012345678901234567890; }
            location /etag/ { gzip off; default_type text/plain; add_header ETag $arg_tag; return 200 0123456789012345678901234567890; }
            location /static/ { alias www/; gzip_static on; }
            location /static/vary/ { alias www/; gzip_static on; gzip_vary on; gzip off; }
            location /static/always/ { alias www/; gzip_static always; gzip off; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    let text = "All work and no play makes Jack a dull boy.\n".repeat(2000);
    for (name, text) in
        [("a.txt", &text[..440]), ("long.txt", &text), ("b.js", &text), ("empty.txt", ""), ("c.txt", &text)]
    {
        site.write(&format!("www/{name}"), text);
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(b"packed before").unwrap();
    std::fs::write(site.path("www/c.txt.gz"), packed.finish().unwrap()).unwrap();
    std::fs::create_dir(site.path("www/a.txt.gz")).unwrap();
    for name in ["a.txt", "long.txt", "b.js", "empty.txt", "c.txt", "c.txt.gz"] {
        let file = File::open(site.path(&format!("www/{name}"))).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
    }
    site
}

const GZIP: &str = "Accept-Encoding: gzip";

#[test]
fn which_responses_are_compressed() {
    let targets = "/off /short /long /other /all /json /app/json /app/json2 /status /denied /missing /a.txt /long.txt /b.js /empty.txt /vary/a.txt \
        /vary/b.js /vary/json /level/a.txt /level/empty.txt /min/a.txt /min/long.txt /app/a.txt /app/long.txt /app/empty.txt \
        /app/b.js /app/unbuffered/long.txt /app/gone/ /app/encoded/ /app/hidden/ /app/etag/?tag=W/x \
        /app/etag/?tag=x /static/a.txt /static/b.js /static/c.txt /static/vary/c.txt /static/vary/b.js /static/always/c.txt \
        /static/always/b.js";
    let mut requests = Vec::new();
    for target in targets.split_whitespace() {
        for method in ["GET", "HEAD", "POST"] {
            requests.push(request(method, target, &[GZIP]));
            requests.push(request(method, target, &[]));
        }
    }
    compare(site, &requests);
}

#[test]
fn who_gets_them() {
    let mut requests = Vec::new();
    for accepted in [
        "gzip",
        "gzip, br",
        "gzip,br",
        "br, gzip",
        "br,gzip;q=1",
        "GZIP",
        "gzip;q=0",
        "gzip; q=0.5",
        "gzip;q=0.000",
        "gzip;q=1.1",
        "*",
        "x-gzip",
        "gzipx, gzip",
        "gz",
        "",
        "gzip;q=",
        "gzip ;x",
        "identity",
    ] {
        requests.push(request("GET", "/vary/a.txt", &[&format!("Accept-Encoding: {accepted}")]));
        requests.push(request("GET", "/static/vary/c.txt", &[&format!("Accept-Encoding: {accepted}")]));
    }
    for agent in [
        "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
        "MSIE 6.0; SV1 x",
        "MSIE 5.0;",
        "MSIE 7.0; x",
        "a robot",
        "x",
    ] {
        requests.push(request("GET", "/disabled/a.txt", &[GZIP, &format!("User-Agent: {agent}")]));
    }
    for target in ["/a.txt", "/old/a.txt", "/old/missing", "/long", "/app/a.txt"] {
        for kept in ["", "Connection: keep-alive\r\n"] {
            // Without its length, a body ends with the connection.
            let end = if target.starts_with("/old") { kept } else { "" };
            requests.push(format!("GET {target} HTTP/1.0\r\nHost: x\r\n{GZIP}\r\n{end}\r\n"));
        }
    }
    for target in "off any auth expired expired/not expired/none nocache".split_whitespace() {
        let target = format!("/p/{target}/a.txt");
        requests.push(request("GET", &target, &[GZIP, "Via: 1.1 x"]));
        requests.push(request("GET", &target, &[GZIP, "Via: 1.1 x", "Authorization: Basic eDp5"]));
    }
    for said in ["no-cache", "no-store", "private,x", "x, Private ", "public", "no-cache=x", ""] {
        requests.push(request("GET", &format!("/p/cc/?cc={}", said.replace(' ', "")), &[GZIP, "Via: 1.1 x"]));
    }
    for target in ["/p/lm/a.txt", "/p/tag/a.txt"] {
        requests.push(request("GET", target, &[GZIP, "Via: 1.1 x"]));
    }
    compare(site, &requests);
}

#[test]
fn parts_and_conditions() {
    let mut requests = Vec::new();
    for target in ["/a.txt", "/vary/a.txt", "/b.js", "/app/a.txt", "/static/c.txt", "/static/vary/c.txt"] {
        for fields in [
            &["Range: bytes=0-3"][..],
            &["Range: bytes=9999999-"],
            &["If-None-Match: W/\"6553f100-1b8\""],
            &["If-None-Match: \"6553f100-1b8\""],
            &["If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"],
        ] {
            requests.push(request("GET", target, fields));
            requests.push(request("GET", target, &[fields, &[GZIP]].concat()));
        }
    }
    compare(site, &requests);
}
