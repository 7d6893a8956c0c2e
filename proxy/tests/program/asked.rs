//! What an app server is asked where the configuration says otherwise than the client, and which of its headers come through.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::app::App;
use crate::files::{compare, nginx, request};
use crate::server::{Server, Site, eventually};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        proxy_http_version 1.1; proxy_set_header Connection \"\";
        server {
            listen 127.0.0.1:@PORT@;
            location / { proxy_pass http://127.0.0.1:@PORT2@; }
            location /get/ { proxy_pass http://127.0.0.1:@PORT2@; proxy_method GET; }
            location /said/ { proxy_pass http://127.0.0.1:@PORT2@; proxy_method $arg_method; }
            location /shown/ { proxy_pass http://127.0.0.1:@PORT2@; proxy_pass_header Server; proxy_pass_header X-Accel-Charset; proxy_pass_header date; }
            location /shown/none/ { proxy_pass http://127.0.0.1:@PORT2@; proxy_pass_header X-Own; proxy_hide_header X-Own; proxy_hide_header X-Other; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    App::start(site.address(1));
    site
}

#[test]
fn the_method_is_the_one_that_the_configuration_names() {
    let mut requests = Vec::new();
    for target in ["/", "/get/x", "/said/?method=PUT", "/said/?method=DELETE"] {
        requests.extend(["GET", "HEAD", "POST"].map(|method| request(method, target, &[])));
    }
    compare(site, &requests);
}

#[test]
fn hidden_headers_come_through_where_they_are_passed() {
    let fields =
        "X-Say: 200;Date: Tue, 01 Jan 2019 00:00:00 GMT;X-Accel-Charset: x;X-Pad: a;X-Own: 1;X-Other: 2";
    let targets = ["/", "/shown/", "/shown/none/"];
    let requests: Vec<String> = targets.iter().map(|target| request("GET", target, &[fields])).collect();
    compare(site, &requests);
}

#[test]
fn the_servers_own_name_comes_through_where_it_is_passed() {
    let site = site();
    let server = site.start();
    let say = "X-Say: 200;Server: Own/1.0;Date: Tue, 01 Jan 2019 00:00:00 GMT";
    let hidden = server.send(request("GET", "/", &[say]).as_bytes()).head.join("\n");
    assert!(!hidden.contains("Own/1.0") && !hidden.contains("2019"), "{hidden}");
    let shown = server.send(request("GET", "/shown/", &[say]).as_bytes()).head.join("\n");
    assert!(shown.contains("\nServer: Own/1.0") && shown.contains("2019"), "{shown}");
    assert_eq!(shown.matches("Server:").count() + shown.matches("Date:").count(), 2, "{shown}");
}

#[test]
fn a_body_of_the_configuration_takes_the_place_of_the_clients() {
    let site = Site::new(
        "@USER@ pid nginx.pid; error_log logs/error.log; events {} http { access_log off; server {
            listen 127.0.0.1:@PORT@;
            location / { proxy_pass http://127.0.0.1:@PORT2@; proxy_set_body \"from=$arg_from\"; }
        } }",
    );
    let app = TcpListener::bind(site.address(1)).unwrap();
    let asked = thread::spawn(move || {
        let (mut client, _) = app.accept().unwrap();
        let mut seen = String::new();
        let mut piece = [0; 4096];
        while !seen.contains("from=minji") {
            let count = client.read(&mut piece).unwrap();
            assert_ne!(count, 0, "no body came after {seen:?}");
            seen.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").unwrap();
        seen
    });
    let server = site.start();
    let sent =
        "POST /?from=minji HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\n\r\nclient";
    assert_eq!(server.send(sent.as_bytes()).status(), 200);
    let seen = asked.join().unwrap();
    assert!(seen.ends_with("\r\n\r\nfrom=minji"), "{seen}");
    assert!(seen.contains("\r\nContent-Length: 10\r\n"), "{seen}");
    assert!(!seen.contains("client"), "{seen}");
}

const LEFT: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format left '$uri $status $upstream_status';
        access_log logs/access.log left;
        proxy_http_version 1.1; proxy_set_header Connection \"\";
        server {
            listen 127.0.0.1:@PORT@;
            location /ends { proxy_pass http://127.0.0.1:@PORT2@; }
            location /goes-on { proxy_pass http://127.0.0.1:@PORT2@; proxy_ignore_client_abort on; }
        }
    }";

#[test]
fn an_app_server_is_waited_for_or_not_when_the_client_has_left() {
    let Some(nginx) = nginx() else { return };
    let logs = [None, Some(&nginx)].map(|program| {
        let site = Site::new(LEFT);
        let app = App::start(site.address(1));
        let server = program.map_or_else(|| site.start(), |nginx| site.start_nginx(nginx));
        for (asked, target) in ["/ends", "/goes-on"].into_iter().enumerate() {
            app.hold();
            let mut client = server.connect();
            client.write_all(request("GET", target, &["X-Say: 200;held"]).as_bytes()).unwrap();
            app.asked(asked + 1);
            drop(client);
            // One is logged as soon as the client has left, the other once the app server has answered.
            if target == "/ends" {
                eventually("it is logged", || site.read("logs/access.log").lines().count() == 1);
            }
            app.let_go();
        }
        eventually("both are logged", || site.read("logs/access.log").lines().count() == 2);
        site.read("logs/access.log")
    });
    assert_eq!(logs[0], logs[1]);
    assert!(logs[0].starts_with("/ends 499"), "{}", logs[0]);
}

#[test]
fn a_connection_that_is_old_is_closed_after_its_next_response() {
    let conf = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
        http { access_log off; keepalive_time 1s; server { listen 127.0.0.1:@PORT@; location / { return 200 ok; } } }";
    let connections = |server: &Server<'_>| {
        let mut client = server.connect();
        let mut seen = String::new();
        while !seen.contains("Connection: close") {
            client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let mut piece = [0; 4096];
            let count = client.read(&mut piece).unwrap();
            assert_ne!(count, 0, "it was closed without a word after {seen:?}");
            seen.push_str(&String::from_utf8_lossy(&piece[..count]));
            thread::sleep(std::time::Duration::from_millis(20));
        }
        seen.contains("Connection: keep-alive")
    };
    let site = Site::new(conf);
    assert!(connections(&site.start()), "the first response keeps the connection");
    if let Some(nginx) = nginx() {
        let site = Site::new(conf);
        assert!(connections(&site.start_nginx(&nginx)), "the first response keeps the connection");
    }
}
