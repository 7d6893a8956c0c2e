//! What `if` asks of files, and arguments that `set` changes, as with nginx.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            if (-f $document_root/closed.html) { return 503 closed; }
            location /test/ {
                set $found \"\";
                if (-f $document_root/$arg_p) { set $found \"${found}f\"; }
                if (!-f $document_root/$arg_p) { set $found \"${found}F\"; }
                if (-d $document_root/$arg_p) { set $found \"${found}d\"; }
                if (!-d $document_root/$arg_p) { set $found \"${found}D\"; }
                if (-e $document_root/$arg_p) { set $found \"${found}e\"; }
                if (!-e $document_root/$arg_p) { set $found \"${found}E\"; }
                if (-x $document_root/$arg_p) { set $found \"${found}x\"; }
                if (!-x $document_root/$arg_p) { set $found \"${found}X\"; }
                return 200 $found;
            }
            location /app/ { if (!-e $request_filename) { rewrite ^ /echo last; } }
            location /echo { return 200 \"$uri|$args|$is_args|$request_uri|$query_string\"; }
            location /set/ { set $args \"a=$arg_b&c=1\"; return 200 \"$args|$is_args|$arg_a|$arg_c|$query_string|$request_uri\"; }
            location /clear/ { set $args \"\"; return 200 \"$args|$is_args|$arg_a\"; }
            location /clear/pass/ { set $args \"\"; proxy_pass http://127.0.0.1:@PORT@/echo/; }
            location /pass/ { set $args x=$arg_y; proxy_pass http://127.0.0.1:@PORT@/echo/; }
            location /echo/pass/ { proxy_pass http://127.0.0.1:@PORT@; if ($arg_s) { set $args s; } if ($arg_t) { rewrite ^ /echo/t break; } set $args $args&u; }
            location /last/ { set $args $args&more; rewrite ^/last/(.*) /echo/$1 last; }
            location /slash/ { set $args q; proxy_pass http://127.0.0.1:@PORT@/; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/a.txt", "a");
    site.write("www/run", "a");
    site.write("www/shut/in", "a");
    fs::set_permissions(site.path("www/run"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(site.path("www/shut"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("a.txt", site.path("www/link")).unwrap();
    symlink("loop", site.path("www/loop")).unwrap();
    symlink("/dev/null", site.path("www/null")).unwrap();
    site
}

#[test]
fn what_is_there() {
    let long = "n".repeat(300);
    let paths =
        ["a.txt", "run", "shut", "shut/in", "link", "loop", "null", "missing", "a.txt/b", "", ".", &long];
    let mut requests: Vec<String> =
        paths.iter().map(|path| request("GET", &format!("/test/?p={path}"), &[])).collect();
    for target in ["/app/a.txt", "/a.txt", "/app/"] {
        requests.push(request("GET", target, &[]));
    }
    compare(site, &requests);
}

#[test]
fn arguments_are_replaced() {
    let targets = "/set/ /set/?b=2 /set/?a=1&b=%20 /clear/?a=1 /clear/ /clear/pass/x?a=1 /pass/?y=1 /pass/x%20y?y=%41 /pass/ /echo/pass/ \
        /echo/pass/x%20?s=1 /echo/pass/?t=1 /last/a?b /last/a /slash/a.txt /slash/a%2etxt?r";
    let requests: Vec<String> =
        targets.split_whitespace().map(|target| request("GET", target, &[])).collect();
    compare(site, &requests);
}
