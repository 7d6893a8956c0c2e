//! `limit_except`, as nginx has it.

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            location / { return 200 \"$request_method\\n\"; }
            location /proxied/ { limit_except GET { deny all; } proxy_pass http://127.0.0.1:@PORT@/; }
            location /answered/ { limit_except POST OPTIONS { allow 127.0.0.1; deny all; } return 200 \"b $uri\\n\"; }
            location /asked/ { limit_except POST { auth_basic x; auth_basic_user_file nobody; } alias www/; }
            location /head/ { limit_except HEAD { deny all; } alias www/; if ($arg_x) { set $y 1; } add_header X-A $arg_x; }
            location /elsewhere/ { limit_except GET { proxy_pass http://127.0.0.1:@PORT2@; } error_page 502 =200 @plain; return 201 x; }
            location @plain { return 200 plain; }
            location @named { limit_except GET { deny all; } return 200 named; }
            location /page/ { limit_except GET { deny all; } error_page 403 /answered/x; }
            location /numbers/ { limit_except patch { allow all; } stub_status; }
            location /inner/ { limit_except PATCH { deny all; } location /inner/most/ { return 200 most; } }
            location ~ ^/rewritten/ { limit_except GET { allow all; } rewrite ^ /a.txt break; }
            location /named/ { limit_except GET { deny all; } try_files /none @named; }
            location /logged/ { limit_except DELETE { access_log off; } return 204; }
        }
    }";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write_dated("www/a.txt", "a");
    site
}

#[test]
fn some_methods_are_let_in() {
    let targets = "/proxied/x /answered/x /asked/a.txt /head/a.txt /head/a.txt?x=1 /elsewhere/x /page/x /inner/x /inner/most/ \
        /rewritten/x /named/x /logged/x";
    let mut requests = Vec::new();
    for target in targets.split_whitespace().chain(["/numbers/"]) {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "PATCH", "DELETE", "FOO"] {
            // How many connections there were is another matter.
            if target != "/numbers/" || method != "PATCH" {
                requests.push(request(method, target, &["Content-Length: 0"]));
            }
        }
    }
    compare(site, &requests);
}
