//! What differs between versions of nginx, each compared with that version where there is one: `nginx-1.26` and so on, in the
//! directory that `HOPCHECK_NGINX_VERSIONS` names.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::app::App;
use crate::files::request;
use crate::http2::client::Client;
use crate::server::{Server, Site};

const VERSIONS: [&str; 3] = ["1.22", "1.26", "1.30"];

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        upstream plain { server 127.0.0.1:@PORT2@; }
        upstream kept { server 127.0.0.1:@PORT2@; keepalive 4; }
        server {
            listen 127.0.0.1:@PORT@;
            location / { proxy_pass http://127.0.0.1:@PORT2@; }
            location /1.0 { proxy_pass http://127.0.0.1:@PORT2@; proxy_http_version 1.0; }
            location /1.1 { proxy_pass http://127.0.0.1:@PORT2@; proxy_http_version 1.1; }
            location /plain { proxy_pass http://plain; }
            location /kept { proxy_pass http://kept; proxy_http_version 1.1; proxy_set_header Connection \"\"; }
            location /upgrade { proxy_pass http://kept; proxy_http_version 1.1; proxy_set_header Connection upgrade; proxy_set_header Upgrade $http_upgrade; }
            location /fields { add_header X-Fields \"$http_x_twice|$http_cookie|$upstream_http_x_said\"; proxy_pass http://127.0.0.1:@PORT2@; }
            location /own { add_header X-Fields \"$http_x_twice|$http_cookie|$http_x_forwarded_for\"; return 200 own; }
        }
    }";

/// nginx of a version.
pub(crate) fn nginx(version: &str) -> Option<PathBuf> {
    let directory = PathBuf::from(std::env::var_os("HOPCHECK_NGINX_VERSIONS")?);
    Some(directory.join(format!("nginx-{version}"))).filter(|program| program.is_file())
}

/// What is found out of the reference proxy in the place of each version. It must be the same of that version, where it is.
fn each<T: PartialEq + std::fmt::Debug>(ask: impl Fn(&Server<'_>) -> T) -> [T; 3] {
    VERSIONS.map(|version| {
        let site = Site::new(CONF);
        let ours = ask(&site.start_as(version));
        if let Some(nginx) = nginx(version) {
            let site = Site::new(CONF);
            assert_eq!(ours, ask(&site.start_nginx(&nginx)), "nginx {version} is on the right");
        }
        ours
    })
}

/// An app server that answers nothing but 200, and the heads of the requests that reach it, without ports.
fn heads(server: &Server<'_>, targets: &[&str]) -> Vec<String> {
    let listener = TcpListener::bind(server.site.address(1)).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let noted = Arc::clone(&noted);
            thread::spawn(move || answer(stream, &noted));
        }
    });
    for target in targets {
        assert_eq!(server.get(target).status(), 200, "{target}");
    }
    let port = server.site.address(1).port().to_string();
    seen.lock().unwrap().iter().map(|head: &String| head.replace(&port, "PORT")).collect()
}

/// Answers requests on a connection, and notes each with how many there were before it.
fn answer(stream: std::net::TcpStream, seen: &Mutex<Vec<String>>) {
    use std::io::{BufRead, BufReader, Write};
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    for count in 0.. {
        let head: Vec<String> =
            lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        if head.is_empty() {
            return;
        }
        seen.lock().unwrap().push(format!("{count} {}", head.join("|")));
        let closes = head.iter().any(|line| line == "Connection: close") || head[0].ends_with("1.0");
        let end = if closes { "Connection: close\r\n" } else { "" };
        let _ = write!(&stream, "HTTP/1.1 200 OK\r\n{end}Content-Length: 2\r\n\r\nok");
        if closes {
            return;
        }
    }
}

#[test]
fn app_servers_are_spoken_to_as_by_that_version() {
    let targets = ["/", "/", "/1.0", "/1.1", "/1.1", "/plain", "/plain", "/kept", "/kept", "/upgrade"];
    let [old, middle, new] = each(|server| heads(server, &targets));
    assert_eq!(old, middle);
    assert!(old[0].starts_with("0 GET / HTTP/1.0|Host: 127.0.0.1:PORT|Connection: close"), "{old:?}");
    assert_eq!(new[6], "1 GET /plain HTTP/1.1|Host: plain", "{new:?}");
}

#[test]
fn fields_that_stand_there_twice() {
    let ask = |server: &Server<'_>| {
        App::start(server.site.address(1));
        ["/fields", "/own"].map(|target| {
            let say = "X-Say: 200;X-Said: 1;X-Said: 2";
            let twice =
                ["X-Twice: a", "X-Twice: b", "Cookie: a=1", "Cookie: b=2", "X-Forwarded-For: 1.1.1.1", say];
            let answer = server.send(request("GET", target, &twice).as_bytes());
            answer.head.into_iter().find(|line| line.starts_with("X-Fields: ")).unwrap_or_default()
        })
    };
    let [old, middle, new] = each(ask);
    assert_eq!(old, ["X-Fields: a|a=1; b=2|1", "X-Fields: a|a=1; b=2|1.1.1.1"]);
    assert_eq!(new, ["X-Fields: a, b|a=1; b=2|1, 2", "X-Fields: a, b|a=1; b=2|1.1.1.1"]);
    assert_eq!(middle, new);
}

#[test]
fn early_hints_are_passed_over_or_taken_for_the_answer() {
    let ask = |server: &Server<'_>| {
        App::start(server.site.address(1));
        let answer = server.send(request("GET", "/x", &["X-Say: 200;early"]).as_bytes());
        (answer.head[0].clone(), answer.body.contains("HTTP/1.1 200 Said"))
    };
    let first = ("HTTP/1.1 103 Early".to_owned(), true);
    let last = ("HTTP/1.1 200 Said".to_owned(), false);
    assert_eq!(each(ask), [first.clone(), first, last]);
}

#[test]
fn fields_of_the_levels_around_one() {
    const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
        http { access_log off; add_header X-H http; add_header X-Same http;
            server { listen 127.0.0.1:@PORT@; add_header X-S server; add_header_inherit merge;
                location /none { return 200; }
                location /on { add_header_inherit on; add_header X-L own; return 200; }
                location /off { add_header_inherit off; return 200; }
                location /merge { add_header_inherit merge; add_header X-L l; add_header X-Same l; return 200;
                    location /merge/in { return 200; }
                    location /merge/own { add_header X-I i; return 200; }
                    location /merge/off { add_header_inherit off; return 200; location /merge/off/in { return 200; } } }
                location /if { add_header X-L l; if ($args) { add_header X-If if; return 200; } return 200; }
        } }";
    let asked = |server: &Server<'_>| {
        let targets = "/none /on /off /merge /merge/in /merge/own /merge/off /merge/off/in /if /if?x"
            .split_whitespace();
        let fields = targets.map(|target| {
            let mut head = server.get(target).head;
            head.retain(|line| line.starts_with("X-"));
            format!("{target}: {}", head.join("|"))
        });
        fields.collect::<Vec<_>>()
    };
    let ours = asked(&Site::new(CONF).start_as("1.30"));
    assert_eq!(ours[3], "/merge: X-L: l|X-Same: l|X-S: server|X-H: http|X-Same: http");
    if let Some(nginx) = nginx("1.30") {
        assert_eq!(ours, asked(&Site::new(CONF).start_nginx(&nginx)), "nginx is on the right");
    }
}

#[test]
fn an_address_with_http2_speaks_http1_or_not() {
    const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
        http { access_log off; server { listen 127.0.0.1:@PORT@ http2; return 200; } }";
    let statuses = VERSIONS.map(|version| {
        let site = Site::new(CONF);
        let ours = site.start_as(version).get("/").status();
        if let Some(nginx) = nginx(version) {
            let site = Site::new(CONF);
            assert_eq!(ours, site.start_nginx(&nginx).get("/").status(), "nginx {version} is on the right");
        }
        ours
    });
    assert_eq!(statuses, [0, 200, 200]);
}

#[test]
fn connect_is_refused_by_its_target_or_its_method() {
    let statuses = each(|server| {
        [
            "CONNECT a:1",
            "CONNECT /a",
            "CONNECT a",
            "CONNECT a:",
            "CONNECT :1",
            "CONNECT a:x",
            "CONNECT http://a/",
            "CONNECT a:99999",
            "CONNECT a.:0",
            "CONNECT [::1]:1",
            "CONNECT ::1:1",
            "CONNECT a_b:1",
            "CONNECT a:1?b",
        ]
        .map(|line| {
            let head = format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            server.send(head.as_bytes()).status()
        })
    });
    assert_eq!(statuses.map(|status| (status[0], status[1])), [(400, 405), (400, 405), (405, 400)]);
}

#[test]
fn the_port_that_a_client_asks_for() {
    const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
        http { access_log off; server { listen 127.0.0.1:@PORT@; return 200 \"$is_request_port$request_port $http3\"; } }";
    let ask = |server: &Server<'_>| {
        ["/|a", "/|a:80", "/|A.test.:8080", "/|[::1]:99", "/|a:", "http://b:5/|a:6", "http://b/|a:6"].map(
            |asked| {
                let (target, host) = asked.split_once('|').unwrap();
                let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
                server.send(head.as_bytes()).body
            },
        )
    };
    let ours = ask(&Site::new(CONF).start_as("1.30"));
    assert_eq!(ours, [" ", ":80 ", ":8080 ", ":99 ", " ", ":5 ", " "]);
    if let Some(nginx) = nginx("1.30") {
        assert_eq!(ours, ask(&Site::new(CONF).start_nginx(&nginx)), "nginx is on the right");
    }
}

#[test]
fn early_hints_reach_the_client_where_the_file_says_so() {
    const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
        http { access_log off; early_hints $arg_a $http_x_b; add_header X-Added added;
            server { listen 127.0.0.1:@PORT@;
                location / { proxy_pass http://127.0.0.1:@PORT2@; }
                location /hidden { proxy_hide_header Link; proxy_pass http://127.0.0.1:@PORT2@; }
                location /never { early_hints 0 ''; proxy_pass http://127.0.0.1:@PORT2@; } } }";
    let ask = |server: &Server<'_>| {
        App::start(server.site.address(1));
        let say = "X-Say: 200;early";
        let mut requests: Vec<String> = ["/", "/?a=1", "/?a=0", "/hidden?a=1", "/never?a=1"]
            .map(|target| request("GET", target, &[say]))
            .into();
        requests.push(request("GET", "/", &[say, "X-B: b"]));
        requests.push(request("GET", "/?a=1", &["X-Say: 200"]));
        requests.push(request("HEAD", "/?a=1", &[say]));
        requests.push(format!("GET /?a=1 HTTP/1.0\r\nHost: x\r\n{say}\r\n\r\n"));
        let answers = requests.iter().map(|request| {
            let answer = server.send(request.as_bytes());
            let text = format!("{}\n\n{}", answer.head.join("\n"), answer.body);
            let is_own = |line: &&str| !line.starts_with("Server: ") && !line.starts_with("Date: ");
            text.lines().filter(is_own).collect::<Vec<_>>().join("|")
        });
        answers.collect::<Vec<_>>()
    };
    let ours = ask(&Site::new(CONF).start_as("1.30"));
    assert!(ours[1].starts_with("HTTP/1.1 103 Early Hints|Link: </a>||HTTP/1.1 200 Said|"), "{ours:#?}");
    assert!(ours[0].starts_with("HTTP/1.1 200 Said|"), "{ours:#?}");
    if let Some(nginx) = nginx("1.30") {
        assert_eq!(ours, ask(&Site::new(CONF).start_nginx(&nginx)), "nginx is on the right");
    }
}

#[test]
fn early_hints_do_so_over_http2_as_well() {
    const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
        http { access_log off; early_hints 1;
            server { listen 127.0.0.1:@PORT@ http2; location / { proxy_pass http://127.0.0.1:@PORT2@; proxy_set_header X-Say '200;early'; } } }";
    let site = Site::new(CONF);
    App::start(site.address(1));
    let server = site.start();
    let client = Client::new(&server);
    let (hints, status) = client.run(async {
        let head = http::Request::get("http://a.test/").body(()).unwrap();
        let (mut response, _) = client.requests().ready().await.unwrap().send_request(head, true).unwrap();
        let hints = std::future::poll_fn(|cx| response.poll_informational(cx)).await;
        let hints = hints.map(|hints| hints.unwrap()).map(|hints| hints.headers()["link"].clone());
        (hints, response.await.unwrap().status())
    });
    assert_eq!((hints.as_ref().map(|link| link.as_bytes()), status.as_u16()), (Some(&b"</a>"[..]), 200));
}

#[test]
fn ports_that_there_cannot_be() {
    let statuses = each(|server| {
        let of = |target: &str, host: &str| {
            let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            server.send(head.as_bytes()).status()
        };
        let in_field = ["a:65535", "a:65536", "a:0", "a:", "[::1]:99999"].map(|host| of("/own", host));
        let in_target = ["a:65535", "a:65536", "a:000080", "a:", "[::1]:99999"]
            .map(|host| of(&format!("http://{host}/own"), "b"));
        [in_field, in_target]
    });
    let ignored = [[200; 5]; 2];
    assert_eq!(statuses, [ignored, ignored, [[200, 400, 200, 200, 400]; 2]]);
}
