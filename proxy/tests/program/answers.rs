//! What directives make of answers, as nginx has it: the same site, the same requests, compared response by response.

use crate::app::App;
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
            location /kept { expires 1h; proxy_pass http://127.0.0.1:@PORT@/app/kept; }
            location /app/kept { expires off; add_header Cache-Control \"private, max-age=5\"; add_header Cache-Control b;
                add_header Expires \"Thu, 01 Jan 1970 00:00:09 GMT\"; add_header X-After 1; return 200 x; }
        }
    }";

const ERRORS: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        types { text/html html; text/plain txt; }
        default_type application/octet-stream;
        access_log off;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            error_page 404 /404.html;
            error_page 500 502 503 504 /50x.html;
            error_page 403 =200 /a.txt;
            error_page 410 =301 /elsewhere;
            error_page 418 https://else.test/$uri;
            error_page 419 =303 https://else.test/;
            error_page 420 = @named;
            error_page 421 @named;
            error_page 422 /missing.html;
            error_page 423 =201 /ret?x=1;
            error_page 429 /only-inside;
            error_page 424 /moved/302;
            error_page 425 /moved/rewritten;
            error_page 426 =200 /dir;
            error_page 427 /moved/308;
            location /moved/302 { return 302 /there; }
            location /moved/308 { return 308 /there; }
            location /moved/rewritten { rewrite ^ /there permanent; }
            location = /50x.html { add_header X-Page 50x always; }
            location @named { return 203 \"named $uri $request_method $args\"; }
            location /ret { return 200 \"ret $uri $request_method $args $request\"; }
            location ~ ^/code/(.*)$ { return 404; }
            location = /e403 { return 403; }
            location = /e410 { return 410; }
            location = /e418 { return 418; }
            location = /e419 { return 419; }
            location = /e420 { return 420; }
            location = /e421 { return 421; }
            location = /e422 { return 422; }
            location = /e424 { return 424; }
            location = /e425 { return 425; }
            location = /e426 { return 426; }
            location = /e427 { return 427; }
            location = /e423 { return 423; }
            location = /e429 { return 429; }
            location = /text { return 404 text; }
            location /only-inside { internal; return 200 inside; }
            location /own/ { error_page 404 = /ret; }
            location /deep/ { recursive_error_pages on; error_page 404 /deep/again; }
            location /dead { proxy_pass http://127.0.0.1:1; }
            location /dead2 { error_page 502 =200 /a.txt; proxy_pass http://127.0.0.1:1; }
            location /dead3 { error_page 502 = @named; proxy_pass http://127.0.0.1:1; }
            location /app/ { return 404 \"the app's own\"; }
            location /app500/ { error_page 500 /none; return 500 \"own\"; }
            location /through { proxy_pass http://127.0.0.1:@PORT@/app/; }
            location /caught { proxy_intercept_errors on; proxy_pass http://127.0.0.1:@PORT@/app/; }
            location /caught2 { proxy_intercept_errors on; error_page 404 =200 /a.txt; proxy_pass http://127.0.0.1:@PORT@/app/; }
            location /caught3 { proxy_intercept_errors on; error_page 503 /a.txt; proxy_pass http://127.0.0.1:@PORT@/app/; }
            location /caught4 { proxy_intercept_errors on; error_page 404 = @again; proxy_pass http://127.0.0.1:@PORT@/app/; }
            location @again { return 202 \"again $request_method\"; }
            location /denied { deny all; }
            location /denied/some { deny 127.0.0.2; allow 127.0.0.0/8; deny all; return 200 never; try_files /a.txt =404; }
            location /denied/file { allow 10.0.0.0/8; allow ::1; deny all; try_files /a.txt =404; }
            location /allowed { allow 127.0.0.0/8; deny all; try_files /a.txt =404; }
            location /allowed/all { deny 10.1.2.3; allow all; try_files /a.txt =404; }
            location /denied/answered { deny all; return 200 x; }
            location /small { client_max_body_size 1; error_page 413 /ret; return 200 x; }
        }
    }";

const PASSED: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        upstream app { server 127.0.0.1:@PORT@; }
        map $arg_to $to { default app; address 127.0.0.1:@PORT@; none \"\"; name nobody.test; port app:81; odd 127.0.0.1:x; }
        map $arg_to $url { default http://app; path http://app/echo/x?y=1; query http://app?q; odd ftp://app; }
        server {
            listen 127.0.0.1:@PORT@;
            location /echo { return 200 \"$request_method $request_uri\"; }
            location /plain { set $a app; proxy_pass http://$a; }
            location /to { proxy_pass http://$to; proxy_set_header X-Host $proxy_host; }
            location /to/path { proxy_pass http://$to/echo/path; }
            location /args { proxy_pass http://$to/echo$is_args$args; }
            location /url { proxy_pass $url; }
            location ~ ^/re/(.*)$ { proxy_pass http://app/echo/$1; }
            location /all { proxy_pass http://app$request_uri; }
            location = /plain/echo { return 200 plain; } location = / { return 200 \"root $args\"; }
        }
    }";

fn site() -> Site {
    with(CONF)
}

fn with_errors() -> Site {
    let site = with(ERRORS);
    site.write("www/404.html", "<h1>not here</h1>");
    site.write("www/50x.html", "<h1>down</h1>");
    std::fs::create_dir(site.path("www/dir")).unwrap();
    for name in ["404.html", "50x.html"] {
        let file = std::fs::File::open(site.path(&format!("www/{name}"))).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)).unwrap();
    }
    site
}

fn with(conf: &str) -> Site {
    let site = Site::new(conf);
    site.write_dated("www/a.txt", "0123456789");
    site
}

#[test]
fn how_long_an_answer_may_be_kept() {
    let targets = "/off /inherits /hour /past /none /sum /epoch /max /day /missing /moved /v/x /v/none /v/odd /v/max /v/off \
        /v/less /if /if?a=1 /modified/a.txt /before/a.txt /now /kept /a.txt /nothing";
    let requests: Vec<String> =
        targets.split_whitespace().map(|target| request("GET", target, &[])).collect();
    compare(site, &requests);
}

#[test]
fn what_answers_in_place_of_an_error() {
    let targets = "/missing /missing?q=1 /code/x /e403 /e410 /e418 /e419 /e420 /e421 /e422 /e424 /e425 /e426 /e427 /e423 /e429 /text /only-inside \
        /only-inside/x /own/x /deep/x /dead /dead2 /dead3 /app/ /app500/ /through /caught /caught2 /caught3 /caught4 /denied \
        /denied/some /denied/file /allowed /allowed/all /denied/answered /50x.html";
    let targets = targets.split_whitespace();
    let methods = ["GET", "HEAD", "POST"];
    let mut requests: Vec<String> =
        targets.flat_map(|target| methods.map(|method| request(method, target, &[]))).collect();
    for target in ["/e403", "/e410", "/e421", "/missing"] {
        for field in [
            "Range: bytes=0-2",
            "Range: bytes=99-",
            "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT",
            "If-Match: \"x\"",
        ] {
            requests.push(request("GET", target, &[field]));
        }
    }
    requests.push(request("POST", "/small", &["Content-Length: 5"]) + "12345");
    compare(with_errors, &requests);
}

#[test]
fn whom_variables_lead_to() {
    let targets = "/plain/echo /to/path /to/path?to=address /to/path?to=none /to/path?to=name /to/path?to=port /to/path?to=odd \
        /to/path?x=1&to=address /args?a=b&to=address /args /url?to=path /url?to=odd /url?to=query /re/a/b?c /re/%61";
    let requests: Vec<String> =
        targets.split_whitespace().map(|target| request("GET", target, &[])).collect();
    compare(|| with(PASSED), &requests);
}

#[test]
fn what_app_servers_answer_in_place_of_an_error() {
    const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
        http {
            log_format t '$request|$status|$body_bytes_sent'; access_log logs/access.log t;
            proxy_http_version 1.1; proxy_set_header Connection \"\";
            proxy_cache_path cache keys_zone=kept:1m;
            server {
                listen 127.0.0.1:@PORT@;
                error_page 404 @app; error_page 405 = @app; error_page 403 =200 @app; error_page 410 =204 @app;
                error_page 420 @kept; error_page 421 @small;
                location /404 { return 404; }
                location /405 { return 405; }
                location /403 { return 403; }
                location /410 { return 410; }
                location /420 { return 420; }
                location /421 { return 421; }
                location @small { client_max_body_size 3; proxy_pass http://127.0.0.1:@PORT2@; }
                location /text { return 200 text; }
                location @app { proxy_pass http://127.0.0.1:@PORT2@; }
                location @kept { proxy_pass http://127.0.0.1:@PORT2@; proxy_cache kept; proxy_cache_valid any 1m; }
            }
        }";
    let mut requests = Vec::new();
    for said in
        ["200", "200;chunked", "200;eof", "204", "304", "304;ETag: \"x\"", "206", "302;Location: /x", "500"]
    {
        for target in ["/404", "/405", "/403", "/410", "/420"] {
            let target = format!("{target}?{said}");
            let say = format!("X-Say: {said}");
            for method in ["GET", "HEAD", "POST"] {
                requests.push(request(method, &target.replace([';', ' ', '"'], "_"), &[&say]));
            }
            requests.push(format!(
                "GET {} HTTP/1.0\r\nHost: x\r\n{say}\r\n\r\n",
                target.replace([';', ' ', '"'], "_")
            ));
        }
    }
    // A body whose length is told was looked at before.
    requests.push(request("POST", "/421", &["Content-Length: 5", "X-Say: 200"]) + "12345");
    let site = || {
        let site = Site::new(CONF);
        App::start(site.address(1));
        site
    };
    compare(site, &requests);
}
