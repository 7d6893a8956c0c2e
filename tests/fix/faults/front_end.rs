//! The page and its files.

use crate::fault::{FAULT, Fault};

#[test]
fn a_page_that_is_misspelt() {
    Fault {
        feature: "any-routes",
        server: "
    root /srv/site;
    location / { try_files $uri /indx.html; }",
        profile: "[[routes]]
path = \"/\"
fallback = \"/index.html\"
",
        lines: &["-location / { try_files $uri /indx.html; }", "+location / { try_files $uri /index.html; }"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_page_that_the_profile_names_and_nothing_falls_back_on() {
    Fault {
        feature: "any-routes",
        server: "
    root /srv/site;
    location / { try_files $uri $uri/ =404; }",
        profile: "[[routes]]
path = \"/\"
fallback = \"/index.html\"
",
        lines: &[
            "-location / { try_files $uri $uri/ =404; }",
            "+location / { try_files $uri $uri/ /index.html; }",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_page_that_answers_what_would_change_something() {
    Fault {
        feature: "any-front-end",
        server: "
    root /srv/site;
    location / {
        error_page 404 =200 /index.html;
    }",
        lines: &["-error_page 404 =200 /index.html;", "+try_files $uri $uri/ /index.html;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_page_of_the_server_that_answers_everything() {
    Fault {
        feature: "any-front-end",
        server: "
    root /srv/site;
    error_page 404 405 =200 /index.html;
    location / { index index.html; }",
        lines: &[
            "-error_page 404 405 =200 /index.html;",
            "-location / { index index.html; }",
            "+location / { index index.html; try_files $uri $uri/ /index.html; }",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_page_that_browsers_keep() {
    Fault {
        feature: "any-front-end",
        server: "
    location / {
        root /srv/site;
        expires 7d;
        try_files $uri /index.html;
    }",
        lines: &[
            "+location = /index.html {",
            "+root /srv/site;",
            "+add_header Cache-Control no-cache;",
            "+}",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn files_that_have_no_root() {
    Fault {
        feature: "any-front-end",
        server: "
    location / {
        root /srv/site;
        try_files $uri /index.html;
    }
    location ~ \\.(js|css|svg)$ { expires 1y; }",
        lines: &[
            "-location ~ \\.(js|css|svg)$ { expires 1y; }",
            "+location ~ \\.(js|css|svg)$ { expires 1y; root /srv/site; }",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn files_that_are_not_for_everybody() {
    Fault {
        feature: "any-front-end",
        http: "    include mime.types;",
        server: "
    root /srv/site;
    location / { add_header Cache-Control no-cache; try_files $uri /index.html; }",
        options: &["--strict"],
        lines: &[
            "+location ~ /\\.(?!well-known) { return 404; }",
            "+location /assets/ { try_files $uri =404; }",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_directory_that_is_not_the_one_of_the_build() {
    Fault {
        feature: "any-front-end",
        server: "
    location / {
        root /srv/shop;
        try_files $uri $uri/ /index.html;
    }",
        profile: "[front-end]
deployed-to = \"/srv/shop/dist\"
",
        lines: &["-root /srv/shop;", "+root /srv/shop/dist;"],
        ..FAULT
    }
    .is_mended();
}
