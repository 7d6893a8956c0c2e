//! `unix:`: app servers on sockets of this machine, compared with nginx.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};

use crate::files::nginx;
use crate::server::{Server, Site, eventually};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format short '$uri $status $upstream_addr $upstream_status $proxy_host:$proxy_port';
        access_log logs/access.log short;
        proxy_http_version 1.1; proxy_set_header Connection '';
        upstream app { server unix:DIRECTORY/app.sock; server unix:DIRECTORY/none.sock backup; keepalive 4; }
        upstream late { server unix:DIRECTORY/none.sock; server unix:DIRECTORY/app.sock backup; }
        server {
            listen 127.0.0.1:@PORT@;
            location /upstream/ { proxy_pass http://app/; }
            location /backup { proxy_pass http://late; }
            location /whole { proxy_pass http://unix:DIRECTORY/app.sock; }
            location /replaced/ { proxy_pass http://unix:DIRECTORY/app.sock:/there/; }
            location /redirected/ { proxy_pass http://unix:DIRECTORY/app.sock:/; }
            location /variable/ { set $name app; proxy_pass http://unix:DIRECTORY/$name.sock:/of$uri; }
            location /none { proxy_pass http://unix:DIRECTORY/none.sock:/there; }
        }
    }";

fn start(site: &Site) {
    let directory = site.path("").display().to_string();
    site.configure(&CONF.replace("DIRECTORY", directory.trim_end_matches('/')));
    let listener = UnixListener::bind(site.path("app.sock")).unwrap();
    // The worker is somebody else.
    std::fs::set_permissions(site.path("app.sock"), PermissionsExt::from_mode(0o777)).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer(&stream));
        }
    });
}

/// Answers requests with their own heads and, where an `upstream` says that connections are kept, how many there were before.
fn answer(stream: &UnixStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    for count in 0.. {
        let head: Vec<String> =
            lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        if head.is_empty() {
            return;
        }
        let is_kept = head.contains(&"Host: app".to_owned());
        let body = format!("{} {}", if is_kept { count } else { 0 }, head.join("|"));
        let mut out = stream;
        let length = body.len();
        let _ = write!(
            out,
            "HTTP/1.1 200 OK\r\nLocation: http://localhost/moved\r\nContent-Length: {length}\r\n\r\n{body}"
        );
    }
}

/// What comes back, and what is logged about it.
fn ask(server: &Server<'_>) -> (Vec<String>, Vec<String>, Vec<String>) {
    let targets = [
        "/upstream/a?b",
        "/upstream/c",
        "/backup",
        "/whole/%41",
        "/replaced/a",
        "/redirected/",
        "/variable/a",
        "/none",
    ];
    let answers = targets.map(|target| {
        let response = server.get(target);
        let location = response.head.iter().find(|line| line.starts_with("Location"));
        let body = if response.status() == 200 { response.body.as_str() } else { "" };
        format!("{} {location:?} {body}", response.status())
    });
    server.logged("/none.sock failed", 2);
    eventually("every request is logged", || {
        server.site.read("logs/access.log").lines().count() == targets.len()
    });
    let directory = server.site.path("").display().to_string();
    let read = |log: &str| server.site.read(log).replace(directory.trim_end_matches('/'), "DIR");
    let said = |line: &str| Some(line.split_once(" *")?.1.split_once(' ')?.1.to_owned());
    let errors = read("logs/error.log").lines().filter_map(said).collect();
    (answers.to_vec(), read("logs/access.log").lines().map(str::to_owned).collect(), errors)
}

#[test]
fn a_socket_of_this_machine_is_an_app_server_like_any_other() {
    let site = Site::new(CONF);
    start(&site);
    let ours = ask(&site.start());
    let (answers, log, errors) = &ours;
    assert_eq!(answers[0], "200 Some(\"Location: http://localhost/moved\") 0 GET /a?b HTTP/1.1|Host: app");
    assert!(answers[1].ends_with(" 1 GET /c HTTP/1.1|Host: app"), "the connection is kept: {}", answers[1]);
    assert!(answers[4].ends_with(" 0 GET /there/a HTTP/1.1|Host: localhost"), "{}", answers[4]);
    assert!(answers[6].contains(" GET /of/variable/a HTTP/1.1|Host: localhost"), "{}", answers[6]);
    assert_eq!(log[2], "/backup 200 unix:DIR/none.sock, unix:DIR/app.sock 502, 200 late:80");
    assert_eq!(log[7], "/none 502 unix:DIR/none.sock 502 localhost:");
    let none =
        "connect() to unix:DIR/none.sock failed (2: No such file or directory) while connecting to upstream";
    assert!(errors[0].starts_with(none), "{errors:?}");
    assert!(
        errors.iter().any(|line| line.contains("upstream: \"http://unix:DIR/none.sock:/there\"")),
        "{errors:?}"
    );
    if let Some(nginx) = nginx() {
        let site = Site::new(CONF);
        start(&site);
        assert_eq!(ours, ask(&site.start_nginx(&nginx)), "nginx is on the right");
    }
}
