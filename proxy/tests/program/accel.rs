//! `X-Accel-Redirect`, compared with nginx.

use crate::app::App;
use crate::files::nginx;
use crate::server::{Server, Site, eventually};

const CONF: &str = "worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        types { text/plain txt; } default_type application/octet-stream;
        log_format t '$request|$uri|$status|$upstream_status'; access_log logs/access.log t;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            proxy_http_version 1.1;
            location /app { proxy_pass http://127.0.0.1:@PORT2@; add_header X-Place app always; }
            location /ignored { proxy_pass http://127.0.0.1:@PORT2@; proxy_ignore_headers X-Accel-Redirect; }
            location /kept/ { internal; add_header X-Place kept; }
            location /moved { internal; return 301 /elsewhere; }
            location /again { internal; proxy_pass http://127.0.0.1:@PORT2@; proxy_set_header X-Say '203;X-From: again'; }
            location @named { return 200 'named $uri $request_method'; }
            location /echo { return 200 'echo $uri $args $request_method $request_uri'; }
            error_page 404 /404;
            location /404 { return 404 'not here'; }
        }
    }";

/// What comes back for each of these requests, with what the app server says, and what is logged.
fn asked(server: &Server<'_>, requests: &[(&str, &str, &str)]) -> (Vec<String>, String, Vec<String>) {
    server.site.write_dated("www/kept/f.txt", "the file");
    App::start(server.site.address(1));
    let port = server.site.address(0).port().to_string();
    let answers = requests.iter().map(|(line, say, more)| {
        let request =
            format!("{line} HTTP/1.1\r\nHost: a.test\r\nX-Say: {say}\r\nConnection: close\r\n{more}\r\n");
        let response = server.send(request.as_bytes());
        let mut head: Vec<String> = response.head.clone();
        let shown = |line: &String| {
            !["Date: ", "Server: ", "Connection: ", "Accept-Ranges: "]
                .iter()
                .any(|name| line.starts_with(name))
        };
        head.retain(shown);
        // Pages name the program, and the app server numbers its answers.
        let body = if response.body.contains("<html>") {
            "page"
        } else {
            response.body.trim_start_matches(|c: char| c.is_ascii_digit())
        };
        head.retain(|line| !(body == "page" && line.starts_with("Content-Length: ")));
        head.sort();
        format!("{line} {say}: {} {body}", head.join("|").replace(&port, "PORT"))
    });
    let answers: Vec<String> = answers.collect();
    eventually("all is logged", || server.site.read("logs/access.log").lines().count() >= requests.len());
    let log = server.site.read("logs/error.log");
    let said =
        |line: &str| Some(line.split_once(" *")?.1.split_once(' ')?.1.split_once(", client: ")?.0.to_owned());
    let errors = log
        .lines()
        .filter(|line| line.contains("[error]"))
        .filter_map(said)
        .filter(|line| line.starts_with("unsafe"))
        // As it was sent, or decoded.
        .map(|line| line.replace("%2e", "."));
    (answers, server.site.read("logs/access.log"), errors.collect())
}

#[test]
fn an_app_server_sends_a_request_elsewhere() {
    const MORE: &str = "Content-Type: image/png;Set-Cookie: a=1;Set-Cookie: b=2;Content-Disposition: attachment;\
        Cache-Control: no-store;Expires: x;X-Other: 1;ETag: z;Last-Modified: x;Location: /x;Vary: X";
    let with_more = |target: &str| format!("200;X-Accel-Redirect: {target};{MORE}");
    let mut says: Vec<(&str, String, &str)> = [
        "/kept/f.txt",
        "/kept/%66.txt?x",
        "@named",
        "/echo/a%20b?x=1",
        "/echo/../../etc",
        "/echo/%2e%2e/x",
        "?x",
        "nothing",
        "/kept/none",
        "/moved",
        "@nobody",
    ]
    .map(|target| ("GET /app", format!("200;X-Accel-Redirect: {target}"), ""))
    .into();
    says.extend([
        ("GET /app", with_more("/kept/f.txt"), ""),
        ("GET /app", with_more("/echo"), ""),
        ("GET /app", with_more("/kept/none"), ""),
        ("GET /app", with_more("/moved"), ""),
        ("GET /app", "404;X-Accel-Redirect: /kept/f.txt".to_owned(), ""),
        ("GET /app", "200;X-Accel-Redirect: /again".to_owned(), ""),
        ("GET /app", "200;X-Accel-Redirect: /app".to_owned(), ""),
        ("HEAD /app", "200;X-Accel-Redirect: /kept/f.txt".to_owned(), ""),
        ("GET /app", "200;X-Accel-Redirect: /kept/f.txt".to_owned(), "Range: bytes=0-2\r\n"),
        ("POST /app", "200;X-Accel-Redirect: /echo".to_owned(), "Content-Length: 0\r\n"),
        ("GET /ignored", "200;X-Accel-Redirect: /kept/f.txt".to_owned(), ""),
        ("GET /kept/f.txt", "200".to_owned(), ""),
    ]);
    let requests: Vec<(&str, &str, &str)> =
        says.iter().map(|(line, say, more)| (*line, say.as_str(), *more)).collect();
    let ours = asked(&Site::new(CONF).start(), &requests);
    assert!(ours.0[0].contains("|X-Place: kept the file"), "{}", ours.0[0]);
    if let Some(nginx) = nginx() {
        let theirs = asked(&Site::new(CONF).start_nginx(&nginx), &requests);
        for (ours, theirs) in ours.0.iter().zip(&theirs.0) {
            assert_eq!(ours, theirs, "nginx is on the right");
        }
        assert_eq!((ours.1, ours.2), (theirs.1, theirs.2), "nginx is on the right");
    }
}
