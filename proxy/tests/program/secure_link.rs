//! `secure_link`: who knows the secret can make a link.

use md5::{Digest, Md5};

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        server {
            listen 127.0.0.1:@PORT@;
            location /old/ { secure_link_secret \"se cret\"; return 200 \"[$secure_link]\"; }
            location /guarded/ { secure_link_secret secret; if ($secure_link = \"\") { return 403; } rewrite ^ /private/$secure_link break; return 200 $uri; }
            location /new/ { secure_link $arg_md5,$arg_e; secure_link_md5 \"$secure_link_expires$uri secret\"; return 200 \"[$secure_link][$secure_link_expires]\"; }
            location /ever/ {
                secure_link $arg_md5; secure_link_md5 \"$uri secret\"; return 200 \"[$secure_link][$secure_link_expires]\";
                location /ever/in/ { return 200 \"[$secure_link]\"; }
                location /ever/own/ { secure_link $arg_own; return 200 \"[$secure_link]\"; }
                location /ever/old/ { secure_link_secret secret; return 200 \"[$secure_link]\"; }
            }
            location /half/ { secure_link $arg_md5; return 200 \"[$secure_link]\"; }
            location /other/ { secure_link_md5 x; return 200 \"[$secure_link]\"; }
            location /none/ { return 200 \"[$secure_link][$secure_link_expires]\"; }
        }
        server {
            listen 127.0.0.1:@PORT2@;
            secure_link_secret secret;
            location / { secure_link $arg_md5; secure_link_md5 x; return 200 \"[$secure_link]\"; }
            location /in/ { return 200 \"[$secure_link]\"; }
        }
    }";

fn hexadecimal(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// In base64url, without padding (RFC 4648 §5).
fn base64url(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digest = Md5::digest(text);
    let group = |bytes: &[u8]| {
        let bits =
            bytes.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - bytes.len()));
        let digits = (0..=bytes.len()).map(|nth| char::from(DIGITS[(bits >> (18 - 6 * nth) & 63) as usize]));
        digits.collect::<String>()
    };
    digest.chunks(3).map(group).collect()
}

#[test]
fn links_are_good_or_not_as_to_nginx() {
    let old = hexadecimal("a/b.htmlse cret");
    let mut targets: Vec<String> = [
        format!("/old/{old}/a/b.html"),
        format!("/old/{}/a/b.html", old.to_uppercase()),
        format!("/old/{old}/a/b.html?x"),
        format!("/old/{}/a/b.html?x", hexadecimal("a/b.html?xse cret")),
        format!("/old/x{old}/a/b.html"),
        format!("/old/{}/a/b.html", &old[1..]),
        format!("/old/{old}"),
        format!("/old/{}/", hexadecimal("se cret")),
        format!("/old/{}/%61", hexadecimal("%61se cret")),
        "/old/".to_owned(),
        format!("/guarded/{}/file", hexadecimal("filesecret")),
        "/guarded/file".to_owned(),
        format!("/ever/old/{}/x", hexadecimal("old/xsecret")),
    ]
    .into();
    for expires in ["2147483647", "99", "0", "", "-5", "21x", "99999999999999999999", "1,2"] {
        let hash = base64url(&format!("{expires}/new/a secret"));
        targets.push(format!("/new/a?md5={hash}&e={expires}"));
        targets.push(format!("/new/a?md5={hash}==&e={expires}"));
        targets.push(format!("/new/a?md5=x{}&e={expires}", &hash[1..]));
    }
    for path in ["/ever/a", "/ever/in/a", "/ever/own/a", "/half/a", "/other/a", "/none/a"] {
        let hash = base64url(&format!("{path} secret"));
        for query in ["md5=", "own="] {
            targets.push(format!("{path}?{query}{hash}"));
            targets.push(format!("{path}?{query}{hash}A"));
            targets.push(format!("{path}?{query}{hash}===="));
            targets.push(format!("{path}?{query}"));
        }
        targets.push(path.to_owned());
    }
    let requests: Vec<String> = targets.iter().map(|target| request("GET", target, &[])).collect();
    compare(|| Site::new(CONF), &requests);
}

#[test]
fn one_that_is_good_is_told_from_one_that_is_not() {
    let site = Site::new(CONF);
    let server = site.start();
    let good = format!("/new/a?md5={}&e=2147483647", base64url("2147483647/new/a secret"));
    assert_eq!(server.get(&good).body, "[1][2147483647]");
    assert_eq!(server.get(&good.replace("/a?", "/b?")).body, "[][2147483647]");
}
