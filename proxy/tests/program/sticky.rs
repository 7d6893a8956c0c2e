//! Sessions that stay with a server, as in nginx 1.30.

use crate::server::{Server, Site, eventually};
use crate::versions::nginx;

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        upstream plain { server 127.0.0.1:@PORT2@; server 127.0.0.2:@PORT2@; server 127.0.0.3:@PORT2@ backup; sticky cookie srv; }
        upstream full { server 127.0.0.1:@PORT2@ route=a; sticky cookie srv expires=max secure; }
        upstream named { server 127.0.0.1:@PORT2@ route=a; server 127.0.0.2:@PORT2@ route=b; least_conn;
            sticky cookie n domain=$arg_d path=/p httponly samesite=strict; }
        upstream some { server 127.0.0.1:@PORT2@ route=a down; server 127.0.0.2:@PORT2@ route=b drain; server 127.0.0.3:@PORT2@ route=c;
            server 127.0.0.4:@PORT2@ route=d backup; sticky cookie n; }
        upstream route { server 127.0.0.1:@PORT2@ route=a; server 127.0.0.2:@PORT2@ route=b; sticky route $cookie_r $arg_r; }
        upstream undone { server 127.0.0.1:@PORT2@ route=a; server 127.0.0.2:@PORT2@ route=b; sticky cookie n; least_conn; }
        upstream failing { server 127.0.0.9:@PORT2@ route=z max_fails=0; server 127.0.0.1:@PORT2@ route=a; sticky cookie n; }
        upstream gone { server 127.0.0.9:@PORT2@ route=y fail_timeout=20s; server 127.0.0.8:@PORT2@ route=z fail_timeout=20s; sticky cookie n; }
        upstream refuses { server 127.0.0.9:@PORT2@ route=y max_fails=0; server 127.0.0.8:@PORT2@ route=z max_fails=0; sticky cookie n; }
        upstream away { server 127.0.0.9:@PORT2@ route=w down; sticky cookie n; }
        server {
            listen 127.0.0.1:@PORT@;
            location /gone { proxy_pass http://gone; }
            location /refuses { proxy_pass http://refuses; }
            location /away { proxy_pass http://away; }
            location /page { error_page 502 = @named; proxy_pass http://refuses; }
            location /same { error_page 502 = @undone; proxy_pass http://refuses; }
            location /text { error_page 502 =200 /text.txt; proxy_pass http://refuses; }
            location /text.txt { return 200 text; }
            location @named { proxy_pass http://full; }
            location @undone { proxy_pass http://some; }
            location /plain { proxy_pass http://plain; }
            location /full { proxy_pass http://full; }
            location /named { proxy_pass http://named; }
            location /some { proxy_pass http://some; }
            location /route { proxy_pass http://route; }
            location /undone { proxy_pass http://undone; }
            location /failing { proxy_pass http://failing; }
        }
        server {
            listen 127.0.0.1:@PORT2@; listen 127.0.0.2:@PORT2@; listen 127.0.0.3:@PORT2@; listen 127.0.0.4:@PORT2@;
            add_header Set-Cookie own=1;
            return 200 $server_addr;
        }
    }";

/// What comes back for targets with cookies: cookies and who has answered.
fn asked(server: &Server<'_>) -> Vec<String> {
    let ask = |target: &str, cookie: &str| {
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{cookie}\r\n");
        let answer = server.send(head.as_bytes());
        let cookies = answer.head.iter().filter_map(|line| line.strip_prefix("Set-Cookie: "));
        // An error page names the server.
        let body = if answer.body.starts_with('<') { "an error".to_owned() } else { answer.body };
        (cookies.map(str::to_owned).collect::<Vec<_>>(), body)
    };
    let mut seen = Vec::new();
    // A server without a route is called by its address and port, which are others each time.
    let (first, by) = ask("/plain", "");
    let (name, digest) = first[0].split_once('=').unwrap();
    seen.push(format!("{name} {} {by}", digest.len()));
    for _ in 0..3 {
        let (again, by) = ask("/plain", &format!("Cookie: x=1; {}\r\n", first[0]));
        seen.push(format!("{} {by}", again == first));
    }
    for (target, cookie) in [
        ("/plain", "Cookie: srv=\r\n"),
        ("/full", ""),
        ("/named", ""),
        ("/named?d=.x.y", ""),
        ("/named", "Cookie: n=b\r\n"),
        ("/named", "Cookie: n=b\r\n"),
        ("/named", "Cookie: n=nobody\r\n"),
        ("/some", "Cookie: n=a\r\n"),
        ("/some", "Cookie: n=b\r\n"),
        ("/some", "Cookie: n=c\r\n"),
        ("/some", "Cookie: n=d\r\n"),
        ("/some", ""),
        ("/route", "Cookie: r=b\r\n"),
        ("/route?r=b", "Cookie: r=\r\n"),
        ("/route?r=b", "Cookie: r=a\r\n"),
        ("/route?r=none", ""),
        ("/undone", "Cookie: n=b\r\n"),
        ("/undone", "Cookie: n=b\r\n"),
        ("/failing", "Cookie: n=z\r\n"),
        ("/failing", "Cookie: n=a\r\n"),
        ("/gone", "Cookie: n=z\r\n"),
        ("/gone", ""),
        ("/refuses", "Cookie: n=y\r\n"),
        ("/refuses", "Cookie: n=z\r\n"),
        ("/away", "Cookie: n=w\r\n"),
        ("/page", "Cookie: n=y\r\n"),
        ("/same", "Cookie: n=z\r\n"),
        ("/text", "Cookie: n=z\r\n"),
    ] {
        let (cookies, by) = ask(target, cookie);
        let cookies = cookies.join("|");
        let cookies = match target {
            "/plain" => cookies.split_once('=').map_or("", |(name, _)| name),
            _ => &cookies,
        };
        seen.push(format!("{target} {}: {cookies} {by}", cookie.trim_end()));
    }
    seen
}

#[test]
fn a_session_stays_with_its_server() {
    let ours = asked(&Site::new(CONF).start());
    assert_eq!(ours[..4], ["srv 32 127.0.0.1", "true 127.0.0.1", "true 127.0.0.1", "true 127.0.0.1"]);
    if let Some(nginx) = nginx("1.30") {
        let theirs = asked(&Site::new(CONF).start_nginx(&nginx));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "nginx is on the right");
        }
    }
}

const LEARNING: &str = "@USER@ worker_processes 2; pid nginx.pid; error_log logs/error.log; events {}
    http {
        access_log off;
        map $arg_new $cookie { \"\" \"\"; default sid=$arg_new; }
        upstream learn { server 127.0.0.1:@PORT2@; server 127.0.0.2:@PORT2@; server 127.0.0.3:@PORT2@;
            sticky learn create=$upstream_cookie_none create=$upstream_cookie_sid lookup=$cookie_sid lookup=$arg_sid zone=s:64k; }
        upstream header { server 127.0.0.1:@PORT2@; server 127.0.0.2:@PORT2@; server 127.0.0.3:@PORT2@;
            sticky learn create=$upstream_http_x_session lookup=$arg_sid zone=h:64k timeout=10m header; }
        upstream short { server 127.0.0.1:@PORT2@; server 127.0.0.2:@PORT2@; server 127.0.0.3:@PORT2@;
            sticky learn create=$upstream_cookie_sid lookup=$arg_sid zone=t:1m timeout=1s; }
        server {
            listen 127.0.0.1:@PORT@;
            location /learn { proxy_pass http://learn; }
            location /header { proxy_pass http://header; }
            location /short { proxy_pass http://short; }
        }
        server {
            listen 127.0.0.1:@PORT2@; listen 127.0.0.2:@PORT2@; listen 127.0.0.3:@PORT2@;
            add_header Set-Cookie $cookie;
            add_header X-Session $arg_new;
            return 200 $server_addr;
        }
    }";

/// Whether all requests go where the session has begun.
fn stays(server: &Server<'_>, begin: &str, again: &str, cookie: &str) -> bool {
    let ask = |target: &str, cookie: &str| {
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{cookie}\r\n");
        server.send(head.as_bytes()).body
    };
    let first = ask(begin, "");
    (0..12).all(|_| ask(again, cookie) == first)
}

#[test]
fn sessions_are_learnt_from_answers() {
    let ask = |server: &Server<'_>| {
        let cookie = "Cookie: sid=a\r\n";
        let stays = |begin, again, cookie| stays(server, begin, again, cookie);
        let outcomes = [
            stays("/learn?new=a", "/learn", cookie),
            stays("/learn?new=b", "/learn?sid=b", ""),
            // Another server has it from then on.
            stays("/learn?new=a", "/learn", cookie),
            stays("/learn", "/learn?sid=nobody", ""),
            stays("/header?new=a", "/header?sid=a", ""),
            stays("/header", "/header?sid=b", ""),
            stays("/short?new=a", "/short?sid=a", ""),
        ];
        // To look for a session is to use it, so that each is looked for once.
        for number in 0..500 {
            server.get(&format!("/short?new={number}"));
        }
        let mut numbers = 0..500;
        eventually("one is forgotten", || {
            let number = numbers.next().expect("all of them are known");
            let by: Vec<String> = (0..4).map(|_| server.get(&format!("/short?sid={number}")).body).collect();
            by.iter().any(|other| *other != by[0])
        });
        outcomes
    };
    let ours = ask(&Site::new(LEARNING).start());
    if let Some(nginx) = nginx("1.30") {
        assert_eq!(ours, ask(&Site::new(LEARNING).start_nginx(&nginx)), "nginx is on the right");
    }
    assert_eq!(ours, [true, true, true, false, true, false, true]);
}
