//! `charset`, as nginx writes it.

use crate::app::App;
use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        types { text/html html; application/javascript js; image/png png; text/css css; application/json json; }
        default_type application/octet-stream;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        charset utf-8;
        add_header X-Type $sent_http_content_type always;
        gzip_types text/css text/plain; gzip_min_length 1;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            location /off/ { charset off; alias www/; }
            location /types/ { charset_types text/css APPLICATION/json; alias www/; }
            location /all/ { charset_types *; alias www/; }
            location /var/ { charset $arg_c; alias www/; if ($arg_x) { charset koi8-r; } }
            location /text { default_type text/plain; return 200 text; }
            location /moved { return 301 /x; }
            location /moved/302 { return 302 /x; }
            location /moved/307 { return 307 /x; }
            location /nothing { add_header X-None 1; return 204; }
            location /error { return 403; }
            location /page { error_page 404 /a.html; }
            location /gzip/ { gzip on; charset_types *; alias www/; }
            location /proxied/ { proxy_pass http://127.0.0.1:@PORT2@; }
            location /proxied/over/ { override_charset on; proxy_pass http://127.0.0.1:@PORT2@; }
            location /proxied/ignored/ { proxy_ignore_headers X-Accel-Charset; proxy_pass http://127.0.0.1:@PORT2@; }
            location /proxied/koi8/ { charset koi8-r; proxy_pass http://127.0.0.1:@PORT2@; }
            location /source/ { source_charset $arg_s; alias www/; if ($arg_x) { source_charset utf-8; } }
            location /proxied/source/ { source_charset UTF-8; proxy_pass http://127.0.0.1:@PORT2@; }
            location /echo { default_type text/html; return 200 here; }
            location /status { stub_status; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    App::start(site.address(1));
    for name in ["a.html", "a.js", "a.png", "a.css", "a.json", "a"] {
        site.write_dated(&format!("www/{name}"), name);
    }
    site
}

#[test]
fn types_say_what_characters_there_are() {
    let mut requests = Vec::new();
    for directory in ["/", "/off/", "/types/", "/all/", "/gzip/"] {
        for name in ["a.html", "a.js", "a.png", "a.css", "a.json", "a", "missing"] {
            requests.push(request("GET", &format!("{directory}{name}"), &["Accept-Encoding: gzip"]));
        }
    }
    for target in [
        "/var/a.html?c=x",
        "/var/a.html?x=1&c=y",
        "/text",
        "/moved",
        "/moved/302",
        "/moved/307",
        "/source/a.html?s=utf-8",
        "/source/a.html?s=UTF-8",
        "/source/a.html?s=koi8-r",
        "/source/a.html?s=unheard-of",
        "/source/a.html?s=koi8-r&x=1",
        "/source/a.png?s=koi8-r",
        "/nothing",
        "/error",
        "/page",
    ] {
        requests.push(request("GET", target, &[]));
        requests.push(request("HEAD", target, &[]));
    }
    requests.push(request("GET", "/a.html", &["Range: bytes=0-1"]));
    requests.push(request("GET", "/a.html", &["If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"]));
    for kind in [
        "text/html",
        "text/html; charset=koi8-r",
        "TEXT/html",
        "text/html;a=b",
        "application/json",
        "text/html; charset=utf-8",
        "",
    ] {
        for said in ["200", "404", "302;Location: /x"] {
            for target in ["/proxied/x", "/proxied/over/x", "/proxied/source/x"] {
                requests.push(request(
                    "GET",
                    target,
                    &[&format!("X-Say: {said};Content-Type: {}", kind.replace(';', "|"))],
                ));
            }
        }
    }
    compare(site, &requests);
}

#[test]
fn an_app_server_says_what_characters_there_are() {
    let mut requests = Vec::new();
    for charset in ["koi8-r", "KOI8-R", "utf-8", ""] {
        for kind in ["text/html", "image/png", "text/html; charset=ascii", ""] {
            for status in ["200", "302;Location: /x", "404", "304", "200;X-Accel-Redirect: /echo"] {
                let kind = kind.replace(';', "|");
                let say =
                    format!("X-Say: {status};X-Accel-Charset: {charset};Content-Type: {kind};X-Other: 1");
                for target in ["/proxied/x", "/proxied/ignored/x", "/proxied/koi8/x"] {
                    requests.push(request("GET", target, &[&say]));
                }
            }
        }
    }
    compare(site, &requests);
}
