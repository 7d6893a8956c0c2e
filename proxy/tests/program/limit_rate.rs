//! `limit_rate` and what takes its place, as in nginx.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::app::App;
use crate::files::{compare, nginx, request};
use crate::server::{Server, Site};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        proxy_http_version 1.1; proxy_set_header Connection \"\";
        map $arg_map $mapped { slow 25k; wrong x; default 0; }
        limit_rate 1m;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            location / { return 200 \"$limit_rate|\"; }
            location /own { limit_rate 2k; limit_rate_after 4k; add_header X-Rate $limit_rate; return 200 ok; }
            location /set { set $limit_rate $arg_rate; return 200 \"$limit_rate|\"; }
            location /if { if ($arg_slow) { limit_rate 1k; } return 200 \"$limit_rate|\"; }
            location /mapped { limit_rate $mapped; add_header X-Rate $limit_rate; return 200 ok; }
            location /echo { return 200 \"$limit_rate|\"; }
            location /app { proxy_pass http://127.0.0.1:@PORT2@; add_header X-Rate $limit_rate; }
            location /app/ignored { proxy_pass http://127.0.0.1:@PORT2@; add_header X-Rate $limit_rate; proxy_ignore_headers X-Accel-Limit-Rate; }
            location /app/unbuffered { proxy_pass http://127.0.0.1:@PORT2@; proxy_buffering off; }
            location /files/ { alias www/; limit_rate $mapped; limit_rate_after $arg_after; }
            location /files/sent/ { alias www/; limit_rate 25k; sendfile on; }
            location /files/whole/ { alias www/; limit_rate 100k; }
            location /files/packed/ { alias www/; sub_filter_types *; sub_filter x y; limit_rate 25k; }
        }
    }";

/// How long what is sent slowly is: several seconds at 25 KiB a second.
const LENGTH: usize = 160_000;

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/long.txt", &"x".repeat(LENGTH));
    App::start(site.address(1));
    site
}

#[test]
fn the_rate_is_what_the_file_the_request_or_the_app_server_says() {
    let targets = "/ /own /set?rate=5k /set?rate=0 /set?rate= /set?rate=x /set?rate=1M /if /if?slow=1 /mapped?map=slow /mapped?map=wrong /mapped";
    let mut requests: Vec<String> =
        targets.split_whitespace().map(|target| request("GET", target, &[])).collect();
    for rate in ["100000", "0", "5k", "-1", "", "99999999999999999999"] {
        for more in ["", ";X-Accel-Redirect: /echo"] {
            for target in ["/app/x", "/app/ignored/x"] {
                let say = format!("X-Say: 200;X-Accel-Limit-Rate: {rate}{more}");
                requests.push(request("GET", target, &[&say]));
            }
        }
    }
    compare(site, &requests);
}

/// Asks for each of these, then for something else on another connection: it must be answered while all of those are still on
/// their way.
fn assert_slow(server: &Server<'_>, requests: &[String]) {
    let mut streams: Vec<TcpStream> = Vec::new();
    for request in requests {
        let mut stream = server.connect();
        stream.write_all(request.as_bytes()).unwrap();
        streams.push(stream);
    }
    for stream in &mut streams {
        stream.read_exact(&mut [0]).unwrap();
    }
    assert_eq!(server.get("/").status(), 200);
    for (mut stream, request) in streams.into_iter().zip(requests) {
        stream.set_nonblocking(true).unwrap();
        // Without a limit it would be at its end.
        let ended = stream.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
        assert_eq!(ended, Err(ErrorKind::WouldBlock), "not slow: {request}");
    }
}

#[test]
fn others_are_answered_while_a_response_is_sent_slowly() {
    let requests = [
        request("GET", "/files/long.txt?map=slow", &[]),
        request("GET", "/files/long.txt?map=slow&after=10k", &[]),
        request("GET", "/files/sent/long.txt", &[]),
        request("GET", "/files/packed/long.txt", &[]),
        request("GET", "/app/x", &["X-Say: 200;X-Accel-Limit-Rate: 20000;half"]),
    ];
    let site = || {
        let site = Site::new(CONF);
        site.write_dated("www/long.txt", &"x".repeat(LENGTH));
        App::start(site.address(1)).let_go();
        site
    };
    assert_slow(&site().start(), &requests);
    // In nginx, that depends on how the app server's answer arrives.
    let unbuffered = request("GET", "/app/unbuffered", &["X-Say: 200;X-Accel-Limit-Rate: 20000;half"]);
    assert_slow(&site().start(), &[unbuffered]);
    if let Some(nginx) = nginx() {
        assert_slow(&site().start_nginx(&nginx), &requests);
    }
}

#[test]
fn what_is_sent_slowly_is_sent_whole() {
    let mut requests = vec![request("GET", "/files/whole/long.txt", &[])];
    requests.push(request("GET", "/app/x", &["X-Say: 200;X-Accel-Limit-Rate: 1000;X-Pad: 1"]));
    requests.push(request("GET", "/app/unbuffered", &["X-Say: 200;chunked;X-Accel-Limit-Rate: 100"]));
    requests.push("GET /files/whole/long.txt HTTP/1.0\r\nHost: x\r\n\r\n".to_owned());
    compare(site, &requests);
}
