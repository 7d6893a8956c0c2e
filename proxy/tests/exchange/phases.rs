//! The rewrite phase, `return`, `add_header`, maps and variables, seen from outside.

use crate::support::{Proxy, status};

fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn field<'r>(response: &'r str, name: &str) -> Option<&'r str> {
    response.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn a_preflight_is_answered_and_other_methods_go_on() {
    let proxy = Proxy::start(
        "",
        "location / { if ($request_method = 'OPTIONS') { add_header X-A 1; add_header X-B ''; return 204; } return 200 on; }",
    );
    let preflight = proxy.ask("OPTIONS / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let server = concat!("Server: reference-proxy/", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        preflight,
        format!("HTTP/1.1 204 No Content\r\n{server}\r\nConnection: close\r\nX-A: 1\r\n\r\n")
    );
    assert_eq!(body(&proxy.get("/")), "on");
}

#[test]
fn the_last_if_that_holds_decides_and_captures_are_kept() {
    let proxy = Proxy::start(
        "",
        "location / { set $a none; if ($uri ~ ^/(?<name>\\w+)/(\\d+)) { set $a $name-$2; add_header X-If one; }\n\
         if ($http_x) { add_header X-If two; } return 200 $a; }",
    );
    let answer = proxy.get("/item/42");
    assert_eq!((body(&answer), field(&answer, "X-If")), ("item-42", Some("one")));
    let answer = proxy.ask("GET /item/7 HTTP/1.1\r\nHost: a\r\nX: 1\r\nConnection: close\r\n\r\n");
    assert_eq!((body(&answer), field(&answer, "X-If")), ("item-7", Some("two")));
    assert_eq!(body(&proxy.get("/")), "none");
}

#[test]
fn return_redirects_to_absolute_places() {
    let proxy =
        Proxy::start("", "location /a { return 301 /b?c; } location /d { return 302 https://x$uri; }");
    let port = proxy.address.port();
    assert_eq!(field(&proxy.get("/a"), "Location"), Some(&*format!("http://app.test:{port}/b?c")));
    let nameless = proxy.ask("GET /a HTTP/1.0\r\n\r\n");
    assert_eq!(field(&nameless, "Location"), Some(&*format!("http://127.0.0.1:{port}/b?c")));
    let away = proxy.get("/d%0d%0aX:1");
    assert_eq!(
        (status(&away), field(&away, "Location"), field(&away, "X")),
        ("302", Some("https://x/d  X:1"), None)
    );
}

#[test]
fn headers_are_added_to_good_statuses_or_always() {
    let proxy = Proxy::start(
        "",
        "add_header X-Good 1; add_header X-Always 1 always; location /ok { return 200; } location /no { return 404; }",
    );
    let (good, bad) = (proxy.get("/ok"), proxy.get("/no"));
    assert_eq!((field(&good, "X-Good"), field(&good, "X-Always")), (Some("1"), Some("1")));
    assert_eq!((field(&bad, "X-Good"), field(&bad, "X-Always")), (None, Some("1")));
}

#[test]
fn maps_are_looked_up_exactly_then_by_expression() {
    let proxy = Proxy::start(
        "map $arg_k $v { default d; one 1; ~^x(.*)$ re-$1; } map $host $h { hostnames; default other; *.example.com wild; }",
        "location / { return 200 $v,$h; }",
    );
    for (query, expected) in
        [("k=ONE", "1,other"), ("k=xyz", "re-yz,other"), ("k=2", "d,other"), ("", "d,other")]
    {
        assert_eq!(body(&proxy.get(&format!("/?{query}"))), expected, "{query}");
    }
    let wild = proxy.ask("GET / HTTP/1.1\r\nHost: A.example.com:1\r\nConnection: close\r\n\r\n");
    assert_eq!(body(&wild), "d,wild");
}

/// What stands for the star may be empty, as nginx 1.22 has it; one final dot is none of the name.
#[test]
fn host_names_in_maps_have_wildcards() {
    let proxy = Proxy::start(
        "map $arg_k $v { hostnames; default d; *.example.com lead; www.* trail; .both.test both; . dot; }",
        "location / { return 200 $v; }",
    );
    for (key, expected) in [
        ("a.example.com", "lead"),
        (".example.com", "lead"),
        ("..example.com", "lead"),
        ("example.com", "d"),
        ("www.x", "trail"),
        ("www..", "trail"),
        ("www.", "d"),
        ("some.other.example.org", "d"),
        ("both.test", "both"),
        ("x.both.test", "both"),
        ("..", "dot"),
        ("a..", "d"),
    ] {
        assert_eq!(body(&proxy.get(&format!("/?k={key}"))), expected, "{key}");
    }
}

