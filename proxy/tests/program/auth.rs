//! Names and passwords, as nginx asks for them.

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log notice; events {}
    http {
        access_log off;
        keepalive_timeout 0;
        add_header X-User \"$remote_user\" always;
        auth_basic_user_file users;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            auth_basic staff;
            location /open/ { auth_basic off; alias www/; }
            location /some/ { auth_basic $arg_realm; alias www/; }
            location /none/ { auth_basic_user_file nobody; alias www/; }
            location /dir/ { auth_basic_user_file www; alias www/; }
            location /var/ { auth_basic_user_file users.$arg_file; alias www/; }
            location /page/ { error_page 401 /open/a.txt; alias www/; }
            location /page/named/ { error_page 401 =200 @named; alias www/; }
            location @named { auth_basic off; try_files /a.txt =404; }
            location /any/denied/ { satisfy any; deny all; alias www/; }
            location /any/allowed/ { satisfy any; allow all; alias www/; }
            location /any/nobody/ { satisfy any; auth_basic off; deny all; alias www/; }
            location /any/broken/ { satisfy any; auth_basic_user_file nobody; deny all; alias www/; }
            location /any/missing/ { satisfy any; auth_basic_user_file nobody; alias www/; }
            location /all/denied/ { deny all; alias www/; }
            location /all/allowed/ { allow 127.0.0.0/8; deny all; alias www/; }
            location /answered { return 200 x; }
        }
    }";

const USERS: &str = "# everybody\n\
plain:{PLAIN}secret\n\
sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n\
ssha:{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0\n\
apr1:$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0:a comment\r\n\
md5:$1$abc$iCQ2D3nhptRYi27fDYv2s1\n\
sha256:$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA\n\
#not:{PLAIN}secret\n\
\n\
last:{PLAIN}secret";

fn site() -> Site {
    let site = Site::new(CONF);
    site.write("users", USERS);
    site.write("users.more", "plain:{PLAIN}more");
    site.write_dated("www/a.txt", "a");
    site
}

/// `name:secret` and `name:wrong` in base64.
const CREDENTIALS: &[&str] = &[
    "cGxhaW46c2VjcmV0",
    "cGxhaW46d3Jvbmc=",
    "c2hhOnNlY3JldA==",
    "c2hhOndyb25n",
    "c3NoYTpzZWNyZXQ=",
    "c3NoYTp3cm9uZw==",
    "YXByMTpzZWNyZXQ=",
    "YXByMTp3cm9uZw==",
    "bWQ1OnNlY3JldA==",
    "bWQ1Ondyb25n",
    "c2hhMjU2OnNlY3JldA==",
    "c2hhMjU2Ondyb25n",
    "bGFzdDpzZWNyZXQ=",
    "bGFzdDp3cm9uZw==",
    "bm90OnNlY3JldA==",
    "bm90Ondyb25n",
    "bm9ib2R5OnNlY3JldA==",
    "bm9ib2R5Ondyb25n",
];

#[test]
fn who_is_let_in() {
    let mut requests = Vec::new();
    for credentials in CREDENTIALS {
        requests.push(request("GET", "/a.txt", &[&format!("Authorization: Basic {credentials}")]));
    }
    let (right, wrong) = ("Authorization: Basic cGxhaW46c2VjcmV0", "Authorization: basic  cGxhaW46d3Jvbmc=");
    let targets = "/a.txt /open/a.txt /some/a.txt?realm=x /some/a.txt?realm=off /some/a.txt /none/a.txt /dir/a.txt /var/a.txt?file=more \
        /page/a.txt /page/named/a.txt /any/denied/a.txt /any/allowed/a.txt /any/nobody/a.txt /any/broken/a.txt /any/missing/a.txt \
        /all/denied/a.txt /all/allowed/a.txt /answered /missing";
    for target in targets.split_whitespace() {
        for method in ["GET", "HEAD", "POST"] {
            requests.push(request(method, target, &[]));
            requests.push(request(method, target, &[right]));
            requests.push(request(method, target, &[wrong]));
        }
    }
    for value in
        ["", "Basic", "Basic ", "Bearer x", "Basic ???", "Basic Og==", "Basic cGxhaW4=", "Basic OnNlY3JldA=="]
    {
        requests.push(request("GET", "/a.txt", &[&format!("Authorization: {value}")]));
    }
    compare(site, &requests);
}

#[test]
fn a_password_of_an_unknown_kind_lets_nobody_in() {
    let site = site();
    site.write("users", "plain:$2y$05$abcdefghijklmnopqrstuv");
    let server = site.start();
    let asked = server.send(request("GET", "/a.txt", &["Authorization: Basic cGxhaW46c2VjcmV0"]).as_bytes());
    assert_eq!(asked.status(), 401);
    server.logged(
        "user \"plain\": its password in the file is of a kind that is not supported here, client: 127.0.0.1",
        1,
    );
}
