//! Starting and ending.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::TcpListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit, setrlimit};
use socket2::{Domain, Socket, Type};

use crate::server::{Server, Site, eventually, read_response};

const CONF: &str = "worker_processes 2; pid nginx.pid; error_log logs/error.log notice; events {}
    http { access_log off; server { listen 127.0.0.1:@PORT@; location / { return 200 hello; } } }";

#[test]
fn the_pid_file_lives_as_long_as_the_master() {
    let site = Site::new(CONF);
    let mut server = site.start();
    assert_eq!(site.read("nginx.pid"), format!("{}\n", server.pid()));
    assert_eq!(server.get("/").body, "hello");
    assert_eq!(site.said(&["-s", "stop"]), (Some(0), String::new()));
    assert!(server.end().success());
    assert!(!site.path("nginx.pid").exists());
}

#[test]
fn the_error_log_tells_the_story() {
    let site = Site::new(CONF);
    let mut server = site.start();
    assert_eq!(site.said(&["-s", "quit"]), (Some(0), String::new()));
    assert!(server.end().success());
    let log = site.read("logs/error.log");
    let told: Vec<&str> =
        log.lines().filter_map(|line| line.split_once(": ")).map(|(_, told)| told).collect();
    let count = |told_once: &str| told.iter().filter(|told| told.starts_with(told_once)).count();
    assert_eq!(told.first(), Some(&"start worker processes"), "{log}");
    assert_eq!(told.last(), Some(&"exit"), "{log}");
    assert_eq!(count("start worker process "), 2, "{log}");
    assert_eq!(count("signal 3 (SIGQUIT) received, shutting down"), 1, "{log}");
    assert_eq!(
        (count("gracefully shutting down"), count("exiting"), count("worker process ")),
        (2, 2, 2),
        "{log}"
    );
}

#[test]
fn quitting_lets_an_open_exchange_finish() {
    let site = Site::new(CONF);
    let mut server = site.start();
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n").unwrap();
    // Only a worker that has accepted can finish what was begun.
    server.get("/");
    server.signal(Signal::QUIT);
    server.logged("gracefully shutting down", 2);
    stream.write_all(b"\r\n").unwrap();
    assert_eq!(read_response(&mut stream).body, "hello");
    assert!(server.end().success());
}

#[test]
fn stopping_does_not_wait_for_an_open_exchange() {
    let site = Site::new(CONF);
    let mut server = site.start();
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    server.get("/");
    server.signal(Signal::TERM);
    assert!(server.end().success());
    assert!(!matches!(stream.read(&mut [0; 16]), Ok(1..)));
}

#[test]
fn an_interrupt_stops_too_even_while_quitting() {
    let site = Site::new(CONF);
    let mut server = site.start();
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    server.get("/");
    server.signal(Signal::QUIT);
    server.logged("gracefully shutting down", 2);
    server.signal(Signal::INT);
    assert!(server.end().success());
}

#[test]
fn an_address_in_use_is_noticed_even_when_it_could_be_shared() {
    let shared = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    shared.set_reuse_address(true).unwrap();
    shared.set_reuse_port(true).unwrap();
    shared.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    shared.listen(1).unwrap();
    let shared: TcpListener = shared.into();
    let address = shared.local_addr().unwrap().to_string();
    let site = Site::new(&CONF.replace("127.0.0.1:@PORT@", &address));
    let (code, said) = site.said(&[]);
    let refused =
        format!("reference-proxy: [emerg] bind() to {address} failed (98: Address already in use)\n");
    assert_eq!(
        (code, said),
        (Some(1), format!("{}reference-proxy: [emerg] still could not bind()\n", refused.repeat(5)))
    );
    assert!(!site.path("nginx.pid").exists());
}

#[test]
fn a_worker_that_is_full_reuses_idle_connections_and_then_refuses() {
    let site = Site::new(
        &CONF
            .replace("worker_processes 2", "worker_processes 1")
            .replace("events {}", "events { worker_connections 4; }"),
    );
    let server = site.start();
    let mut idle = server.connect();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    idle.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    // One is for listening, one for the master, as nginx counts them. Two requests that are never finished take both places; the idle connection has to go.
    let mut busy = [server.connect(), server.connect()];
    for stream in &mut busy {
        stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    }
    server.logged("[warn] ", 1);
    server.logged("4 worker_connections are not enough, reusing connections", 1);
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
    eventually("a connection is refused", || {
        let _ = server.connect().read(&mut [0; 1]);
        site.read("logs/error.log").contains(": 4 worker_connections are not enough\n")
    });
    for stream in &mut busy {
        stream.write_all(b"Host: localhost\r\nConnection: close\r\n\r\n").unwrap();
        assert_eq!(read_response(stream).body, "hello");
    }
}

/// Sets how many files the program may have open.
fn limit(server: &Server<'_>, current: Option<u64>) {
    let pid = Pid::from_raw(server.pid().try_into().unwrap());
    let maximum = getrlimit(Resource::Nofile).maximum;
    prlimit(pid, Resource::Nofile, Rlimit { current: current.or(maximum), maximum }).unwrap();
}

#[test]
fn a_worker_without_descriptors_says_so_and_goes_on_when_it_may() {
    let site = Site::new(&CONF.replace("worker_processes 2", "worker_processes 1"));
    let server = site.start();
    // From here on the worker has what it needs for itself.
    server.get("/");
    limit(&server, Some(0));
    let mut client = server.connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    server.logged("[crit] ", 1);
    server.logged("accept4() failed (24: Too many open files)", 1);
    limit(&server, None);
    assert_eq!(read_response(&mut client).body, "hello");
}

#[test]
fn as_many_files_may_be_open_as_the_system_allows() {
    let limit = getrlimit(Resource::Nofile);
    let lower = limit.maximum.map(|most| most - 1);
    setrlimit(Resource::Nofile, Rlimit { current: lower, maximum: limit.maximum }).unwrap();
    let site = Site::new(CONF);
    let server = site.start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let files: Vec<_> = limits.lines().filter(|line| line.starts_with("Max open files")).collect();
    let words: Vec<_> = files.concat().split_whitespace().skip(3).map(str::to_owned).collect();
    assert_eq!(words[0], words[1], "{limits}");
}

#[test]
fn who_waits_to_be_accepted_is_still_served() {
    let log = format!("log_format long '{}'; access_log logs/pipe long", "$uri".repeat(20));
    let conf = CONF.replace("worker_processes 2", "worker_processes 1").replace("access_log off", &log);
    let site = Site::new(&conf);
    mknodat(CWD, site.path("logs/pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let mut pipe = OpenOptions::new().read(true).write(true).open(site.path("logs/pipe")).unwrap();
    let mut server = site.start();
    // A worker whose log takes no more does nothing else.
    let long = format!("/{}", "x".repeat(5000));
    let mut first = server.connect();
    first.write_all(format!("GET {long} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
    eventually("the log is full", || ioctl_fionread(&pipe).unwrap() == 65_536);
    let mut client = server.connect();
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    server.signal(Signal::QUIT);
    server.logged("signal 3 (SIGQUIT) received", 1);
    pipe.read_exact(&mut vec![0; long.len() * 20]).unwrap();
    assert_eq!(read_response(&mut client).body, "hello");
    assert!(server.end().success());
}
