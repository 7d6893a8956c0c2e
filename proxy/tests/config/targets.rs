//! Request targets: a table of what they mean, which nginx must agree with.

use reference_proxy::uri::parse;

use crate::nginx;

const REFUSED: &str = "400";

/// Target, and `$uri|$args|$request_uri`.
const TARGETS: &[(&str, &str)] = &[
    ("/", "/||/"),
    ("/a/b?c=d", "/a/b|c=d|/a/b?c=d"),
    ("/a?", "/a||/a?"),
    ("/a??b?", "/a|?b?|/a??b?"),
    ("/a%20b", "/a b||/a%20b"),
    ("/%ea%b0%80", "/\u{ac00}||/%ea%b0%80"),
    ("/%EA%B0%80", "/\u{ac00}||/%EA%B0%80"),
    ("/a+b", "/a+b||/a+b"),
    ("/a%2Fb", "/a/b||/a%2Fb"),
    ("/a%2fb%2f%2fc", "/a/b/c||/a%2fb%2f%2fc"),
    ("/%2e%2e/", REFUSED),
    ("/a/%2e%2e/b", "/b||/a/%2e%2e/b"),
    ("/a%3Fb", "/a?b||/a%3Fb"),
    ("/a%23b", "/a#b||/a%23b"),
    ("/a%25b", "/a%b||/a%25b"),
    ("/a%252fb", "/a%2fb||/a%252fb"),
    ("/%25/../b", "/b||/%25/../b"),
    ("/a/%3f/..", "/a/||/a/%3f/.."),
    ("/%00", REFUSED),
    ("/a?%00", "/a|%00|/a?%00"),
    ("/%", REFUSED),
    ("/%2", REFUSED),
    ("/%2g", REFUSED),
    ("/%g2", REFUSED),
    ("/%%", REFUSED),
    ("/a?b=%zz", "/a|b=%zz|/a?b=%zz"),
    ("//", "/||//"),
    ("//a///b//", "/a/b/||//a///b//"),
    ("/a//?b//c", "/a/|b//c|/a//?b//c"),
    ("/.", "/||/."),
    ("/./", "/||/./"),
    ("/./a/./b/.", "/a/b/||/./a/./b/."),
    ("/a/.?x", "/a/|x|/a/.?x"),
    ("/..", REFUSED),
    ("/../a", REFUSED),
    ("/a/..", "/||/a/.."),
    ("/a/../..", REFUSED),
    ("/a/../../b", REFUSED),
    ("/a/b/../c", "/a/c||/a/b/../c"),
    ("/a/b/..?x", "/a/|x|/a/b/..?x"),
    ("/a/b/../../", "/||/a/b/../../"),
    ("/a//..//b", "/b||/a//..//b"),
    ("/a/...", "/a/...||/a/..."),
    ("/a/..b", "/a/..b||/a/..b"),
    ("/a/.b/c.", "/a/.b/c.||/a/.b/c."),
    ("/a../b", "/a../b||/a../b"),
    ("/a?b/../c", "/a|b/../c|/a?b/../c"),
    ("/a#b", "/a||/a#b"),
    ("/a#b?c", "/a||/a#b?c"),
    ("/a?b#c", "/a|b|/a?b#c"),
    ("/a/..#x", "/||/a/..#x"),
    ("/a/.#x", "/a/||/a/.#x"),
    ("/\u{ac00}", "/\u{ac00}||/\u{ac00}"),
    ("/a\u{1}", REFUSED),
    ("/a?b\u{7f}", REFUSED),
    ("http://host", "/||/"),
    ("http://host/", "/||/"),
    ("http://host:8080/a%20b?c", "/a b|c|/a%20b?c"),
    ("http://host?a=b", "/|a=b|?a=b"),
    ("http://[::1]:80/x", "/x||/x"),
    ("http://[::1]/x", "/x||/x"),
    ("http://[::1", REFUSED),
    ("http://[::1]x/", REFUSED),
    ("http://[::1]:8x/", REFUSED),
    ("http://[a:b.c-_~!$&'()*+,;=]/x", "/x||/x"),
    ("http://[a b]/x", REFUSED),
    ("http://[a@b]/x", REFUSED),
    ("http://a-b.c9:80/x", "/x||/x"),
    ("http://host:/x", "/x||/x"),
    ("a1+-.://host/x", "/x||/x"),
    ("1a://host/x", REFUSED),
    ("+a://host/x", REFUSED),
    ("a_b://host/x", REFUSED),
    ("HTTPS://HOST/x", "/x||/x"),
    ("http://ho_st/x", REFUSED),
    ("http://user@host/x", REFUSED),
    ("http://host:8x/", REFUSED),
    ("http:///x", REFUSED),
    ("http:/x", REFUSED),
    ("http://", REFUSED),
    ("host:80", REFUSED),
    ("*", REFUSED),
    ("a", REFUSED),
];

fn ours(target: &str) -> String {
    let Ok(target) = parse(target.as_bytes()) else { return REFUSED.to_owned() };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}|{}|{}", text(&target.path), text(target.args), text(target.raw))
}

#[test]
fn targets_mean_what_the_table_says() {
    let found: Vec<(&str, String)> = TARGETS.iter().map(|(target, _)| (*target, ours(target))).collect();
    let expected: Vec<(&str, String)> =
        TARGETS.iter().map(|(target, text)| (*target, (*text).to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn nginx_agrees_with_the_table() {
    let Some(program) = nginx::find("targets") else { return };
    let server = nginx::Running::start(&program, "return 200 \"$uri|$args|$request_uri\";");
    for (target, expected) in TARGETS {
        let found = match server.get(target.as_bytes()) {
            (400, _) => REFUSED.to_owned(),
            (_, body) => String::from_utf8_lossy(&body).into_owned(),
        };
        assert_eq!((*target, found.as_str()), (*target, *expected));
    }
}

#[test]
fn an_absolute_form_names_the_host() {
    let authority = |target: &'static str| parse(target.as_bytes()).ok().and_then(|target| target.authority);
    assert_eq!(authority("http://example.com:8080/x"), Some(&b"example.com:8080"[..]));
    assert_eq!(authority("http://[::1]:80/x"), Some(&b"[::1]:80"[..]));
    assert_eq!(authority("http://a?b"), Some(&b"a"[..]));
    assert_eq!(authority("/x"), None);
}

#[test]
fn a_plain_path_is_borrowed() {
    let target = parse(b"/assets/app.js?v=1").expect("a good target");
    assert!(matches!(target.path, std::borrow::Cow::Borrowed(_)));
    assert!(!target.quoted_uri);
    assert!(parse(b"/a%20b").expect("a good target").quoted_uri);
}
