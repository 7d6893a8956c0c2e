//! Access logs, to the byte.

use rustix::process::Signal;

use crate::logged::compare_logs;
use crate::server::{Site, eventually};

/// A server with these directives in `http`.
fn conf(http: &str) -> String {
    format!(
        "worker_processes 1; pid nginx.pid; error_log logs/error.log notice; events {{}}
        http {{ {http} server {{ listen 127.0.0.1:@PORT@; location / {{ return 200 hello; }} }} }}"
    )
}

#[test]
fn a_line_is_there_a_moment_after_the_response() {
    let format = r#"log_format main '$remote_addr - $remote_user "$request" $status $body_bytes_sent "$http_referer" "$http_x"';"#;
    let site = Site::new(&conf(&format!("{format} access_log logs/access.log main;")));
    let server = site.start();
    server.send(b"GET /a?b HTTP/1.1\r\nHost: x\r\nX: say \"\xeb\x8b\xb4\"\r\nConnection: close\r\n\r\n");
    let wanted = "127.0.0.1 - - \"GET /a?b HTTP/1.1\" 200 5 \"-\" \"say \\x22\\xEB\\x8B\\xB4\\x22\"\n";
    eventually("the line is written", || !site.read("logs/access.log").is_empty());
    assert_eq!(site.read("logs/access.log"), wanted);
}

#[test]
fn json_is_escaped_as_json() {
    let format = "log_format json escape=json '{\"uri\":\"$uri\",\"x\":\"$http_x\"}';";
    let site = Site::new(&conf(&format!("{format} access_log logs/access.log json;")));
    let server = site.start();
    server.get("/%22%0A%ED%95%9C");
    eventually("the line is written", || !site.read("logs/access.log").is_empty());
    assert_eq!(site.read("logs/access.log"), "{\"uri\":\"/\\\"\\n한\",\"x\":\"\"}\n");
}

#[test]
fn several_logs_get_what_their_conditions_let_through() {
    let http = "log_format short $uri; map $arg_quiet $loud { 1 0; default 1; }
        access_log logs/all.log short; access_log logs/loud.log short if=$loud;";
    let site = Site::new(&conf(http));
    let server = site.start();
    for target in ["/1", "/2?quiet=1", "/3"] {
        server.get(target);
    }
    eventually("the last line is written", || site.read("logs/loud.log").contains("/3"));
    assert_eq!(
        (site.read("logs/all.log"), site.read("logs/loud.log")),
        ("/1\n/2\n/3\n".into(), "/1\n/3\n".into())
    );
}

#[test]
fn a_compressed_log_is_written_piece_by_piece() {
    let http = "log_format short $uri; access_log logs/packed.log short gzip=9 buffer=8; access_log logs/plain.log short;";
    let site = Site::new(&conf(http));
    let server = site.start();
    for target in ["/first", "/second", "/third"] {
        server.get(target);
    }
    eventually("all is logged elsewhere", || site.read("logs/plain.log").contains("/third"));
    drop(server);
    let file = std::fs::File::open(site.path("logs/packed.log")).unwrap();
    let text = std::io::read_to_string(flate2::read::MultiGzDecoder::new(file)).unwrap();
    assert_eq!(text, "/first\n/second\n/third\n");
}

#[test]
fn a_buffered_log_is_written_when_full_and_at_the_end() {
    let http = "log_format short $uri; access_log logs/buffered.log short buffer=20; access_log logs/plain.log short;";
    let site = Site::new(&conf(http));
    let mut server = site.start();
    let logged = |target: &str| {
        server.get(target);
        eventually("it is logged elsewhere", || {
            site.read("logs/plain.log").ends_with(&format!("{target}\n"))
        });
        site.read("logs/buffered.log").replace('\n', " ")
    };
    assert_eq!(logged("/12345678"), "");
    assert_eq!(logged("/abcdefgh"), "", "20 bytes are not too many");
    assert_eq!(logged("/2"), "/12345678 /abcdefgh ");
    assert_eq!(logged("/longer-than-the-buffer"), "/12345678 /abcdefgh /2 /longer-than-the-buffer ");
    assert_eq!(logged("/end"), "/12345678 /abcdefgh /2 /longer-than-the-buffer ");
    server.signal(Signal::QUIT);
    assert!(server.end().success());
    assert!(site.read("logs/buffered.log").ends_with("/longer-than-the-buffer\n/end\n"));
}

