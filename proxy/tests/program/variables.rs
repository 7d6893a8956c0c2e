//! Variables beside those of nginx, in answers and in the access log.

use crate::app::App;
use crate::files::{compare, request};
use crate::logged::compare_logs;
use crate::server::{Site, eventually};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        proxy_http_version 1.1; proxy_set_header Connection \"\";
        map $arg_map $mapped { a one; b two; default other; }
        map $host $late { default first; }
        map \"$date_gmt|$date_local\" $day {
            default \"$date_gmt|$date_local\";
            \"~^([A-Z][a-z]+, [0-9]+-[A-Z][a-z]+-[0-9]+) [0-9:]+ (GMT)[|]([A-Z][a-z]+, [0-9]+-[A-Z][a-z]+-[0-9]+) [0-9:]+ (.+)$\" \"$1 $2|$3 $4\";
        }
        log_format main '$pipe $connection_time $upstream_response_length \"$upstream_cookie_id\" \"$ssl_client_verify\"';
        access_log logs/access.log main;
        server {
            listen 127.0.0.1:@PORT@;
            if ($arg_set) { set $mapped \"set to $arg_set\"; }
            location / { return 200 \"$mapped|$late\"; }
            location /day { return 200 $day; }
            location /twice { set $late $mapped; set $mapped again; return 200 \"$mapped|$late\"; }
            location /app/ { proxy_pass http://127.0.0.1:@PORT2@; }
            location /tried/ { proxy_pass http://127.0.0.1:@PORT2@; error_page 404 /app/other; proxy_intercept_errors on; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    App::start(site.address(1));
    site
}

#[test]
fn what_is_set_takes_the_place_of_what_a_map_says() {
    let targets = "/ /?map=a /?map=b&set=x /?set=y /twice /twice?map=a /twice?map=a&set=z";
    let requests: Vec<String> = targets.split(' ').map(|target| request("GET", target, &[])).collect();
    compare(site, &requests);
}

/// The day, and the zone: the time goes on between the two.
#[test]
fn the_day_and_its_zone_are_as_server_side_includes_have_them() {
    compare(site, &[request("GET", "/day", &[])]);
}

#[test]
fn what_is_logged_of_answers_of_app_servers() {
    let say = |words: &str| format!("X-Say: {words}");
    let mut requests = vec![request("GET", "/", &[])];
    for words in ["200", "200;eof", "204", "404", "200;Set-Cookie: id=7; Path=/", "200;Set-Cookie: ID=7"] {
        for target in ["/app/x", "/tried/x"] {
            requests.push(request("GET", target, &[&say(words)]));
        }
        requests.push(request("HEAD", "/app/x", &[&say(words)]));
    }
    compare_logs(site, &requests);
}

#[test]
fn an_identifier_is_the_same_throughout_a_request_and_another_for_the_next() {
    let site = Site::new(
        "pid nginx.pid; error_log logs/error.log; events {} http { log_format id $request_id; access_log logs/access.log id;
            server { listen 127.0.0.1:@PORT@; add_header X-Id $request_id; location / { return 200 $request_id; } } }",
    );
    let server = site.start();
    let ids: Vec<String> = (0..2)
        .map(|_| {
            let response = server.get("/");
            assert!(response.head.contains(&format!("X-Id: {}", response.body)), "{response:?}");
            response.body
        })
        .collect();
    assert!(
        ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())),
        "{ids:?}"
    );
    assert_ne!(ids[0], ids[1]);
    eventually("both are logged", || site.read("logs/access.log") == format!("{}\n{}\n", ids[0], ids[1]));
}
