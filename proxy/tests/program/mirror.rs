//! Copies of requests, as nginx makes them.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::files::{compare, request};
use crate::logged::compare_logs_of_app;
use crate::server::{Site, eventually, read_response};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format main '$request $status $uri $upstream_addr|$upstream_status|$upstream_response_time';
        log_format app '$request_method $request_uri $http_x_from $http_host $content_length $request_length $status';
        access_log off;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        map $arg_m $m { default $arg_m; }
        server {
            listen 127.0.0.1:@PORT2@;
            access_log logs/app.log app;
            location / { proxy_pass http://127.0.0.1:@PORT2@/end; }
            location /end { access_log off; return 200 \"answered\\n\"; }
            location /slow/ { limit_req zone=slow burst=9; proxy_pass http://127.0.0.1:@PORT2@/end; }
            location /refused/ { return 403; }
        }
        limit_req_zone $server_name zone=slow:32k rate=10r/s;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            access_log logs/access.log main;
            location / { }
            location /api/ { mirror /copy; proxy_pass http://127.0.0.1:@PORT2@; set $x \"$m-set\"; }
            location = /copy { internal; proxy_set_header Host x; proxy_set_header Connection \"\"; proxy_set_header X-From \"copy $x $m $1 $uri\"; proxy_pass http://127.0.0.1:@PORT2@$request_uri; }
            location /bodyless/ { mirror /copy; mirror_request_body off; return 200 x; }
            location /two/ { mirror /copy; mirror /copies/one?y=2; proxy_pass http://127.0.0.1:@PORT2@; }
            location /two/none/ { mirror off; proxy_pass http://127.0.0.1:@PORT2@; }
            location /copies/ { proxy_set_header Host x; proxy_set_header Connection \"\"; proxy_set_header X-From \"$request_uri $uri $args\"; proxy_pass http://127.0.0.1:@PORT2@; }
            location /file/ { alias www/; mirror /copies/a%20b; }
            location /missing/ { mirror /copies/x; try_files $uri /nowhere =404; }
            location /tried/ { mirror /copies/x; try_files $uri /a.txt; }
            location /denied/ { mirror /copies/x; deny all; }
            location /answered/ { mirror /copies/x; return 204; }
            location /protected/ { mirror /deny; proxy_pass http://127.0.0.1:@PORT2@; }
            location /deny { deny all; proxy_pass http://127.0.0.1:@PORT2@; }
            location /broken/ { mirror /down/x; proxy_pass http://127.0.0.1:@PORT2@; }
            location /down/ { proxy_pass http://127.0.0.1:1; error_page 502 /copies/instead; }
            location /loop/ { mirror /loop/x; proxy_pass http://127.0.0.1:@PORT2@; }
            location /page/ { mirror /copies/first; error_page 403 = /second/a.txt; proxy_intercept_errors on; proxy_pass http://127.0.0.1:@PORT2@/refused/; }
            location /second/ { mirror /copies/second; alias www/; }
            location /local/ { mirror /a.txt; mirror /answered/; mirror /none; proxy_pass http://127.0.0.1:@PORT2@; }
            location /nobody/ { proxy_pass_request_body off; proxy_set_header Content-Length \"\"; proxy_set_header Host x; proxy_set_header Connection \"\"; proxy_pass http://127.0.0.1:@PORT2@; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/a.txt", "a");
    site
}

fn requests() -> Vec<String> {
    let targets = "/api/x?m=1 /api/a%20b /bodyless/x?m=%41 /two/x?a /two/none/x /file/a.txt /file/missing /missing/x /tried/x /tried/a.txt \
        /denied/x /answered/x /protected/x /broken/x /loop/x /page/x /local/x";
    let mut requests = Vec::new();
    for target in targets.split_whitespace() {
        requests.push(request("GET", target, &[]));
        requests.push(request("HEAD", target, &["X-Own: y"]));
    }
    for target in ["/api/post", "/two/post", "/nobody/x"] {
        requests.push(format!("{}body", request("POST", target, &["Content-Length: 4"])));
        requests.push(format!(
            "{}4\r\nbody\r\n0\r\n\r\n",
            request("PUT", target, &["Transfer-Encoding: chunked"])
        ));
    }
    requests
}

#[test]
fn clients_see_nothing_of_copies() {
    compare(site, &requests());
}

#[test]
fn what_is_copied_and_to_where() {
    compare_logs_of_app(site, &requests(), 40);
}

#[test]
fn a_body_longer_than_a_buffer_is_copied_whole() {
    let site = site();
    let app = TcpListener::bind(site.address(1)).unwrap();
    // Without its own app server, the site has only the proxy.
    let (before, after) = CONF.split_once("        server {\n            listen 127.0.0.1:@PORT2@;").unwrap();
    site.configure(&format!("{before}{}", after.split_once("        }\n").unwrap().1));
    let server = site.start();
    let body = "b".repeat(300_000);
    let length = "Content-Length: 300000";
    let mut connection = server.connect();
    connection.write_all(format!("{}{body}", request("POST", "/api/long", &[length])).as_bytes()).unwrap();
    for _ in ["the request", "its copy"] {
        let mut stream = app.accept().unwrap().0;
        let mut received = Vec::new();
        while !received.ends_with(b"b") || received.len() < body.len() || !received.ends_with(body.as_bytes())
        {
            let mut buffer = [0; 65536];
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "it ends after {} bytes", received.len());
            received.extend_from_slice(&buffer[..count]);
        }
        let head = String::from_utf8_lossy(&received[..received.len() - body.len()]).into_owned();
        assert!(head.starts_with("POST /api/long HTTP/1.1\r\n") && head.contains(length), "{head}");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").unwrap();
    }
    assert_eq!(read_response(&mut connection).body, "ok");
}

#[test]
fn the_answer_does_not_wait_for_a_copy_but_the_next_request_does() {
    let conf = CONF.replace("mirror /copy; proxy_pass", "mirror /slow/x; proxy_pass");
    let conf = conf.replace(
        "location /copies/ {",
        "location /slow/ { proxy_pass http://127.0.0.1:@PORT2@; } location /copies/ {",
    );
    let site = Site::new(&conf);
    let server = site.start();
    let mut connection = server.connect();
    let keep = request("GET", "/api/x", &[]).replace("Connection: close\r\n", "");
    for _ in 0..3 {
        connection.write_all(keep.as_bytes()).unwrap();
    }
    connection.write_all(request("GET", "/api/last", &[]).as_bytes()).unwrap();
    let answers = read_response(&mut connection).body;
    assert_eq!(answers.matches("answered").count(), 4, "{answers}");
    eventually("everything is logged", || site.read("logs/app.log").lines().count() == 8);
    let order: Vec<String> = site.read("logs/app.log").lines().map(|line| line[..9].to_owned()).collect();
    assert_eq!(
        order
            .chunks(2)
            .map(|pair| pair.iter().filter(|line| line.contains("slow")).count())
            .collect::<Vec<_>>(),
        [1; 4],
        "{order:?}"
    );
}
