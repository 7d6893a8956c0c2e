//! What app servers are handed down, and how.

use crate::fault::{FAULT, Fault};

#[test]
fn a_misspelt_variable() {
    Fault {
        feature: "any-socket",
        server: "
    location /live/ws {
        proxy_pass http://chat:9000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgarde;  # as the manual says
        proxy_set_header Connection upgrade;
    }",
        lines: &[
            "-proxy_set_header Upgrade $http_upgarde;  # as the manual says",
            "+proxy_set_header Upgrade $http_upgrade;  # as the manual says",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_misspelt_header() {
    Fault {
        feature: "any-configuration",
        server: "
    location /orders {
        proxy_pass http://orders:9000;
        proxy_set_header X-Forwarded-Prot $scheme;
    }",
        options: &["--strict"],
        lines: &[
            "-proxy_set_header X-Forwarded-Prot $scheme;",
            "+proxy_set_header X-Forwarded-Proto $scheme;",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_handshake_that_is_not_handed_down() {
    Fault {
        feature: "any-socket",
        http: "    map $http_upgrade $conn { default upgrade; '' close; }",
        server: "
    proxy_set_header Host $host;
    location /cable {
        proxy_pass http://chat:9000;
        proxy_read_timeout 1h;
    }",
        lines: &[
            "+proxy_http_version 1.1;",
            "+proxy_set_header Host $host;",
            "+proxy_set_header Upgrade $http_upgrade;",
            "+proxy_set_header Connection $conn;",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_version_that_has_no_handshake() {
    Fault {
        feature: "any-socket",
        server: "
    location /cable {
        proxy_pass http://chat:9000;
        proxy_http_version 1.0;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
    }",
        lines: &["-proxy_http_version 1.0;", "+proxy_http_version 1.1;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_tunnel_for_any_protocol() {
    Fault {
        feature: "any-socket",
        server: "
    location /cable {
        proxy_pass http://chat:9000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
    }
    location /live/ws {
        proxy_pass http://live:9000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
    }",
        options: &["--strict"],
        lines: &[
            "+map $http_upgrade $websocket {",
            "+default '';",
            "+websocket websocket;",
            "+}",
            "-proxy_set_header Upgrade $http_upgrade;",
            "+proxy_set_header Upgrade $websocket;",
            "-proxy_set_header Upgrade $http_upgrade;",
            "+proxy_set_header Upgrade $websocket;",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_host_that_the_app_is_not_told() {
    Fault {
        feature: "any-api",
        server: "
    location /shop/ {
        proxy_pass http://shop:9000;
        proxy_redirect off;
    }",
        lines: &["+proxy_set_header Host $host;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn headers_for_the_app_that_a_location_loses() {
    Fault {
        feature: "any-api",
        server: "
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    location /shop/ {
        proxy_pass http://shop:9000;
        proxy_set_header X-Shop 7;
    }",
        options: &["--strict"],
        lines: &[
            "+proxy_set_header Host $host;",
            "+proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn headers_for_the_app_that_the_profile_names() {
    Fault {
        feature: "any-routes",
        server: "
    location /shop/ {
        proxy_pass http://shop:9000;
        proxy_set_header Host $host;
    }",
        profile: "[[routes]]
path = \"/shop/\"
forwards = [\"Host\", \"X-Real-IP\", \"X-Forwarded-Proto\"]
",
        lines: &["+proxy_set_header X-Real-IP $remote_addr;", "+proxy_set_header X-Forwarded-Proto $scheme;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_path_that_is_handed_on_decoded() {
    Fault {
        feature: "any-api",
        server: "
    location /shop/ {
        proxy_pass http://127.0.0.1:9000$uri;
        proxy_set_header Host $host;
    }",
        lines: &["-proxy_pass http://127.0.0.1:9000$uri;", "+proxy_pass http://127.0.0.1:9000$request_uri;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_query_that_a_pattern_loses() {
    Fault {
        feature: "any-api",
        server: "
    location ~ ^/shop/v1/(.+)$ {
        proxy_set_header Host $host;
        proxy_pass http://127.0.0.1:9000/$1;
    }",
        lines: &[
            "-proxy_pass http://127.0.0.1:9000/$1;",
            "+rewrite ^/shop/v1/(.+)$ /$1 break;",
            "+proxy_pass http://127.0.0.1:9000;",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_path_that_is_one_for_all_behind_a_variable() {
    Fault {
        feature: "any-api",
        server: "
    resolver 127.0.0.11;
    location /mail/ {
        set $desk mailhog;
        proxy_set_header Host $host;
        proxy_pass http://$desk:8025/;
    }",
        lines: &[
            "-proxy_pass http://$desk:8025/;",
            "+rewrite ^/mail/(.*)$ /$1 break;",
            "+proxy_pass http://$desk:8025;",
        ],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_path_that_is_one_for_all_in_a_variable() {
    Fault {
        feature: "any-api",
        server: "
    resolver 127.0.0.11;
    location /api/ {
        set $api http://backend:8000;
        proxy_set_header Host $host;
        proxy_pass $api/api/;
    }",
        lines: &["-proxy_pass $api/api/;", "+proxy_pass $api;"],
        ..FAULT
    }
    .is_mended();
}
