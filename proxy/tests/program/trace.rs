//! What becomes of requests, told step by step, each with the line that decided it.

use reference_proxy::trace::{Candidate, Directive, Step, TracedStep, read};
use rustix::process::Signal;

use crate::files::request;
use crate::server::Site;

const CONF: &str = r#"@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
http {
    access_log off;
    default_type text/plain;
    limit_req_zone $binary_remote_addr zone=some:1m rate=100r/s;
    map $arg_kind $to { default /other; ~^a(.)$ /a-$1; old /old; }
    upstream app { server 127.0.0.1:@PORT2@; }
    add_header X-Frame-Options DENY;
    server { listen 127.0.0.1:@PORT@; server_name other.test; return 200 other; }
    server {
        listen 127.0.0.1:@PORT@;
        server_name x *.x.test;
        set $word $arg_word;
        root www;
        location / { try_files $uri $uri/ /index.html; }
        location = /exact { return 204; }
        location /api/ {
            add_header X-Api $word;
            add_header X-Always 1 always;
            limit_req zone=some;
            allow 127.0.0.1; deny all;
            rewrite ^/api/v1/(.*)$ /api/$1 break;
            proxy_set_header Host $host;
            proxy_set_header X-Empty "";
            proxy_pass http://app;
        }
        location /map/ { if ($arg_kind) { rewrite ^ $to last; } }
        location ~ \.php$ { deny all; auth_basic a; auth_basic_user_file none; proxy_pass http://app; }
        location ~ ^/(api|other)/x { error_page 403 @refused; deny all; }
        location @refused { return 418 no; }
        location /old { return 410; }
    }
}"#;

/// Asks for this, and returns what was told of it, a line each.
fn steps(target: &str, fields: &[&str]) -> String {
    let site = Site::new(CONF);
    site.write_dated("www/index.html", "page");
    let mut server = site.start_traced();
    server.send(request("GET", target, fields).as_bytes());
    // Its last step is written when it has ended.
    server.signal(Signal::QUIT);
    assert!(server.end().success());
    let steps = read(&site.read("trace")).unwrap();
    let lines: Vec<String> = steps.iter().map(|step| line(&site, step)).collect();
    lines.join("\n")
}

/// A step in a line: what decided it, and what came of it.
fn line(site: &Site, TracedStep { step, within, .. }: &TracedStep) -> String {
    let at = |directive: &Option<Directive>| match directive {
        Some(Directive { line, text, file, .. }) => {
            assert_eq!(*file, site.path("nginx.conf").to_str().unwrap());
            format!("{line} `{}`", text.split_whitespace().collect::<Vec<_>>().join(" "))
        }
        None => "-".to_owned(),
    };
    let text = match step {
        Step::Server { directive, by, server_name, servers, .. } => {
            format!("{} takes it {by:?} {} of {servers}", at(directive), at(server_name))
        }
        Step::Location { uri, candidates, directive } => {
            let considered = candidates.iter().map(|Candidate { directive, outcome }| {
                format!("{} {outcome:?}", at(&Some(directive.clone())))
            });
            let considered = considered.collect::<Vec<_>>().join(", ");
            format!("{uri} goes to {} of {considered}", at(directive))
        }
        Step::Set { directive, value } => format!("{} is {value:?}", at(directive)),
        Step::If { directive, value, holds } => format!("{} {value:?} {holds}", at(directive)),
        Step::Rewrite { directive, uri, to, .. } => format!("{} {uri} {to:?}", at(directive)),
        Step::Return { directive, status, .. } => format!("{} {status}", at(directive)),
        Step::Variable { directive, key, entry, value } => {
            format!("{} {key:?} is {value:?} by {}", at(directive), at(entry))
        }
        Step::Limit { directives, status } => format!("{} {status}", at(&directives.first().cloned())),
        Step::Access { directive, allowed, .. } => format!("{} {allowed}", at(directive)),
        Step::Unreached { phase, directives } => {
            let never = directives.iter().map(|directive| at(&Some(directive.clone()))).collect::<Vec<_>>();
            format!("{phase:?} was the end before {}", never.join(", "))
        }
        Step::Try { directive, path, found, .. } => {
            format!("{} {} {found}", at(directive), path.replace(site.path("").to_str().unwrap(), ""))
        }
        Step::Fallback { directive, to } | Step::Index { directive, to } => {
            format!("{} goes to {to}", at(directive))
        }
        Step::File { path, status, directive } => {
            format!("{} {} {status}", at(directive), path.replace(site.path("").to_str().unwrap(), ""))
        }
        Step::ErrorPage { directive, status, to } => format!("{} {status} goes to {to}", at(directive)),
        Step::Pass { directive, upstream, line, fields, .. } => {
            let fields = fields.iter().map(|field| {
                let from = if field.is_clients { "the client".to_owned() } else { at(&field.directive) };
                format!("{} by {from}", field.name)
            });
            format!("{} {} {line}: {}", at(directive), at(upstream), fields.collect::<Vec<_>>().join(", "))
        }
        Step::Ask { directive, .. } => format!("{} is asked", at(directive)),
        Step::Failed { .. } => "it fails".to_owned(),
        Step::Header { directive, field } => format!("{} adds {}", at(directive), field.value),
        Step::Omitted { directive, why } => format!("{} is left out: {why:?}", at(&Some(directive.clone()))),
        Step::Response { status, .. } => format!("the answer is {status}"),
        other => format!("{other:?}"),
    };
    let port = |index: usize| site.address(index).port().to_string();
    let text = text.replace(&port(0), "PORT").replace(&port(1), "PORT2");
    if within.is_some() { format!("within: {text}") } else { text }
}

#[track_caller]
fn assert_told(target: &str, fields: &[&str], expected: &[&str]) {
    let told = steps(target, fields);
    let expected = expected.join("\n");
    assert!(told == expected, "of {target} was told\n{told}\nand not\n{expected}");
}

const SERVER: &str = "10 `server` takes it Exact 12 `server_name x *.x.test` of 2";

#[test]
fn a_page_is_told_from_server_to_file() {
    assert_told(
        "/some/page?word=hi",
        &[],
        &[
            SERVER,
            "13 `set $word $arg_word` is \"hi\"",
            "/some/page goes to 15 `location /` of 15 `location /` LongestPrefix, 16 `location = /exact` DoesNotFit, \
             17 `location /api/` DoesNotFit, 27 `location /map/` DoesNotFit, 31 `location /old` DoesNotFit, \
             28 `location ~ \\.php$` DoesNotMatch, 29 `location ~ ^/(api|other)/x` DoesNotMatch",
            "15 `try_files $uri $uri/ /index.html` www/some/page false",
            "15 `try_files $uri $uri/ /index.html` www/some/page false",
            "15 `try_files $uri $uri/ /index.html` goes to /index.html",
            "13 `set $word $arg_word` is \"\"",
            "/index.html goes to 15 `location /` of 15 `location /` LongestPrefix, 16 `location = /exact` DoesNotFit, \
             17 `location /api/` DoesNotFit, 27 `location /map/` DoesNotFit, 31 `location /old` DoesNotFit, \
             28 `location ~ \\.php$` DoesNotMatch, 29 `location ~ ^/(api|other)/x` DoesNotMatch",
            "15 `try_files $uri $uri/ /index.html` www/index.html true",
            "14 `root www` www/index.html 200",
            "8 `add_header X-Frame-Options DENY` adds DENY",
            "the answer is 200",
        ],
    );
}

#[test]
fn headers_and_limits_are_told_with_their_lines() {
    assert_told(
        "/api/v1/items",
        &["X-Mine: 1"],
        &[
            SERVER,
            "13 `set $word $arg_word` is \"\"",
            "/api/v1/items goes to 17 `location /api/` of 15 `location /` ShorterPrefix, 16 `location = /exact` DoesNotFit, \
             17 `location /api/` LongestPrefix, 27 `location /map/` DoesNotFit, 31 `location /old` DoesNotFit, \
             28 `location ~ \\.php$` DoesNotMatch, 29 `location ~ ^/(api|other)/x` DoesNotMatch",
            "22 `rewrite ^/api/v1/(.*)$ /api/$1 break` /api/v1/items Some(\"/api/items\")",
            "20 `limit_req zone=some` PASSED",
            "21 `allow 127.0.0.1` true",
            "25 `proxy_pass http://app` 7 `upstream app` GET /api/items HTTP/1.1: Host by 23 `proxy_set_header Host $host`, \
             X-Mine by the client",
            "7 `server 127.0.0.1:PORT2` is asked",
            "it fails",
            "18 `add_header X-Api $word` is left out: Status",
            "19 `add_header X-Always 1 always` adds 1",
            "8 `add_header X-Frame-Options DENY` is left out: NotInherited",
            "the answer is 502",
        ],
    );
}

#[test]
fn what_is_refused_tells_what_it_never_reached() {
    let told = steps("/old/index.php", &[]);
    let expected =
        "28 `deny all` false\nAccess was the end before 28 `auth_basic a`, 28 `proxy_pass http://app`\n";
    assert!(told.contains(expected), "{told}");
    let told = steps("/exact", &[]);
    assert!(told.contains("16 `location = /exact` Exact, 17 `location /api/` DoesNotFit"), "{told}");
    assert!(told.contains("28 `location ~ \\.php$` NotTried"), "{told}");
    let told = steps("/other/x", &[]);
    let expected = "29 `error_page 403 @refused` 403 goes to @refused\n@refused goes to 30 `location @refused` of \n30 `return \
                    418 no` 418\n";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn variables_are_told_with_the_line_that_counts() {
    for (kind, expected) in [
        ("ab", "6 `map $arg_kind $to` \"ab\" is \"/a-b\" by 6 `~^a(.)$ /a-$1`"),
        ("OLD", "6 `map $arg_kind $to` \"OLD\" is \"/old\" by 6 `old /old`"),
        ("x", "6 `map $arg_kind $to` \"x\" is \"/other\" by 6 `default /other`"),
    ] {
        let told = steps(&format!("/map/?kind={kind}"), &[]);
        assert!(told.contains(expected), "{told}");
        assert!(told.contains(&format!("27 `if ($arg_kind)` {kind:?} true")), "{told}");
    }
}

#[test]
fn nothing_is_told_unasked() {
    let site = Site::new(CONF);
    let server = site.start();
    server.send(request("GET", "/exact", &[]).as_bytes());
    assert!(!site.path("trace").exists());
}