#[test]
fn a_buffered_log_is_written_when_its_time_has_come() {
    let http = "log_format short $uri; access_log logs/buffered.log short buffer=1m flush=50ms;";
    let site = Site::new(&conf(http));
    let server = site.start();
    server.get("/1");
    eventually("the line is written", || site.read("logs/buffered.log") == "/1\n");
}

#[test]
fn a_buffered_log_is_not_written_before_its_time_has_come() {
    let http = "log_format short $uri; access_log logs/buffered.log short buffer=1m flush=1h; access_log logs/plain.log short;";
    let site = Site::new(&conf(http));
    let server = site.start();
    for target in ["/1", "/2"] {
        server.get(target);
        eventually("it is logged elsewhere", || site.read("logs/plain.log").contains(target));
    }
    assert_eq!(site.read("logs/buffered.log"), "");
}

#[test]
fn a_log_that_cannot_be_written_is_complained_of_once_a_minute() {
    let http = "log_format short $uri; access_log /dev/full short; access_log logs/plain.log short;";
    let site = Site::new(&conf(http));
    let server = site.start();
    for target in ["/1", "/2", "/3"] {
        server.get(target);
        eventually("it is logged elsewhere", || site.read("logs/plain.log").contains(target));
    }
    let log = site.read("logs/error.log");
    assert_eq!(
        log.matches("write() to \"/dev/full\" failed (28: No space left on device)").count(),
        1,
        "{log}"
    );
}

#[test]
fn lines_of_several_workers_do_not_mix() {
    let http = "log_format long $uri$uri$uri$uri$uri$uri$uri$uri; access_log logs/access.log long;";
    let site = Site::new(&conf(http).replace("worker_processes 1", "worker_processes 4"));
    let server = site.start();
    let target = format!("/{}", "x".repeat(999));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..25).for_each(|_| assert_eq!(server.get(&target).status(), 200)));
        }
    });
    let line = target.repeat(8);
    eventually("every line is written", || site.read("logs/access.log").lines().count() == 200);
    assert!(site.read("logs/access.log").lines().all(|written| written == line));
}

#[test]
fn the_fallback_of_try_files_leaves_an_empty_query() {
    let site = Site::new(
        "worker_processes 1; pid nginx.pid; error_log logs/error.log notice; events {}
        http { log_format short '$uri $args'; access_log logs/access.log short; server { listen 127.0.0.1:@PORT@;
        location / { try_files /none /found; } location = /found { return 200; } } }",
    );
    let server = site.start();
    server.send(
        b"GET /found HTTP/1.1\r\nHost: x\r\n\r\nGET /x?a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    eventually("both lines are written", || site.read("logs/access.log").lines().count() == 2);
    assert_eq!(site.read("logs/access.log"), "/found -\n/found \n");
}

#[test]
fn fields_before_a_line_that_is_none_are_logged() {
    let site = || {
        let format = r#"log_format main '$status "$host" "$http_user_agent" "$http_x" "$http_y"';"#;
        Site::new(&format!("@USER@ {}", conf(&format!("{format} access_log logs/access.log main;"))))
    };
    let refused = [": none", "\u{1}: x", "Host: other", "X Y: z"];
    let request = |line: &str| {
        format!("GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: b\r\nX: c\r\n{line}\r\nY: d\r\n\r\n")
    };
    compare_logs(site, &refused.map(request));
}
