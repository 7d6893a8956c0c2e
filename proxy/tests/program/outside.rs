//! What is asked for stays below `root` or `alias`, and nothing but a regular file comes out.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::files::{compare, request};
use crate::server::{Server, Site};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            location /slash/ { alias www/assets/; }
            location /bare { alias www/assets/; }
            location ~ ^/captured/(.*)$ { alias www/assets/$1; }
            location /page/ { alias www/assets/; try_files $uri $uri/ /index.html; }
        }
    }";

/// A site with a secret beside its root, another beside the directory that `alias` names, and things that are no files.
fn site() -> Site {
    let user = if rustix::process::geteuid().is_root() { "user nobody nogroup;" } else { "" };
    let site = Site::new(&CONF.replace("@USER@", user));
    for (name, text) in [
        ("secret.txt", "outside of the root"),
        ("www/secret.txt", "outside of the alias"),
        ("www/index.html", "index"),
        ("www/a.txt", "a"),
        ("www/assets/a.txt", "asset"),
        ("www/dir/file", "file"),
        ("www/line\r\nX-Injected: 1/file", "file"),
    ] {
        site.write(name, text);
    }
    symlink("../secret.txt", site.path("www/link")).unwrap();
    symlink("..", site.path("www/linked")).unwrap();
    symlink("gone", site.path("www/dangling")).unwrap();
    mknodat(CWD, site.path("www/fifo"), FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    fs::set_permissions(site.path("www/fifo"), fs::Permissions::from_mode(0o666)).unwrap();
    drop(UnixListener::bind(site.path("www/socket")).unwrap());
    fs::set_permissions(site.path("www/socket"), fs::Permissions::from_mode(0o666)).unwrap();
    symlink("/dev/zero", site.path("www/zero")).unwrap();
    site
}

/// Ways out that people have tried on servers.
fn targets() -> Vec<String> {
    let listed = r"/.. /../ /../secret.txt /%2e%2e/secret.txt /..%2fsecret.txt /..%2Fsecret.txt /%2e%2e%2fsecret.txt /.%2e/secret.txt
        /%2E./secret.txt /..%5csecret.txt /..\secret.txt /\..\..\secret.txt /%252e%252e/secret.txt /%252e%252e%252fsecret.txt
        /%25%32%65%25%32%65/secret.txt /%c0%ae%c0%ae/secret.txt /%c0%ae%c0%ae%c0%afsecret.txt /%e0%80%ae%e0%80%ae/secret.txt
        /%u002e%u002e/secret.txt /..;/secret.txt /..%00/secret.txt /%00 /a.txt%00 /a.txt%00.html /.../secret.txt /....//secret.txt
        /..././secret.txt /dir/../../secret.txt /dir/%2e%2e/%2e%2e/secret.txt /dir/..%2f..%2fsecret.txt /./../secret.txt
        //../secret.txt /%2f../secret.txt /%2f%2fetc/passwd //etc/passwd /~root/ /a.txt. /a.txt... /a.txt%20 /a.txt/ /a.txt/. /a.txt/..
        /slash/../secret.txt /slash/..%2fsecret.txt /slash../secret.txt /slash/../../secret.txt /slash/%2e%2e/%2e%2e/secret.txt
        /slash/a.txt /slash//../a.txt /bare/a.txt /bare../secret.txt /bare..%2fsecret.txt /bare/../secret.txt /bare/../../secret.txt
        /captured/a.txt /captured/../secret.txt /captured/..%2fsecret.txt /captured/..%2f..%2fsecret.txt /captured//etc/passwd
        /page/a.txt /page/../secret.txt /page/..%2f..%2fsecret.txt /page../secret.txt
        /link /linked/secret.txt /linked/../secret.txt /dangling /fifo /fifo/ /fifo/x /zero /zero/ /socket /dir";
    let name = |letters: usize| format!("/{}", "n".repeat(letters));
    let deep = format!("/{}", "d/".repeat(2030));
    listed.split_whitespace().map(str::to_owned).chain([name(255), name(256), name(4090), deep]).collect()
}

fn get(server: &Server<'_>, target: &str) -> (u16, String) {
    let response = server.get(target);
    (response.status(), response.body)
}

#[test]
fn nothing_outside_of_the_root_comes_out() {
    let site = site();
    let server = site.start();
    let links = ["/link", "/linked/secret.txt"];
    for target in targets() {
        let (status, body) = get(&server, &target);
        assert!(body != "outside of the root" || links.contains(&&*target), "{target} leads out: {status}");
        assert!(!body.contains("root:"), "{target} leads to /etc");
    }
}

#[test]
fn nginx_refuses_and_serves_the_same() {
    let methods = ["GET", "HEAD", "POST"];
    // nginx logs bytes beyond UTF-8 as they are, and cuts lines elsewhere: these are only asked for above.
    let comparable = |target: &String| target.len() < 1000 && !target.contains("%ae");
    let targets: Vec<_> = targets().into_iter().filter(comparable).collect();
    let requests = targets.iter().flat_map(|target| methods.map(|method| request(method, target, &[])));
    compare(site, &requests.collect::<Vec<_>>());
}

#[test]
fn an_alias_leads_one_level_up_where_the_location_lacks_its_slash() {
    let site = site();
    let server = site.start();
    assert_eq!(get(&server, "/bare../secret.txt"), (200, "outside of the alias".to_owned()));
    assert_eq!(get(&server, "/slash../secret.txt").0, 404);
}

#[test]
fn a_link_is_followed_wherever_it_leads() {
    let site = site();
    assert_eq!(get(&site.start(), "/link"), (200, "outside of the root".to_owned()));
}

#[test]
fn what_is_no_file_keeps_nobody_waiting() {
    let site = site();
    let server = site.start();
    // The only worker: had it waited for somebody to write into the pipe, nothing would be answered any more.
    for target in ["/fifo", "/zero"] {
        assert_eq!(get(&server, target).0, 404);
        server.logged("\" is not a regular file", 1);
        assert_eq!(get(&server, "/a.txt"), (200, "a".to_owned()));
    }
    assert_eq!(get(&server, "/socket").0, 500);
}

#[test]
fn a_directory_s_name_makes_no_field_of_its_redirect() {
    let site = site();
    let server = site.start();
    let response = server.get("/line%0d%0aX-Injected:%201");
    let location =
        format!("Location: http://localhost:{}/line%0D%0AX-Injected:%201/", site.address(0).port());
    let fields = response.head.iter().filter(|line| line.starts_with("Location") || line.starts_with("X-"));
    assert_eq!((response.status(), fields.collect::<Vec<_>>()), (301, vec![&location]));
}