#[test]
fn a_log_knows_the_user_and_what_was_sent() {
    let proxy = Proxy::start(
        "log_format u '$arg_n [$remote_user] [$sent_http_x_a] [$sent_http_x_b] [$sent_http_content_length]';",
        "access_log access.log u; location / { add_header X-A one; return 200 ok; }",
    );
    let get = |number: u8, user: &str| {
        let fields = format!("Host: a\r\nAuthorization: Basic {user}\r\nConnection: close");
        proxy.ask(format!("GET /?n={number} HTTP/1.1\r\n{fields}\r\n\r\n"));
        proxy.access_line(&format!("{number} ["))
    };
    assert_eq!(get(1, "YWxpY2U6c2VjcmV0"), "1 [alice] [one] [-] [2]");
    // Nothing before the colon.
    assert_eq!(get(2, "OnB3"), "2 [-] [one] [-] [2]");
    assert_eq!(get(3, "+/86eA=="), "3 [\\xFB\\xFF] [one] [-] [2]");
}

#[test]
fn fields_of_a_request_are_told_apart_and_the_machine_has_a_name() {
    let proxy = Proxy::start("", "location / { return 200 \"$http_bb $http_x_ab $hostname\"; }");
    let answer =
        proxy.ask("GET / HTTP/1.1\r\nHost: a\r\nAa: 1\r\nBb: 2\r\nX-Ab: 3\r\nConnection: close\r\n\r\n");
    let name = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    assert_eq!(body(&answer), format!("2 3 {name}"));
}

#[test]
fn a_444_closes_without_a_word() {
    let proxy = Proxy::start("", "location / { return 444; }");
    assert_eq!(proxy.get("/"), "");
    assert_eq!(proxy.access_line("GET"), "GET / HTTP/1.1|444|0|-|-");
}

#[test]
fn a_redirection_cycle_is_a_500() {
    let proxy = Proxy::start("", "location / { try_files /none /again; }");
    assert_eq!(status(&proxy.get("/")), "500");
    proxy.error_line(
        "rewrite or internal redirection cycle while internally redirecting to \"/again\", client: 127.0.0.1",
    );
}

#[test]
fn expressions_see_bytes_and_not_characters() {
    let proxy = Proxy::start(
        "",
        "location / { if ($uri ~ ^/(.)$) { return 200 one; } if ($uri ~ ^/(..)$) { return 200 two; } return 200 more; }",
    );
    for (path, expected) in [("/%e9", "one"), ("/%c3%a9", "two"), ("/a", "one"), ("/%ff%c3%a9", "more")] {
        assert_eq!(body(&proxy.get(path)), expected, "{path}");
    }
}

#[test]
fn every_match_and_every_if_that_fails_forgets_earlier_captures() {
    let proxy = Proxy::start(
        "",
        "location ~ ^/kept/(.*) { return 200 $1; }\n\
         location ~ ^/(.*) { if ($arg_a ~ (x)) { set $a $1; } if ($arg_b ~ y) { set $b $1; } return 200 $a,$b,$1; }",
    );
    for (path, expected) in [("/p?a=x&b=z", "x,,"), ("/p?a=x&b=y", "x,,"), ("/p", ",,"), ("/kept/me", "me")] {
        assert_eq!(body(&proxy.get(path)), expected, "{path}");
    }
}

#[test]
fn variables_made_of_themselves_come_to_nothing() {
    let proxy = Proxy::start(
        "map $arg_a $b { default $c; } map $arg_a $c { default $b; }",
        "location / { return 200 [$b]; } location /file { root $request_filename; }",
    );
    assert_eq!(body(&proxy.get("/")), "[]");
    assert_eq!(status(&proxy.get("/file")), "404");
    proxy.error_line("cycle while evaluating a variable, client: 127.0.0.1");
}

#[test]
fn a_text_may_name_its_own_status() {
    let proxy = Proxy::start("", "location / { return 418 $status; }");
    assert_eq!(body(&proxy.get("/")), "418");
}

#[test]
fn a_request_without_a_host_asks_for_the_server_without_a_name() {
    let proxy =
        Proxy::start("", "server_name a; return 200 a; } server { listen @ADDRESS@; return 200 nameless;");
    assert_eq!(body(&proxy.ask("GET / HTTP/1.0\r\n\r\n")), "nameless");
    assert_eq!(body(&proxy.get("/")), "a");
}

