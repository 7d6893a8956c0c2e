//! Cookies of app servers, as nginx rewrites them.

use crate::files::{compare, request};
use crate::server::Site;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        map $arg_c $cookie {
            plain \"a=b\"; none \"a\"; empty \"\"; domain \"a=b; Domain=app.test; Path=/app/x\"; dot \"a=b; DOMAIN=.App.Test; path=/APP\";
            other \"a=b;Domain=x.app.test;Path=/other; Secure; HttpOnly;  SameSite=lax;Max-Age=5\"; odd \"  a = b ;; path = /app/ ; domain\";
            two \"a=b; Path=/app; Path=/app/y; Domain=app.test; secure=1; httponly\"; flags \"flag=b; secure; HTTPONLY; samesite=None\";
            session \"Session=1; Path=/\"; value \"x=y=z; Path=\\\"/app\\\"\";
        }
        server {
            listen 127.0.0.1:@PORT@;
            proxy_http_version 1.1;
            location /app { add_header Set-Cookie $cookie; add_header Set-Cookie \"second=1; Path=/app; Domain=app.test\"; return 200 x; }
            location /none { proxy_pass http://127.0.0.1:@PORT@/app; }
            location /path { proxy_cookie_path /app /; proxy_pass http://127.0.0.1:@PORT@/app; }
            location /path/re { proxy_cookie_path ~^/a(p+)(.*)$ /$1$2$uri; proxy_pass http://127.0.0.1:@PORT@/app; }
            location /path/re/caseless { proxy_cookie_path ~*^/a(p+)(.*)$ /$1$2; proxy_cookie_path / /$arg_c; proxy_pass http://127.0.0.1:@PORT@/app; }
            location /domain { proxy_cookie_domain app.test front.test; proxy_pass http://127.0.0.1:@PORT@/app; }
            location /domain/dot { proxy_cookie_domain .app.test .front.test; proxy_pass http://127.0.0.1:@PORT@/app; }
            location /domain/re { proxy_cookie_domain ~\\.?(APP)\\.test$ $1.front.test; proxy_pass http://127.0.0.1:@PORT@/app; }
            location /flags { proxy_cookie_flags a secure httponly samesite=strict; proxy_pass http://127.0.0.1:@PORT@/app; }
            location /flags/no { proxy_cookie_flags ~ nosecure nohttponly nosamesite; proxy_pass http://127.0.0.1:@PORT@/app; }
            location /flags/some { proxy_cookie_flags ~^se SameSite=Lax; proxy_cookie_flags flag samesite=lax nosecure; proxy_cookie_flags A $arg_f; proxy_pass http://127.0.0.1:@PORT@/app; }
            location /all { proxy_cookie_path / /p/; proxy_cookie_domain app.test $host; proxy_cookie_flags a samesite=none secure; proxy_pass http://127.0.0.1:@PORT@/app; location /all/off { proxy_cookie_path off; proxy_cookie_flags off; proxy_pass http://127.0.0.1:@PORT@/app; } }
        }
    }";

fn site() -> Site {
    Site::new(CONF)
}

#[test]
fn what_becomes_of_cookies() {
    let locations = "none path path/re path/re/caseless domain domain/dot domain/re flags flags/no flags/some all all/off";
    let cookies = "plain none empty domain dot other odd two flags session value";
    let requests: Vec<String> = locations
        .split(' ')
        .flat_map(|location| {
            cookies.split(' ').map(move |cookie| format!("/{location}?c={cookie}&f=HttpOnly"))
        })
        .chain(
            ["/flags/some?c=plain&f=wrong", "/flags/some?c=plain&f=", "/flags/some?c=plain&f=SECURE"]
                .map(str::to_owned),
        )
        .map(|target| request("GET", &target, &[]))
        .collect();
    compare(site, &requests);
}
