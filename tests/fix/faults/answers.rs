//! What of an answer reaches the client, and which client.

use crate::fault::{FAULT, Fault};

#[test]
fn headers_that_a_location_loses() {
    Fault {
        feature: "any-front-end",
        server: "
    root /srv/site;
    add_header Referrer-Policy no-referrer always;
    location / {
        add_header Cache-Control no-cache;
        try_files $uri /index.html;
    }",
        lines: &["+add_header Referrer-Policy no-referrer always;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn headers_that_errors_lack() {
    Fault {
        feature: "any-cors",
        server: "
    location /v3/ {
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin https://shop.example.net;
            add_header Access-Control-Allow-Methods \"GET, DELETE\";
            add_header Access-Control-Allow-Headers Content-Type;
            return 204;
        }
        add_header Access-Control-Allow-Origin https://shop.example.net;
        proxy_hide_header Access-Control-Allow-Origin;
        proxy_pass http://127.0.0.1:9000;
    }",
        lines: &[
            "-add_header Access-Control-Allow-Origin https://shop.example.net;",
            "+add_header Access-Control-Allow-Origin https://shop.example.net always;",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn errors_of_the_app_that_the_page_takes_the_place_of() {
    Fault {
        feature: "any-api",
        server: "
    root /srv/site;
    location /rest/ {
        proxy_intercept_errors on;
        error_page 404 = /index.html;
        proxy_pass http://127.0.0.1:9000;
    }",
        lines: &["-proxy_intercept_errors on;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_subprotocol_that_is_hidden() {
    Fault {
        feature: "any-socket",
        server: "
    location /graphql/ws {
        proxy_pass http://127.0.0.1:9000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        proxy_hide_header Sec-WebSocket-Protocol;
    }",
        lines: &["-proxy_hide_header Sec-WebSocket-Protocol;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_cookie_for_another_path() {
    Fault {
        feature: "any-api",
        server: "
    location /shop/ {
        proxy_pass http://127.0.0.1:9000;
        proxy_set_header Host $host;
        proxy_cookie_path / /basket/;
    }",
        lines: &["-proxy_cookie_path / /basket/;", "+proxy_cookie_path / /shop/;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn answers_for_one_user_that_others_are_given() {
    Fault {
        feature: "any-api",
        http: "    proxy_cache_path /var/cache/rest keys_zone=rest:1m;",
        server: "
    location /rest/ {
        proxy_pass http://127.0.0.1:9000;
        proxy_cache rest;
        proxy_cache_valid any 5m;
        proxy_ignore_headers Set-Cookie Expires Cache-Control;
    }",
        lines: &["-proxy_ignore_headers Set-Cookie Expires Cache-Control;", "+proxy_ignore_headers Expires;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn events_that_are_held_back() {
    Fault {
        feature: "any-routes",
        server: "
    location /feed/ {
        proxy_pass http://127.0.0.1:9000;
        proxy_buffering on;
    }",
        profile: "[[routes]]
path = \"/feed/\"
sse = true
",
        lines: &["-proxy_buffering on;", "+proxy_buffering off;"],
        ..FAULT
    }
    .is_mended();
}
