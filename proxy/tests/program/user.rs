//! D15: the worker has no root rights, so what its user cannot read is not served.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::thread;

use rustix::process::Signal;
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

use crate::server::{Server, Site, eventually};

const CONF: &str =
    "user nobody nogroup; worker_processes 2; pid nginx.pid; error_log logs/error.log notice; events {}
    http { access_log logs/access.log; server { listen 127.0.0.1:@PORT@; root www; } }";

/// Only root can become somebody else.
fn as_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("not run: this test needs to be root");
    }
    root
}

#[test]
fn a_worker_reads_only_what_its_user_may() {
    if !as_root() {
        return;
    }
    let site = Site::new(CONF);
    for (name, mode) in [("www/public.txt", 0o644), ("www/private.txt", 0o600)] {
        site.write(name, "text");
        fs::set_permissions(site.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    site.write("www/closed/public.txt", "text");
    fs::set_permissions(site.path("www/closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let server = site.start();
    let statuses =
        ["/public.txt", "/private.txt", "/closed/public.txt"].map(|target| server.get(target).status());
    assert_eq!(statuses, [200, 403, 403]);
    server.logged("/www/private.txt\" failed (13: Permission denied)", 1);
}

#[test]
fn a_call_that_is_refused_is_named() {
    if !as_root() {
        return;
    }
    for (capability, call) in
        [(CapabilitySet::SETGID, "setgid(65534)"), (CapabilitySet::SETUID, "setuid(65534)")]
    {
        let site = Site::new(CONF);
        // What this thread starts is root without that right.
        let said = thread::spawn(move || {
            remove_capability_from_bounding_set(capability).unwrap();
            site.said(&[])
        });
        let wanted = format!("reference-proxy: [emerg] {call} failed (1: Operation not permitted)\n");
        assert_eq!(said.join().unwrap(), (Some(1), wanted));
    }
}

/// What the kernel says of a thread: its ids (real, effective, saved, of files), groups, and what it may do or gain.
fn rights(server: &Server<'_>, thread: &str) -> String {
    let path = format!("/proc/{}/task/{thread}/status", server.pid());
    let status = fs::read_to_string(path).unwrap_or_default();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = ["Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs"];
    let wanted = |line: &&str| line.split_once(':').is_some_and(|(name, _)| named.contains(&name));
    status.lines().filter(wanted).map(words).collect::<Vec<_>>().join("; ")
}

/// The rights of every thread but the first, which is the master.
fn workers(server: &Server<'_>) -> Vec<String> {
    let master = server.pid().to_string();
    let tasks = fs::read_dir(format!("/proc/{master}/task")).unwrap();
    let threads = tasks.map(|task| task.unwrap().file_name().into_string().unwrap());
    threads.filter(|thread| *thread != master).map(|thread| rights(server, &thread)).collect()
}

/// An account that owns nothing and may not become another.
const NOBODY: &str = "Uid: 65534 65534 65534 65534; Gid: 65534 65534 65534 65534; Groups: 65534; CapInh: 0000000000000000; \
    CapPrm: 0000000000000000; CapEff: 0000000000000000; CapAmb: 0000000000000000; NoNewPrivs: 1";

#[test]
fn every_thread_but_the_master_is_the_user_in_full() {
    if !as_root() {
        return;
    }
    let site = Site::new(CONF);
    site.write("www/large", &"x".repeat(1 << 20));
    let server = site.start();
    server.logged("start worker process ", 2);
    eventually("both workers gave up root", || workers(&server) == [NOBODY; 2]);
    // Whatever serving takes is not done by somebody else, and those who come with a reload are no better off.
    assert_eq!(server.get("/large").body.len(), 1 << 20);
    assert_eq!(workers(&server), [NOBODY; 2]);
    server.signal(Signal::HUP);
    server.logged("start worker process ", 4);
    eventually("only the new workers are left", || workers(&server) == [NOBODY; 2]);
    let master = rights(&server, &server.pid().to_string());
    assert!(master.starts_with("Uid: 0 0 0 0; Gid: 0 0 0 0; "), "{master}");
}

#[test]
fn workers_are_nobody_unless_told_otherwise_and_root_only_if_named() {
    if !as_root() {
        return;
    }
    let uid = |user: &str| {
        let site = Site::new(
            &CONF.replace("user nobody nogroup; worker_processes 2;", &format!("{user} worker_processes 1;")),
        );
        let server = site.start();
        let ids = || workers(&server).iter().map(|rights| rights[..10].to_owned()).collect::<Vec<_>>();
        // A worker that answers has become whom it is to be.
        assert_eq!(server.get("/").status(), 403);
        ids()
    };
    assert_eq!(uid("user root;"), ["Uid: 0 0 0"]);
    assert_eq!(uid("user daemon;"), ["Uid: 1 1 1"]);
    assert_eq!(uid(""), ["Uid: 65534"]);
}

#[test]
fn an_account_that_is_not_there_is_no_reason_to_stay_root() {
    if !as_root() {
        return;
    }
    for (user, wanted) in [
        ("user no-such-account;", "getpwnam(\"no-such-account\") failed in DIR/nginx.conf:1"),
        ("user nobody no-such-group;", "getgrnam(\"no-such-group\") failed in DIR/nginx.conf:1"),
    ] {
        let site = Site::new(&CONF.replace("user nobody nogroup;", user));
        let (code, said) = site.said(&[]);
        assert!(code == Some(1) && said.contains(wanted), "{code:?}: {said}");
    }
}

#[test]
fn reopened_logs_belong_to_the_user() {
    if !as_root() {
        return;
    }
    let site = Site::new(CONF);
    let _server = site.start();
    let owner =
        |name: &str| fs::metadata(site.path(name)).map(|metadata| (metadata.uid(), metadata.mode() & 0o777));
    assert_eq!(owner("logs/access.log").unwrap(), (0, 0o644));
    fs::remove_file(site.path("logs/access.log")).unwrap();
    assert_eq!(site.said(&["-s", "reopen"]), (Some(0), String::new()));
    eventually("the log is there again", || site.path("logs/access.log").exists());
    eventually("its owner is the worker's user", || owner("logs/access.log").is_ok_and(|(uid, _)| uid != 0));
    fs::set_permissions(site.path("logs/access.log"), fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(site.said(&["-s", "reopen"]), (Some(0), String::new()));
    eventually("the user may write", || owner("logs/access.log").is_ok_and(|(_, mode)| mode == 0o644));
}

#[test]
fn what_a_log_s_name_is_linked_to_is_not_handed_over() {
    if !as_root() {
        return;
    }
    let site = Site::new(CONF);
    site.write("others", "");
    let server = site.start();
    for (link, name) in [(symlink as fn(_, _) -> _, "logs/access.log"), (fs::hard_link, "logs/error.log")] {
        fs::remove_file(site.path(name)).unwrap();
        link(site.path("others"), site.path(name)).unwrap();
    }
    assert_eq!(site.said(&["-s", "reopen"]), (Some(0), String::new()));
    eventually("both logs go on there", || {
        server.get("/");
        site.read("others").contains("\"GET / HTTP/1.1\" 403") && site.read("others").contains("is forbidden")
    });
    assert_eq!(fs::metadata(site.path("others")).unwrap().uid(), 0);
}
