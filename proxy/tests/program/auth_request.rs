//! `auth_request`: others say who is let in, as with nginx.

use crate::app::App;
use crate::files::{compare, request};
use crate::logged::compare_logs;
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format asked '$request $status $uri $upstream_addr|$upstream_status';
        access_log logs/access.log asked;
        proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host x;
        proxy_cache_path cache keys_zone=one:1m;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            add_header X-User \"$user\" always;
            add_header X-Method \"$asked_method\" always;
            location /files/ { alias www/; auth_request /ask; auth_request_set $user $upstream_http_x_user; }
            location /api/ { auth_request /ask; auth_request_set $user \"u-$upstream_status\"; proxy_set_header X-Say 200; proxy_pass http://127.0.0.1:@PORT2@; }
            location = /ask { internal; set $asked_method \"$request_method $request_uri $args\"; proxy_pass http://127.0.0.1:@PORT2@; }
            location /none/ { auth_request /nowhere; alias www/; }
            location /off/ { auth_request /ask; location /off/really/ { auth_request off; alias www/; } }
            location /file/ { auth_request /a.txt; alias www/; }
            location /answered/ { auth_request /says/204; alias www/; }
            location /forbidden/ { auth_request /says/403; alias www/; }
            location /unauthorized/ { auth_request /says/401; error_page 401 = @login; alias www/; }
            location /moved/ { auth_request /says/302; alias www/; }
            location /says/ { if ($uri ~ ^/says/(.*)) { set $status_said $1; } return 403; }
            location = /says/204 { return 204; }
            location = /says/401 { return 401; }
            location = /says/302 { return 302 /x; }
            location @login { return 302 /login?from=$request_uri; }
            location /denied/ { auth_request /ask; deny all; alias www/; }
            location /inside/ { auth_request /locked; alias www/; }
            location = /locked { deny all; auth_request /forbidden/; return 204; }
            location /returned/ { auth_request /says/403; return 200 returned; }
            location /any/all/ { satisfy any; auth_request /ask; allow all; alias www/; }
            location /any/none/ { satisfy any; auth_request /ask; deny all; alias www/; }
            location /any/password/ { satisfy any; auth_request /ask; auth_basic x; auth_basic_user_file users; alias www/; }
            location /page/ { auth_request /ask403; error_page 403 =200 /files/a.txt; alias www/; }
            location = /ask403 { return 403; }
            location /down/ { auth_request /dead; alias www/; }
            location = /dead { proxy_pass http://127.0.0.1:1; }
            location /kept/ { auth_request /keep; auth_request_set $user \"$upstream_http_x_user $upstream_cache_status\"; alias www/; }
            location = /keep { proxy_cache one; proxy_cache_key $http_authorization; proxy_cache_valid any 1h; proxy_pass http://127.0.0.1:@PORT2@; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    App::start(site.address(1));
    site.write_dated("www/a.txt", "a");
    site.write("users", "a:{PLAIN}b");
    site
}

fn requests() -> Vec<String> {
    let targets = "/files/a.txt?q=1 /files/missing /api/x /ask /none/a.txt /off/a.txt /off/really/a.txt /file/a.txt /answered/a.txt \
        /forbidden/a.txt /unauthorized/a.txt /moved/a.txt /denied/a.txt /inside/a.txt /returned/ /any/all/a.txt /any/none/a.txt \
        /any/password/a.txt /page/a.txt /down/a.txt /kept/a.txt";
    let answers = [
        "200;X-User: alice",
        "204;X-User: bob",
        "401;WWW-Authenticate: Basic realm=\"app\"",
        "401",
        "403;X-User: eve",
        "404",
        "500",
        "302;Location: /x",
    ];
    let mut requests = Vec::new();
    for target in targets.split_whitespace() {
        for answer in answers {
            requests.push(request("GET", target, &[&format!("X-Say: {answer}"), "Authorization: x"]));
        }
    }
    for target in ["/files/a.txt", "/api/x", "/kept/a.txt"] {
        requests.push(request("HEAD", target, &["X-Say: 200;X-User: carol"]));
        requests.push(format!("{}body", request("POST", target, &["X-Say: 200", "Content-Length: 4"])));
    }
    requests.push(request("GET", "/any/password/a.txt", &["X-Say: 403", "Authorization: Basic YTpi"]));
    requests
}

#[test]
fn others_say_who_is_let_in() {
    compare(site, &requests());
}

#[test]
fn what_is_logged_of_it() {
    compare_logs(site, &requests());
}
