//! What directives make of answers, as nginx has it: the same site, the same requests, compared response by response.

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        types { text/html html; application/javascript js; text/plain txt; }
        default_type application/octet-stream;
        access_log off;
        map $uri $kept { default 1h; /v/none \"\"; /v/odd soon; /v/max max; /v/off off; /v/less -5; }
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            expires 2h;
            location /off { expires off; return 200 x; }
            location /inherits { return 200 x; }
            location /hour { expires 1h; add_header Cache-Control public; return 200 x; }
            location /past { expires -1; return 200 x; }
            location /none { expires 0; return 200 x; }
            location /sum { expires 1d12h; return 200 x; }
            location /epoch { expires epoch; return 200 x; }
            location /max { expires max; return 200 x; }
            location /day { expires @15h30m; return 200 x; }
            location /missing { expires 1h; return 404 x; }
            location /moved { expires 1h; return 301 /x; }
            location /v/ { expires $kept; return 200 x; }
            location /if { if ($arg_a) { expires 3h; return 200 x; } return 200 y; }
            location /modified/ { alias www/; expires modified 1d; }
            location /before/ { alias www/; expires modified -1d; }
            location /now { expires modified 1h; return 200 x; }
        }
    }";

fn site() -> Site {
    // Without it, each program would choose its own user.
    let user = if rustix::process::geteuid().is_root() { "user nobody nogroup;" } else { "" };
    let site = Site::new(&CONF.replace("@USER@", user));
    site.write("www/a.txt", "0123456789");
    let file = std::fs::File::open(site.path("www/a.txt")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)).unwrap();
    site
}

#[test]
fn how_long_an_answer_may_be_kept() {
    let targets = "/off /inherits /hour /past /none /sum /epoch /max /day /missing /moved /v/x /v/none /v/odd /v/max /v/off \
        /v/less /if /if?a=1 /modified/a.txt /before/a.txt /now /a.txt /nothing";
    let requests: Vec<String> =
        targets.split_whitespace().map(|target| request("GET", target, &[])).collect();
    compare(site, &requests);
}
