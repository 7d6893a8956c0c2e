//! Answers that are kept, as nginx keeps them.

use std::io::{Read, Write};

use crate::app::App;
use crate::files::{compare, nginx, request};
use crate::logged::compare_logs;
use crate::server::{Response, Server, Site, eventually, read_response};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format cache '$request $status $upstream_status $upstream_cache_status';
        access_log logs/access.log cache;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        proxy_cache_path cache keys_zone=one:1m;
        proxy_cache_path more/ levels=1:2 use_temp_path=off keys_zone=two:32k inactive=1h max_size=1m;
        add_header X-Cache $upstream_cache_status always;
        proxy_cache one;
        proxy_cache_key $uri;
        proxy_read_timeout 300ms;
        server {
            listen 127.0.0.1:@PORT@;
            location / { proxy_pass http://127.0.0.1:@PORT2@; }
            location /default/ { proxy_cache_key $scheme$proxy_host$request_uri; proxy_pass http://127.0.0.1:@PORT2@/below/; }
            location /off/ { proxy_cache off; proxy_pass http://127.0.0.1:@PORT2@; }
            location /valid/ { proxy_cache_valid 404 500 1h; proxy_cache_valid 1h; proxy_pass http://127.0.0.1:@PORT2@; }
            location /any/ { proxy_cache_valid any 1h; proxy_pass http://127.0.0.1:@PORT2@;
                location /any/ignore/ { proxy_ignore_headers Cache-Control Expires Set-Cookie Vary X-Accel-Expires; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/bypass/ { proxy_cache_bypass $arg_b $http_x_b; proxy_no_cache $arg_n; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/times/ { proxy_cache_min_uses 3; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/post/ { proxy_cache_methods POST; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/head/ { proxy_cache_convert_head off; proxy_cache_key $request_method$uri; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/zone/ { proxy_cache $arg_zone; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/unbuffered/ { proxy_buffering off; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/errors/ { proxy_intercept_errors on; error_page 404 /page; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/down/ { proxy_pass http://127.0.0.1:1; }
                location /any/hidden/ { proxy_hide_header ETag; add_header X-Tag $upstream_http_etag; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/plain/ { add_header X-Plain \"\"; proxy_pass http://127.0.0.1:@PORT2@; }
                location /any/gzip/ { gzip on; gzip_types text/plain; gzip_min_length 1; proxy_pass http://127.0.0.1:@PORT2@; }
            }
            location /stale/ { proxy_cache_use_stale error timeout http_500 http_404; proxy_pass http://127.0.0.1:@PORT2@; }
            location /never/ { proxy_cache_use_stale off; proxy_pass http://127.0.0.1:@PORT2@; }
            location /changed/ { proxy_cache_revalidate on; proxy_pass http://127.0.0.1:@PORT2@; }
            location /later/ { proxy_cache_use_stale updating; proxy_cache_background_update on; proxy_pass http://127.0.0.1:@PORT2@; }
            location /updating/ { proxy_cache_use_stale updating; proxy_read_timeout 20s; proxy_pass http://127.0.0.1:@PORT2@; }
            location /lock/ { proxy_cache_valid 1h; proxy_cache_lock on; proxy_cache_lock_timeout 20s; proxy_cache_lock_age 20s; proxy_read_timeout 20s; proxy_pass http://127.0.0.1:@PORT2@; }
            location /hasty/ { proxy_cache_valid 1h; proxy_cache_lock on; proxy_cache_lock_timeout 1ms; proxy_read_timeout 20s; proxy_pass http://127.0.0.1:@PORT2@; }
            location = /page { return 200 page; }
        }
    }";

/// A time long past, so that an answer is kept and too old at once.
const OLD: &str = "X-Accel-Expires: @1";

fn site() -> Site {
    let site = Site::new(CONF);
    App::start(site.address(1));
    site
}

/// A request in a line: method, target, and fields after `|`, of which `>` is short for `X-Say:`.
fn requests(lines: &str) -> Vec<String> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let one = |line: &str| {
        let mut words = line.split('|');
        let (method, target) = words.next().unwrap().split_once(' ').unwrap();
        let fields: Vec<String> =
            words.map(|field| field.replacen('>', "X-Say: ", 1).replace("OLD", OLD)).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        request(method, target, &fields)
    };
    lines.map(one).collect()
}

fn check(lines: &str) {
    compare(site, &requests(lines));
}

/// Each request twice: is the second one given what the first one was?
fn check_twice(lines: &str) {
    let twice: Vec<String> = lines.lines().flat_map(|line| [line, line]).map(str::to_owned).collect();
    check(&twice.join("\n"));
}

#[test]
fn what_is_kept_and_for_how_long() {
    check_twice(
        "GET /silent
        GET /a|>200;Cache-Control: max-age=60
        HEAD /a
        POST /a|Content-Length: 0
        OPTIONS /a
        GET /a?other
        GET /default/a?x=1|>200;Expires: Thu, 01 Jan 2037 00:00:00 GMT
        GET /default/a?x=2|>200;Cache-Control: s-maxage=60, max-age=0
        GET /off/a|>200;Cache-Control: max-age=60
        GET /chunked|>200;chunked;Cache-Control: max-age=60
        GET /eof|>200;eof;Cache-Control: max-age=60
        HEAD /head|>200;Cache-Control: max-age=60
        GET /head
        GET /private|>200;Cache-Control: max-age=60, private
        GET /none|>200;Cache-Control: max-age=0
        GET /wrong|>200;Cache-Control: max-age=soon
        GET /cookie|>200;Cache-Control: max-age=60;Set-Cookie: a=b
        GET /first|>200;Cache-Control: max-age=60;Cache-Control: no-store
        GET /second|>200;Cache-Control: no-store;Cache-Control: max-age=60
        GET /past|>200;Expires: 0;Cache-Control: max-age=60
        GET /accel|>200;X-Accel-Expires: 60;Cache-Control: no-cache
        GET /never|>200;X-Accel-Expires: 0;Cache-Control: max-age=60
        GET /accel2|>200;Cache-Control: max-age=60;X-Accel-Expires: 0
        GET /unbuffered|>200;Cache-Control: max-age=60;X-Accel-Buffering: no
        GET /valid/200
        GET /valid/301|>301;Location: /b
        GET /valid/404|>404
        GET /valid/403|>403
        GET /any/403|>403
        GET /any/204|>204
        GET /any/ignore/a|>200;Cache-Control: no-store;Expires: 0;Set-Cookie: a=b;Vary: *;X-Accel-Expires: 0
        POST /any/post/a|Content-Length: 0
        GET /any/post/a
        HEAD /any/head/a
        GET /any/head/a
        GET /any/zone/a?zone=two
        GET /any/zone/a?zone=one
        GET /any/zone/a?zone=off
        GET /any/zone/a
        GET /any/zone/a?zone=three
        GET /any/unbuffered/a
        GET /any/errors/a|>404
        GET /any/errors/b|>500
        GET /any/down/a
        GET /any/hidden/a|>200;ETag: \"x\"
        GET /any/gzip/a|>200;Content-Type: text/plain|Accept-Encoding: gzip
        GET /any/gzip/a",
    );
}

#[test]
fn who_gets_what_is_kept() {
    check(
        "GET /any/bypass/a
        GET /any/bypass/a?b=1
        GET /any/bypass/a?b=0
        GET /any/bypass/a|X-B: 1
        GET /any/bypass/b?n=1
        GET /any/bypass/b
        GET /any/bypass/b?b=1&n=1
        GET /any/bypass/b
        GET /any/times/a
        GET /any/times/a
        GET /any/times/a
        GET /any/times/a
        GET /any/v|>200;Vary: X-V, Accept-Language|X-V: 1
        GET /any/v|>200;Vary: X-V, Accept-Language|X-V: 2
        GET /any/v|X-V: 1
        GET /any/v|X-V: 2
        GET /any/v|>200;Vary: X-V|Accept-Language: de
        GET /any/v|X-V: 1
        GET /any/v|X-V: 3
        GET /any/v|Accept-Language: de
        GET /any/w|>200;Vary: *
        GET /any/w
        GET /any/x
        GET /any/x|X-V: 1",
    );
}

#[test]
fn what_clients_have_already_and_parts() {
    let said = "200;ETag: \"x\";Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT;Accept-Ranges: bytes;Content-Type: text/plain";
    let lines = "GET /any/a|>SAID|If-None-Match: \"x\"
        GET /any/a|If-None-Match: W/\"x\"
        GET /any/a|If-None-Match: \"y\"
        GET /any/a|If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT
        GET /any/a|If-Modified-Since: Tue, 14 Nov 2023 22:13:21 GMT
        GET /any/a|If-Match: \"y\"
        GET /any/a|If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT
        HEAD /any/a|If-None-Match: \"x\"
        GET /any/a|Range: bytes=0-2
        GET /any/a|Range: bytes=0-2, 4-5
        GET /any/a|Range: bytes=-2|If-Range: \"x\"
        GET /any/a|Range: bytes=-2|If-Range: \"y\"
        HEAD /any/a|Range: bytes=0-2
        GET /any/b|>SAID|Range: bytes=1-3
        GET /any/b
        GET /any/c|>200;ETag: \"x\"|Range: bytes=1-3
        GET /any/c|Range: bytes=1-3
        HEAD /any/d|>SAID
        GET /any/d
        GET /any/e|>404;ETag: \"x\"|If-None-Match: \"x\"
        GET /any/e|If-None-Match: \"x\"
        GET /silent|>SAID|If-None-Match: \"x\"|Range: bytes=0-1
        GET /off/a|>SAID|If-None-Match: \"x\"|Range: bytes=0-1|If-Modified-Since: x
        GET /any/cookie|>SAID;Set-Cookie: a=b|If-None-Match: \"x\"";
    check(&lines.replace("SAID", said));
}

#[test]
fn the_page_for_parts_that_are_not_there_has_the_charset_of_the_answer() {
    let part = |path: &str, kind: &str| {
        let said = format!("X-Say: 200;Accept-Ranges: bytes;Content-Type: {kind}");
        request("GET", path, &[&said, "Range: bytes=99999-"])
    };
    let kinds = ["a/b| charset=x", "text/plain| a=b|charset=\"y\"", "text/plain| a=b", "text/plain|charset="];
    let requests: Vec<String> =
        kinds.iter().enumerate().map(|(nth, kind)| part(&format!("/any/plain/{nth}"), kind)).collect();
    compare(site, &requests);
}

#[test]
fn what_is_too_old() {
    check(
        "GET /stale/a|>200;OLD
        GET /stale/a|>500
        GET /stale/a|>404
        GET /stale/a|>503
        GET /stale/a|>200;close
        GET /stale/a|>200;silent
        GET /stale/a|>200;Cache-Control: max-age=60
        GET /stale/a|>500
        GET /stale/b|>500
        GET /never/a|>200;Cache-Control: stale-if-error=4000000000;OLD
        GET /never/a|>500
        GET /never/a|>200;close
        GET /never/b|>200;OLD
        GET /never/b|>200;close
        GET /never/b|>200;OLD
        GET /never/b
        GET /changed/a|>200;ETag: \"x\";Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT;OLD
        GET /changed/a|>304;Cache-Control: max-age=60|If-None-Match: \"y\"
        GET /changed/a
        GET /changed/b|>200;ETag: \"x\";OLD
        GET /changed/b|>304
        GET /changed/b|>200;ETag: \"z\";OLD
        GET /changed/b|>200;Cache-Control: max-age=60|If-None-Match: \"z\"
        GET /changed/b
        GET /changed/c|>200;OLD
        GET /changed/c|>304
        GET /changed/d|>404;X-Accel-Expires: @1;ETag: \"x\"
        GET /changed/d",
    );
}

#[test]
fn what_is_logged() {
    let lines = "GET /any/a
        GET /any/a
        GET /any/bypass/a?b=1
        GET /stale/a|>200;OLD
        GET /stale/a|>500
        GET /stale/a|>200;close
        GET /stale/a
        GET /changed/a|>200;ETag: \"x\";OLD
        GET /changed/a|>304
        GET /off/a
        GET /any/down/a
        GET /any/down/a";
    compare_logs(site, &requests(lines));
}

/// The answers of a site under test, and what it is.
fn on_both(test: impl Fn(&App, &Server<'_>)) {
    let site = Site::new(CONF);
    test(&App::start(site.address(1)), &site.start());
    let Some(nginx) = nginx() else { return };
    let site = Site::new(CONF);
    test(&App::start(site.address(1)), &site.start_nginx(&nginx));
}

fn ask(server: &Server<'_>, line: &str) -> Response {
    server.send(requests(line)[0].as_bytes())
}

fn cache_status(response: &Response) -> &str {
    response.head.iter().find_map(|line| line.strip_prefix("X-Cache: ")).unwrap_or("none")
}

#[test]
fn an_old_answer_is_renewed_after_it_was_given() {
    on_both(|app, server| {
        ask(server, "GET /later/a|>200;OLD");
        let old = ask(server, "GET /later/a|>200;Cache-Control: max-age=60");
        assert_eq!((cache_status(&old), old.body.starts_with("1 ")), ("STALE", true));
        app.asked(2);
        let mut new = old;
        eventually("the new answer is there", || {
            new = ask(server, "GET /later/a");
            cache_status(&new) == "HIT"
        });
        assert!(new.body.starts_with("2 ") && app.requests() == 2, "{}", new.body);
    });
}

#[test]
fn one_request_fetches_while_others_get_the_old_answer() {
    on_both(|app, server| {
        ask(server, "GET /updating/a|>200;OLD");
        let mut first = server.connect();
        first.write_all(requests("GET /updating/a|>200;held")[0].as_bytes()).unwrap();
        app.asked(2);
        let second = ask(server, "GET /updating/a");
        assert_eq!((cache_status(&second), second.body.starts_with("1 ")), ("UPDATING", true));
        app.let_go();
        let first = read_response(&mut first);
        assert_eq!((cache_status(&first), first.body.starts_with("2 ")), ("EXPIRED", true));
    });
}

#[test]
fn one_request_fetches_while_others_wait() {
    on_both(|app, server| {
        let mut connections = [server.connect(), server.connect(), server.connect()];
        for connection in &mut connections {
            connection.write_all(requests("GET /lock/a|>200;held")[0].as_bytes()).unwrap();
            app.asked(1);
        }
        app.let_go();
        let answers = connections.map(|mut connection| read_response(&mut connection));
        assert_eq!(answers.each_ref().map(cache_status), ["MISS", "HIT", "HIT"]);
        assert!(answers.iter().all(|answer| answer.body.starts_with("1 ")) && app.requests() == 1);
        // Those who do not wait for long ask themselves, and keep nothing.
        let mut first = server.connect();
        app.hold();
        first.write_all(requests("GET /hasty/a|>200;held")[0].as_bytes()).unwrap();
        app.asked(2);
        let second = ask(server, "GET /hasty/a");
        assert_eq!((cache_status(&second), second.body.starts_with("3 ")), ("MISS", true));
        app.let_go();
        read_response(&mut first);
        assert!(ask(server, "GET /hasty/a").body.starts_with("2 "));
    });
}

#[test]
fn an_answer_is_kept_for_all_workers_and_after_a_reload() {
    let conf = CONF.replace("@USER@ worker_processes 1", "worker_processes 4");
    let site = Site::new(&conf.replace("error.log;", "error.log notice;"));
    let app = App::start(site.address(1));
    let server = site.start();
    let statuses =
        || -> Vec<String> { (0..8).map(|_| cache_status(&ask(&server, "GET /any/a")).to_owned()).collect() };
    assert_eq!(statuses()[1..], ["HIT"; 7]);
    server.signal(rustix::process::Signal::HUP);
    server.logged("start worker process ", 8);
    assert_eq!((statuses(), app.requests()), (vec!["HIT".to_owned(); 8], 1));
}

#[test]
fn a_client_that_leaves_in_the_middle_does_not_keep_others_from_its_answer() {
    on_both(|app, server| {
        let mut leaving = server.connect();
        leaving.write_all(requests("GET /lock/a|>200;half")[0].as_bytes()).unwrap();
        assert!(leaving.read(&mut [0; 1024]).unwrap() > 0);
        drop(leaving);
        app.let_go();
        eventually("the request has ended", || !server.site.read("logs/access.log").is_empty());
        let answer = ask(server, "GET /lock/a");
        assert_eq!((cache_status(&answer), answer.body.starts_with("1 "), app.requests()), ("HIT", true, 1));
    });
}

#[test]
fn what_nobody_waits_for_is_not_kept() {
    on_both(|app, server| {
        let mut leaving = server.connect();
        leaving.write_all(requests("GET /lock/a|>200;held")[0].as_bytes()).unwrap();
        app.asked(1);
        drop(leaving);
        let mut waiting = server.connect();
        waiting.write_all(requests("GET /lock/a")[0].as_bytes()).unwrap();
        app.let_go();
        let answer = read_response(&mut waiting);
        assert_eq!((cache_status(&answer), answer.body.starts_with("2 ")), ("MISS", true));
        let line = "GET /lock/a HTTP/1.1 200 200 MISS\n";
        eventually("both are logged", || server.site.read("logs/access.log") == line.repeat(2));
    });
}