/// Exact names, the longest wildcard, then the first expression, as nginx 1.22 chose.
#[test]
fn a_host_finds_its_server() {
    let names = ["*.lead.test", ".dot.test", "*.a.lead.test", "trail.*", "trail.more.*", "~^r\\d", "~^r"];
    let others: Vec<String> = names
        .iter()
        .map(|name| format!("server {{ listen @ADDRESS@; server_name {name}; return 200 \"{name}\"; }}"))
        .collect();
    let inside = format!("return 200 default; }} {}", others.join("\n"));
    let proxy = Proxy::start("", inside.strip_suffix('}').unwrap_or_default());
    for (host, expected) in [
        ("a.lead.test", "*.lead.test"),
        ("a.lead.test.", "*.lead.test"),
        ("x.a.lead.test", "*.a.lead.test"),
        (".lead.test", "*.lead.test"),
        ("lead.test", "default"),
        ("dot.test", ".dot.test"),
        ("x.dot.test", ".dot.test"),
        ("TRAIL.x", "trail.*"),
        ("trail.", "default"),
        ("trail", "default"),
        ("trail.more.x", "trail.more.*"),
        ("trail.more.", "trail.*"),
        ("trail.lead.test", "*.lead.test"),
        ("r1.lead.test", "*.lead.test"),
        ("r1", "~^r\\d"),
        ("rx", "~^r"),
        ("z", "default"),
    ] {
        let answer = proxy.ask(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert_eq!(body(&answer), expected, "{host}");
    }
}

/// Doubled spaces in a request line, empty lines before it, and the absolute form, as nginx 1.22 counted and read them.
#[test]
fn a_request_line_is_known_to_variables_as_it_came() {
    let proxy =
        Proxy::start("", "location / { return 200 \"$request_uri $server_protocol $request_length\"; }");
    for (line, expected) in [
        ("GET / HTTP/1.1", "/ HTTP/1.1 46"),
        ("\r\n\r\nGET / HTTP/1.1", "/ HTTP/1.1 46"),
        ("GET  /x?y  HTTP/1.0", "/x?y HTTP/1.0 51"),
        ("GET http://a HTTP/1.1", "/ HTTP/1.1 53"),
        ("GET   http://a/x?y  HTTP/1.1", "/x?y HTTP/1.1 60"),
        ("GET http://a?y HTTP/1.1", "?y HTTP/1.1 55"),
    ] {
        assert_eq!(
            body(&proxy.ask(format!("{line}\r\nHost: a\r\nConnection: close\r\n\r\n"))),
            expected,
            "{line:?}"
        );
    }
}

#[test]
fn escapes_in_the_file_are_those_of_nginx() {
    let proxy = Proxy::start(
        "",
        r#"location / { return 200 "a\tb\rc\nd\"e\'f\\g\xh"; } location /b { return 200 i\ j\;k; }"#,
    );
    assert_eq!(body(&proxy.get("/")), "a\tb\rc\nd\"e'f\\g\\xh");
    assert_eq!(body(&proxy.get("/b")), "i\\ j\\;k");
}

#[test]
fn a_url_alone_is_a_302() {
    let schemes = ["http://x/1", "https://x/2", "$scheme://x/3"];
    for url in schemes {
        let answer = Proxy::start("", &format!("location / {{ return {url}; }}")).get("/");
        let expected = url.replace("$scheme", "http");
        assert_eq!((status(&answer), field(&answer, "Location")), ("302", Some(&*expected)));
    }
}

#[test]
fn a_missing_slash_is_added_before_the_query() {
    let proxy = Proxy::start("", "location /x/ { proxy_pass http://127.0.0.1:1; }");
    let port = proxy.address.port();
    for (target, expected) in [("/x", "/x/"), ("/x?a=1", "/x/?a=1")] {
        let answer = proxy.get(target);
        let location = format!("http://app.test:{port}{expected}");
        assert_eq!((status(&answer), field(&answer, "Location")), ("301", Some(&*location)));
    }
}

#[test]
fn conditions_see_case_unless_told_otherwise() {
    let proxy = Proxy::start(
        "",
        "if ($arg_a ~ ^x$) { return 200 as-is; } if ($arg_a ~* ^x$) { return 200 either; } return 200 no;",
    );
    for (target, expected) in [("/?a=x", "as-is"), ("/?a=X", "either"), ("/?a=y", "no")] {
        assert_eq!(body(&proxy.get(target)), expected, "{target}");
    }
}
