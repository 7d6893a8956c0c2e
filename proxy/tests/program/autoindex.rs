//! Lists of directories, as nginx writes them.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, UNIX_EPOCH};

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        types { text/html html; }
        access_log off;
        autoindex on;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            location /off/ { autoindex off; alias www/; }
            location /json/ { alias www/; autoindex_format json; }
            location /jsonp/ { alias www/; autoindex_format jsonp; }
            location /xml/ { alias www/; autoindex_format xml; charset koi8-r; }
            location /short/ { alias www/; autoindex_exact_size off; autoindex_localtime on; }
            location /utf-8/ { alias www/; charset UTF-8; index $arg_none; }
            location /packed/ { alias www/; gzip on; gzip_types *; }
            location /root/ { alias /; index none; autoindex_format json; }
            location /none/ { root www; index $arg_none /; }
            location /page { error_page 404 /sub/; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    let long = ["n".repeat(49), "n".repeat(50), "n".repeat(51), "é".repeat(50), "é".repeat(51)];
    let names = ["a.txt", "b&<>\"'x", "ü?#%.txt", "c+ d~-_.\\", ".hidden", "i\n\t"].map(str::to_owned);
    for (name, size) in long.iter().zip([9999, 10_000, 1_048_575, 1_048_576, 1_572_864]) {
        site.write(&format!("www/{name}"), &"x".repeat(size));
    }
    for name in &names {
        site.write(&format!("www/{name}"), "text");
    }
    for name in ["d", "sub", &"d".repeat(49), &"d".repeat(50), &format!("é{}", "d".repeat(48)), "closed"] {
        fs::create_dir(site.path(&format!("www/{name}"))).unwrap();
    }
    let mut invalid = site.path("www").into_os_string().into_vec();
    invalid.extend_from_slice(b"/in\xffvalid");
    fs::write(OsString::from_vec(invalid), "").unwrap();
    symlink("nowhere", site.path("www/broken")).unwrap();
    symlink("loop", site.path("www/loop")).unwrap();
    for entry in fs::read_dir(site.path("www")).unwrap() {
        if let Ok(file) = fs::File::open(entry.unwrap().path()) {
            file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
        }
    }
    // Links have times of their own.
    let links = ["broken", "loop"].map(|name| site.path(&format!("www/{name}")));
    let dated = std::process::Command::new("touch").args(["-h", "-d", "@1700000000"]).args(links).status();
    assert!(dated.unwrap().success());
    fs::set_permissions(site.path("www/closed"), fs::Permissions::from_mode(0o600)).unwrap();
    site
}

#[test]
fn directories_are_listed() {
    let long = format!("/jsonp/?callback={}", "a".repeat(129));
    let targets = "/ /sub /sub/ /d/ /off/ /json/ /json/sub/ /xml/ /xml/sub/ /short/ /utf-8/ /packed/ /missing/ /a.txt/ \
        /closed/ /jsonp/ /jsonp/?callback=a.b_9 /jsonp/?callback= /jsonp/?callback=a-b /jsonp/?callback=a%20b /none/ /page";
    let mut requests = Vec::new();
    for target in targets.split_whitespace().chain([&long[..]]) {
        for method in ["GET", "HEAD", "POST", "PUT"] {
            requests.push(request(method, target, &["Accept-Encoding: gzip"]));
        }
    }
    requests.push(request("GET", "/", &["Range: bytes=0-1"]));
    requests.push(request("GET", "/sub/", &["If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"]));
    for target in ["/sub/", "/packed/sub/"] {
        for more in ["", "Connection: keep-alive\r\n"] {
            requests.push(format!("GET {target} HTTP/1.0\r\nHost: x\r\nAccept-Encoding: gzip\r\n{more}\r\n"));
        }
    }
    compare(site, &requests);
}
