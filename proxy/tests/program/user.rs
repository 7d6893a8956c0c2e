//! D15: the worker has no root rights, so what its user cannot read is not served.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::server::{Site, eventually};

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
fn every_worker_thread_is_the_user_in_full_and_the_master_stays_root() {
    if !as_root() {
        return;
    }
    let site = Site::new(CONF);
    let server = site.start();
    server.logged("start worker process ", 2);
    let ids = |tid: &str| {
        let status =
            fs::read_to_string(format!("/proc/{}/task/{tid}/status", server.pid())).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        ["Uid:", "Gid:", "Groups:", "CapEff:", "CapPrm:"].map(field)
    };
    let master = server.pid().to_string();
    let [uid, ..] = ids(&master);
    assert_eq!(uid, "0 0 0 0");
    let tasks = fs::read_dir(format!("/proc/{master}/task")).unwrap();
    let workers: Vec<String> = tasks
        .map(|task| task.unwrap().file_name().into_string().unwrap())
        .filter(|tid| *tid != master && ids(tid)[0] != "0 0 0 0")
        .collect();
    assert_eq!(workers.len(), 2, "both workers gave up root");
    for tid in workers {
        assert_eq!(ids(&tid)[3..], ["0000000000000000"; 2], "no capability is left");
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
}
