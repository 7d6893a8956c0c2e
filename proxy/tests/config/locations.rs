//! Location choice: configurations, URIs, and the location each one belongs to, which nginx must agree with.

use nginx_conf::locate::find;
use nginx_conf::{LoadOptions, load};
use reference_proxy::uri::parse;

use crate::nginx;

/// Locations without their bodies, and URIs with the location that is to be chosen; `name>` is a redirect to it.
const CASES: &[(&str, &[(&str, &str)])] = &[
    (
        "location / {} location = / {} location /api {} location /api/v1/ {} location ^~ /static/ {} \
         location ~ ^/stomp/ {} location ~* \\.(js|css)$ {} location ~ \\.js$ {}",
        &[
            ("/", "= /"),
            ("//", "= /"),
            ("/index.html", "/"),
            ("/api", "/api"),
            ("/apifoo", "/api"),
            ("/API", "/"),
            ("/api/v1", "/api"),
            ("/api/v1/", "/api/v1/"),
            ("/api/v1/x.js", "~* \\.(js|css)$"),
            ("/static/x.js", "^~ /static/"),
            ("/static", "/"),
            ("/stomp", "/"),
            ("/stomp/", "~ ^/stomp/"),
            ("/stomp/x.JS", "~ ^/stomp/"),
            ("/x.CSS", "~* \\.(js|css)$"),
            ("/%61pi/x", "/api"),
            ("/static/../api", "/api"),
        ],
    ),
    (
        "location /a { } location /a/ { } location /a/b { } location = /a/b { } location ~ b$ { }",
        &[
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("/a/b", "= /a/b"),
            ("/a/bb", "~ b$"),
            ("/b", "~ b$"),
            ("/x", "none"),
        ],
    ),
    (
        "location /a { location /a/b { location ^~ /a/b/c { } } location ~ inner { } location = /a/x { } } \
         location ~ outer { location ~ both { } location outer-is-no-prefix { } }",
        &[
            ("/a", "/a"),
            ("/a/b/c", "^~ /a/b/c"),
            ("/a/b/inner", "~ inner"),
            ("/a/b/outer", "~ outer"),
            ("/a/b/c/outer", "~ outer"),
            ("/a/b/c/inner", "~ inner"),
            ("/a/x", "= /a/x"),
            ("/outer/both", "~ both"),
            ("/inner", "none"),
        ],
    ),
    (
        "location ^~ /a { location /a/b { } location ~ inner { } } location ~ outer { }",
        &[("/a/outer", "^~ /a"), ("/a/b/outer", "/a/b"), ("/a/b/inner", "~ inner"), ("/outer", "~ outer")],
    ),
    (
        "location / { } location /p/ { proxy } location = /e/ { proxy } location /p/q/ { proxy } location /r { } \
         location /r/ { proxy } location ~ ^/[pe] { }",
        &[
            ("/p", "/p/>"),
            ("/p/q", "/p/q/>"),
            ("/p/", "~ ^/[pe]"),
            ("/e", "= /e/>"),
            ("/e/", "= /e/"),
            ("/r", "/r"),
            ("/r/", "/r/"),
            ("/rr", "/r"),
        ],
    ),
    (
        "location /x { location /x/p/ { proxy } } location ~ /y { location /y/p/ { proxy } }",
        &[("/x/p", "/x/p/>"), ("/y/q", "~ /y"), ("/y/p", "~ /y"), ("/y/p/", "~ /y")],
    ),
];

/// The locations of a case as a server's text: each answers with its own spelling, or would be proxied.
fn server(locations: &str) -> String {
    let mut text = String::new();
    for piece in locations.split_inclusive(['{', '}']) {
        let (before, end) = piece.split_at(piece.len() - 1);
        let name = before.trim().strip_prefix("location ").unwrap_or_default().trim();
        match end {
            "{" => text.push_str(&format!("location {name} {{ set $at '{}'; ", plain(name))),
            _ if before.trim() == "proxy" => {
                text.push_str("proxy_pass http://127.0.0.1:9; if ($at) { return 200 $at; } }")
            }
            _ => text.push_str("if ($at) { return 200 $at; } }\n"),
        }
    }
    format!("set $at none;\n{text}\nlocation @none {{ return 200 none; }}\nerror_page 404 = @none;")
}

/// A name as text that no variable can start in.
fn plain(name: &str) -> String {
    name.replace('$', "")
}

/// Our choice, in the words of the table.
fn ours(locations: &str, uri: &str) -> String {
    let prefix = nginx::prefix();
    let server = server(locations).replace("error_page 404 = @none;", "");
    let text = format!("events {{}}\nhttp {{ server {{ listen 8080;\n{server}\n}} }}\n");
    std::fs::write(prefix.path().join("nginx.conf"), text).expect("the file is written");
    let options = LoadOptions {
        prefix: prefix.path().to_owned(),
        file: "nginx.conf".into(),
        globals: Vec::new(),
        as_root: false,
        version: None,
    };
    let http = load(&options).unwrap_or_else(|error| panic!("{error}")).http.expect("an http block");
    let target = parse(uri.as_bytes()).expect("a good target");
    let mut matches = |pattern: &nginx_conf::model::Pattern, subject: &[u8]| {
        pattern.regex.is_match(subject).expect("the expression ends")
    };
    let Some(found) = find(&http.servers[0].tree, &http.locations, &target.path, &mut matches) else {
        return "none".to_owned();
    };
    // The first operation of each location is `set $at NAME`.
    let nginx_conf::model::Op::Set { value, .. } = &http.locations[found.id.0].rewrite[0] else {
        panic!("no set in {}", http.locations[found.id.0].name)
    };
    let name = value.as_literal().expect("a literal");
    format!("{name}{}", if found.auto_redirect { ">" } else { "" })
}

#[test]
fn locations_are_chosen_as_the_table_says() {
    for (locations, uris) in CASES {
        for (uri, expected) in *uris {
            assert_eq!(ours(locations, uri), plain(expected), "{uri} among {locations}");
        }
    }
}

#[test]
fn nginx_agrees_with_the_table() {
    let Some(program) = nginx::find("locations") else { return };
    for (locations, uris) in CASES {
        let running = nginx::Running::start(&program, &server(locations));
        for (uri, expected) in *uris {
            let (status, body) = running.get(uri.as_bytes());
            match expected.strip_suffix('>') {
                Some(_) => assert_eq!(status, 301, "{uri} among {locations}"),
                None => {
                    assert_eq!(String::from_utf8_lossy(&body), plain(expected), "{uri} among {locations}")
                }
            }
        }
    }
}
