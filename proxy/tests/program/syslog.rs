//! `syslog:` in `access_log` and `error_log`: what a server of syslog gets, compared with nginx.

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::files::nginx;
use crate::server::{Server, Site};

/// How long a message may take before it counts as lost.
const DEADLINE: Duration = Duration::from_secs(20);

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format short '$request $status \"$http_x_own\"';
        server {
            listen 127.0.0.1:@PORT@;
            access_log syslog:server=127.0.0.1:SYSLOG,facility=local3,severity=notice,tag=shop_1 short;
            error_log syslog:server=127.0.0.1:SYSLOG,nohostname warn;
            location / { root www; }
            location /socket { access_log syslog:server=unix:DIRECTORY/syslog,nohostname short if=$arg_wanted; return 204; }
        }
    }";

/// A server of syslog.
struct Receivers {
    udp: UdpSocket,
    unix: UnixDatagram,
}

impl Receivers {
    fn new(site: &Site) -> Receivers {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let unix = UnixDatagram::bind(site.path("syslog")).unwrap();
        // The worker is somebody else.
        std::fs::set_permissions(site.path("syslog"), std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .unwrap();
        udp.set_read_timeout(Some(DEADLINE)).unwrap();
        unix.set_read_timeout(Some(DEADLINE)).unwrap();
        let port = udp.local_addr().unwrap().port().to_string();
        let directory = site.path("").display().to_string();
        site.configure(&CONF.replace("SYSLOG", &port).replace("DIRECTORY", directory.trim_end_matches('/')));
        Receivers { udp, unix }
    }

    fn next_by_udp(&self) -> String {
        let mut message = [0; 4096];
        let length = self.udp.recv(&mut message).unwrap();
        without_time(&String::from_utf8_lossy(&message[..length]))
    }

    fn next_by_socket(&self) -> String {
        let mut message = [0; 4096];
        let length = self.unix.recv(&mut message).unwrap();
        without_time(&String::from_utf8_lossy(&message[..length]))
    }
}

/// A message whose time is written as `T`, as is what else an error log says of the moment and the process.
fn without_time(message: &str) -> String {
    let (priority, rest) = message.split_once('>').unwrap();
    // `Jan  2 09:00:00`
    assert!(rest.as_bytes()[3] == b' ' && rest.as_bytes()[15] == b' ', "{message:?}");
    let rest = &rest[16..];
    let rest = match rest.split_once(": ") {
        Some((head, line)) if line.contains(" [error] ") => {
            let (_, said) = line.split_once(" *").unwrap();
            let (_, said) = said.split_once(' ').unwrap();
            format!("{head}: {said}")
        }
        _ => rest.to_owned(),
    };
    format!("{priority}>T {rest}")
}

fn ask(server: &Server<'_>, receivers: &Receivers) -> Vec<String> {
    server.send(b"GET /missing HTTP/1.1\r\nHost: a\r\nX-Own: \"quoted\"\r\nConnection: close\r\n\r\n");
    let mut messages = vec![receivers.next_by_udp(), receivers.next_by_udp()];
    server.get("/socket");
    server.get("/socket?wanted=1");
    messages.push(receivers.next_by_socket());
    let directory = server.site.path("").display().to_string();
    messages.iter().map(|message| message.replace(directory.trim_end_matches('/'), "DIR")).collect()
}

#[test]
fn each_line_is_a_message() {
    let of = |start: &dyn Fn(&Site) -> Vec<String>| start(&Site::new(CONF));
    let ours = of(&|site| {
        let receivers = Receivers::new(site);
        ask(&site.start(), &receivers)
    });
    let host = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let missing = "open() \"DIR/www/missing\" failed (2: No such file or directory), client: 127.0.0.1, server: , \
                   request: \"GET /missing HTTP/1.1\", host: \"a\"";
    assert_eq!(
        ours,
        [
            format!("<187>T nginx: {missing}"),
            format!("<157>T {host} shop_1: GET /missing HTTP/1.1 404 \"\\x22quoted\\x22\""),
            "<190>T nginx: GET /socket?wanted=1 HTTP/1.1 204 \"-\"".to_owned(),
        ]
    );
    if let Some(nginx) = nginx() {
        let theirs = of(&|site| {
            let receivers = Receivers::new(site);
            ask(&site.start_nginx(&nginx), &receivers)
        });
        assert_eq!(ours, theirs, "nginx is on the right");
    }
}

#[test]
fn a_server_that_is_not_there_is_told_once_and_costs_no_request() {
    let site = Site::new(CONF);
    let receivers = Receivers::new(&site);
    let server = site.start();
    drop(receivers);
    for _ in 0..3 {
        assert_eq!(server.get("/socket?wanted=1").status(), 204);
    }
    server.logged("while logging to syslog, server: unix:", 1);
    assert_eq!(site.read("logs/error.log").matches("while logging to syslog").count(), 1);
}
