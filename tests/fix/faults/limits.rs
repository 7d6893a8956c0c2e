//! App servers that fail, sessions, sizes and times.

use crate::fault::{FAULT, Fault};

#[test]
fn an_app_server_that_no_other_stands_in_for() {
    Fault {
        feature: "any-upstream",
        http: "    upstream app { server app-1:9000; server app-2:9000; }",
        server: "
    location /rest/ {
        proxy_pass http://app;
        proxy_next_upstream off;
    }",
        lines: &["-proxy_next_upstream off;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_backup_that_is_never_asked() {
    Fault {
        feature: "any-upstream",
        http: "    upstream app { server app-1:9000; server app-2:9000 backup; }",
        server: "
    location /rest/ {
        proxy_pass http://app;
        proxy_next_upstream_tries 1;  # once
    }",
        lines: &["-proxy_next_upstream_tries 1;  # once", "+# once"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_session_that_goes_from_server_to_server() {
    Fault {
        feature: "any-upstream",
        http: "    upstream chat {
        # two of them
        server chat-1:9000;
        server chat-2:9000;
    }",
        server: "
    location /sockjs/ {
        proxy_pass http://chat;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
    }",
        lines: &["+ip_hash;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn sessions_that_move_between_the_servers_of_chosen_pools() {
    Fault {
        feature: "any-upstream",
        http: "    map $http_x_tenant $pool {
        default one;
        two two;
    }
    upstream one {
        server chat-1:9000;
        server chat-2:9000;
    }
    upstream two {
        server chat-3:9000;
        server chat-4:9000;
    }",
        server: "
    location /socket.io/ {
        proxy_pass http://$pool;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
    }",
        lines: &["+ip_hash;", "+ip_hash;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn an_upload_that_is_too_large() {
    Fault {
        feature: "any-api",
        server: "
    location /rest/ {
        client_max_body_size 2m;
        proxy_pass http://127.0.0.1:9000;
    }",
        profile: "[api]
largest-upload = \"5m\"
",
        lines: &["-client_max_body_size 2m;", "+client_max_body_size 5m;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn a_head_that_is_too_large() {
    Fault {
        feature: "any-api",
        server: "
    location /rest/ {
        proxy_pass http://127.0.0.1:9000;
    }",
        profile: "[api]
largest-head = \"12k\"
",
        lines: &["+proxy_buffer_size 16k;", "+proxy_buffers 8 16k;", "+proxy_busy_buffers_size 32k;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn buffers_that_are_too_small() {
    Fault {
        feature: "any-api",
        server: "
    location /rest/ {
        proxy_buffer_size 2k;
        proxy_buffers 8 2k;
        proxy_busy_buffers_size 4k;
        proxy_pass http://127.0.0.1:9000;
    }",
        lines: &["-proxy_buffer_size 2k;", "-proxy_buffers 8 2k;", "-proxy_busy_buffers_size 4k;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn an_answer_that_takes_longer_than_the_proxy_waits() {
    Fault {
        feature: "any-routes",
        server: "
    location /reports/ {
        proxy_pass http://127.0.0.1:9000;
        proxy_read_timeout 10s;
    }",
        profile: "[[routes]]
path = \"/reports/\"
longest-answer = \"2m\"
",
        lines: &["-proxy_read_timeout 10s;", "+proxy_read_timeout 120s;"],
        ..FAULT
    }
    .is_mended();
}

#[test]
fn an_app_server_that_is_not_the_one_that_is_deployed() {
    Fault {
        feature: "any-routes",
        http: "    upstream app { server 192.0.2.7:1206; }",
        server: "
    location /rest/ {
        proxy_pass http://app;
    }",
        profile: "[app-servers]
deployed-at = [\"192.0.2.7:1026\"]
",
        lines: &["-upstream app { server 192.0.2.7:1206; }", "+upstream app { server 192.0.2.7:1026; }"],
        ..FAULT
    }
    .is_mended();
}
