//! Requests that are sent on where they should stay, or to nobody.

use crate::fault::{FAULT, Fault};

#[test]
fn a_rewrite_that_leaves_its_location() {
    Fault {
        server: "
    location /backend/ {
        rewrite ^/backend/(.*)$ /$1;
        proxy_set_header Host $host;
        proxy_pass http://app:9000;
    }",
        lines: &["-rewrite ^/backend/(.*)$ /$1;", "+rewrite ^/backend/(.*)$ /$1 break;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_redirect_to_itself() {
    Fault {
        feature: "any-request",
        server: "
    root /srv/www;
    location /help { return 301 /help/; }
    location / { try_files $uri /index.html; }",
        lines: &["-location /help { return 301 /help/; }", "+location = /help { return 301 /help/; }"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_redirect_to_a_server_without_a_name() {
    Fault {
        feature: "any-configuration",
        server: "
    server_name _;
    return 301 https://$server_name$request_uri;",
        lines: &["-return 301 https://$server_name$request_uri;", "+return 301 https://$host$request_uri;"],
        ..FAULT
    }
    .is_mended();
}
