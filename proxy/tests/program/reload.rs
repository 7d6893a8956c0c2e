//! Reloading and reopening: nothing is lost.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::process::Signal;

use crate::server::{Server, Site, connect, eventually, read_response};

fn conf(workers: usize, port: &str, answer: &str) -> String {
    format!(
        "worker_processes {workers}; pid nginx.pid; error_log logs/error.log notice; events {{}}
        http {{ access_log logs/access.log; server {{ listen 127.0.0.1:{port}; location / {{ return 200 {answer}; }} }} }}"
    )
}

/// Reloads and waits until the old workers have stopped to accept.
fn reload(server: &Server<'_>, conf: &str, old_workers: usize) {
    let count = server.site.read("logs/error.log").matches("gracefully shutting down").count();
    server.site.configure(conf);
    assert_eq!(server.site.said(&["-s", "reload"]), (Some(0), String::new()));
    server.logged("gracefully shutting down", count + old_workers);
}

#[test]
fn a_new_configuration_takes_effect() {
    let site = Site::new(&conf(1, "@PORT@", "old"));
    let server = site.start();
    assert_eq!(server.get("/").body, "old");
    reload(&server, &conf(2, "@PORT@", "new"), 1);
    assert_eq!(server.get("/").body, "new");
    reload(&server, &conf(1, "@PORT@", "newer"), 2);
    assert_eq!([(); 8].map(|()| server.get("/").body), ["newer"; 8], "surplus sockets were taken over");
}

#[test]
fn who_has_finished_is_not_replaced() {
    let site = Site::new(&conf(1, "@PORT@", "old"));
    let server = site.start();
    reload(&server, &conf(1, "@PORT@", "new"), 1);
    server.logged("exited with code 0", 1);
    // What the master does about an end is done before it hears the next signal.
    server.signal(Signal::USR1);
    server.logged("signal 10 (SIGUSR1) received", 1);
    assert_eq!(site.read("logs/error.log").matches("start worker process ").count(), 2);
}

#[test]
fn a_bad_configuration_changes_nothing_and_is_logged() {
    let site = Site::new(&conf(1, "@PORT@", "old"));
    let server = site.start();
    site.configure("events {}\nhtttp {}\n");
    server.signal(Signal::HUP);
    server.logged(&format!("[emerg] {pid}#{pid}: unknown directive \"htttp\" in ", pid = server.pid()), 1);
    assert_eq!(server.get("/").body, "old");
    reload(&server, &conf(1, "@PORT@", "new"), 1);
    assert_eq!(server.get("/").body, "new");
}

#[test]
fn an_address_that_cannot_be_had_changes_nothing() {
    let site = Site::new(&conf(1, "@PORT@", "old"));
    let server = site.start();
    site.configure(&conf(1, "@PORT@; listen 192.0.2.1:9", "new"));
    server.signal(Signal::HUP);
    server.logged("bind() to 192.0.2.1:9 failed (99: Cannot assign requested address)", 1);
    assert_eq!(server.get("/").body, "old");
}

#[test]
fn addresses_come_and_go() {
    let site = Site::new(&conf(1, "@PORT@", "one"));
    let server = site.start();
    reload(&server, &conf(1, "@PORT@; listen 127.0.0.1:@PORT2@", "both"), 1);
    assert_eq!(server.get("/").body, "both");
    let mut second = connect(site.address(1));
    second.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(read_response(&mut second).body, "both");
    reload(&server, &conf(1, "@PORT2@", "two"), 1);
    eventually("the first port is closed", || TcpStream::connect(site.address(0)).is_err());
}

#[test]
fn the_pid_file_may_move() {
    let site = Site::new(&conf(1, "@PORT@", "old"));
    let server = site.start();
    site.configure(&conf(1, "@PORT@", "new").replace("nginx.pid", "other.pid"));
    server.signal(Signal::HUP);
    server.logged("gracefully shutting down", 1);
    assert_eq!(
        (site.read("other.pid"), site.path("nginx.pid").exists()),
        (format!("{}\n", server.pid()), false)
    );
}

#[test]
fn no_request_is_lost() {
    let site = Site::new(&conf(3, "@PORT@", "served"));
    let server = site.start();
    let (done, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    assert_eq!(server.get("/").body, "served");
                    served.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut workers = 3;
        for next in [1, 2, 3, 1, 3] {
            let before = served.load(Ordering::Relaxed);
            eventually("requests go on", || served.load(Ordering::Relaxed) > before + 20);
            reload(&server, &conf(next, "@PORT@", "served"), workers);
            workers = next;
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_request_that_began_before_is_answered_by_the_old_configuration() {
    let site = Site::new(&conf(1, "@PORT@", "old"));
    let server = site.start();
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n").unwrap();
    server.get("/");
    reload(&server, &conf(1, "@PORT@", "new"), 1);
    stream.write_all(b"\r\n").unwrap();
    assert_eq!(read_response(&mut stream).body, "old");
}

#[test]
fn rotated_logs_are_left_behind() {
    let site = Site::new(&conf(1, "@PORT@", "x"));
    let server = site.start();
    server.get("/before");
    eventually("the first line is written", || site.read("logs/access.log").contains("/before"));
    for log in ["access.log", "error.log"] {
        fs::rename(site.path(&format!("logs/{log}")), site.path(&format!("logs/{log}.1"))).unwrap();
    }
    assert_eq!(site.said(&["-s", "reopen"]), (Some(0), String::new()));
    eventually("the worker has been told", || {
        site.read("logs/error.log.1").matches("reopening logs").count() == 3
    });
    eventually("new lines go to a new file", || {
        server.get("/after");
        site.read("logs/access.log").contains("/after")
    });
    assert!(!site.read("logs/access.log").contains("/before"));
    assert_eq!(site.read("logs/error.log"), "");
}
