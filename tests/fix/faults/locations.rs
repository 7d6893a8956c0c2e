//! Where a request goes, and how it is sent on.

use crate::fault::{FAULT, Fault};

#[test]
fn a_slash_too_much_behind_the_host() {
    Fault {
        feature: "any-api",
        server: "
    location /rest {
        proxy_pass http://127.0.0.1:9000/;
    }",
        lines: &["-location /rest {", "+location /rest/ {"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_slash_too_few_behind_the_path() {
    Fault {
        feature: "any-api",
        server: "
    location /rest/ {
        proxy_set_header Host $host;
        proxy_pass http://127.0.0.1:9000/v2;
    }",
        lines: &["-proxy_pass http://127.0.0.1:9000/v2;", "+proxy_pass http://127.0.0.1:9000/v2/;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn an_alias_that_can_be_left() {
    Fault {
        feature: "any-front-end",
        server: "
    root /srv/site;
    location /docs {
        alias /srv/manual/;
    }
    location / { try_files $uri /index.html; }",
        lines: &["-location /docs {", "+location /docs/ {"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_pattern_that_wins_over_a_prefix() {
    Fault {
        feature: "any-api",
        server: "
    root /srv/site;
    location ~ \\.(csv|pdf)$ { expires 1d; }
    location /rest/ { proxy_pass http://127.0.0.1:9000; }",
        lines: &[
            "-location /rest/ { proxy_pass http://127.0.0.1:9000; }",
            "+location ^~ /rest/ { proxy_pass http://127.0.0.1:9000; }",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn an_exact_location_where_all_below_is_meant() {
    Fault {
        feature: "any-routes",
        server: "
    location = /rest/ { proxy_pass http://127.0.0.1:9000; }",
        profile: "[[routes]]
path = \"/rest/\"
kind = \"api\"
",
        lines: &[
            "-location = /rest/ { proxy_pass http://127.0.0.1:9000; }",
            "+location /rest/ { proxy_pass http://127.0.0.1:9000; }",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_preflight_that_is_redirected() {
    Fault {
        feature: "any-cors",
        server: "
    location /rest/ {
        if ($http_x_forwarded_proto = http) {
            return 308 https://$host$request_uri;
        }
        proxy_pass http://127.0.0.1:9000;
    }",
        lines: &[
            "+set $redirect \"\";",
            "-return 308 https://$host$request_uri;",
            "+set $redirect 1;",
            "+if ($request_method = OPTIONS) { set $redirect \"\"; }",
            "+if ($redirect) { return 308 https://$host$request_uri; }",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_preflight_that_is_refused() {
    Fault {
        feature: "any-cors",
        server: "
    location /rest/ {
        auth_basic staff;
        auth_basic_user_file /etc/nginx/staff;
        proxy_pass http://127.0.0.1:9000;
    }
    location /v3/ {
        if ($request_method !~ ^(GET|POST|DELETE)$) { return 405; }
        add_header Access-Control-Allow-Origin https://shop.example.net always;
        proxy_hide_header Access-Control-Allow-Origin;
        proxy_pass http://127.0.0.1:9000;
    }",
        profile: "[preflight]
allow-methods = \"GET, POST, DELETE\"
allow-headers = \"Content-Type\"
",
        lines: &[
            "+if ($request_method = OPTIONS) {",
            "+add_header Access-Control-Allow-Origin https://shop.example.net always;",
            "+add_header Access-Control-Allow-Methods \"GET, POST, DELETE\" always;",
            "+add_header Access-Control-Allow-Headers \"Content-Type\" always;",
            "+return 204;",
            "+}",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_line_end_in_a_redirect() {
    Fault {
        feature: "any-request",
        server: "
    location /old/ { return 302 /new$uri$is_args$args; }",
        lines: &[
            "-location /old/ { return 302 /new$uri$is_args$args; }",
            "+location /old/ { return 302 /new$request_uri; }",
        ],
        ..FAULT
    }
    .is_mended();
}
