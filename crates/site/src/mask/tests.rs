use super::*;

fn masked(text: &str) -> String {
    Mask::of_credentials([]).text(text)
}

#[test]
fn the_longest_secret_goes_first() {
    let mask = Mask::of_secrets(["".into(), "hunter".into(), "hunter2".into()]);
    assert_eq!(mask.text("it was hunter2, hunter."), "it was •••, •••.");
    assert_eq!(mask.text("Cookie: a=1"), "Cookie: a=1", "credentials were not asked for");
    assert_eq!(Mask::default().text("hunter2"), "hunter2");
}

#[test]
fn credentials_are_masked_and_names_stay() {
    for (text, expected) in [
        ("  > Authorization: Bearer abc.def", "  > Authorization: Bearer •••"),
        ("authorization: Digest username=\"a\", response=\"b\"", "authorization: Digest •••"),
        ("Proxy-Authorization:opaque", "Proxy-Authorization:•••"),
        ("  < set-cookie: sid=4f3c==; Path=/; HttpOnly", "  < set-cookie: sid=•••; Path=/; HttpOnly"),
        ("Set-Cookie: nameless", "Set-Cookie: •••"),
        ("Cookie: a=1; b=; c=three", "Cookie: a=•••; b=; c=•••"),
        ("CONNECT\nlogin:guest\npasscode:guest\n\n", "CONNECT\nlogin:guest\npasscode:•••\n\n"),
        (r#"["CONNECT\npasscode:guest\n\n\u0000"]"#, r#"["CONNECT\npasscode:•••\n\n\u0000"]"#),
        (
            r#"(after "HTTP/1.1 200 OK\nSet-Cookie: a=b; Path=/\nX: y")"#,
            r#"(after "HTTP/1.1 200 OK\nSet-Cookie: a=•••; Path=/\nX: y")"#,
        ),
        ("\x1b[2mCookie: a=b\x1b[0m", "\x1b[2mCookie: a=•••\x1b[0m"),
        ("> GET /me?page=2&access_token=abc HTTP/1.1", "> GET /me?page=2&access_token=••• HTTP/1.1"),
        (
            "Location: https://a.example/cb#id_token=a.b.c&state=x",
            "Location: https://a.example/cb#id_token=•••&state=x",
        ),
        ("/feed?token=abc", "/feed?token=•••"),
        ("https://ann:p@ss@a.example/x", "https://•••@a.example/x"),
        (r#"{"access_token":"abc","expires_in":3600}"#, r#"{"access_token":"•••","expires_in":3600}"#),
        (r#"got: "{\"password\": \"abc\"}""#, r#"got: "{\"password\": \"•••\"}""#),
        (r#"[("Set-Cookie", "sid=abc; Path=/")]"#, r#"[("Set-Cookie", "sid=•••; Path=/")]"#),
        ("it said eyJhbGciOi.eyJzdWIiOi.c2ln-x", "it said •••"),
        ("sent Bearer 0123456789abcdef0123", "sent Bearer •••"),
    ] {
        assert_eq!(masked(text), expected);
        assert_eq!(masked(expected), expected, "masked twice");
    }
}

#[test]
fn nothing_else_is_masked() {
    for text in [
        "Access-Control-Allow-Headers: Content-Type, Authorization, StorelId",
        "WWW-Authenticate: Basic realm=\"shop\"",
        "Vary: Cookie",
        "X-Cookie: a=b",
        "GET /tokens?page=2&order=key HTTP/1.1",
        "the response has no header \"Set-Cookie\"",
        "set `Authorization` in [headers]",
        "https://a.example/@scope/name",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn a_credential_that_was_seen_is_masked_elsewhere() {
    let mut mask = Mask::of_credentials([]);
    mask.learn("  < Set-Cookie: sid=0123456789; Path=/\n  < Set-Cookie: theme=dark; Path=/");
    assert_eq!(mask.text("got: \"0123456789; dark\""), "got: \"•••; dark\"");
    assert!(mask.hides("0123456789") && !mask.hides("dark"));
}

#[test]
fn the_credentials_of_a_configuration_are_masked_by_value() {
    let mut mask = Mask::default();
    mask.learn_configuration(
        "proxy_set_header Authorization \"Basic dXNlcjpwYXNz\";\n  proxy_set_header Cookie $http_cookie;\n\
         proxy_set_header X-API-Key 0123456789abcdef;",
    );
    assert_eq!(mask.text("authorization: Basic dXNlcjpwYXNz"), "authorization: Basic •••");
    assert_eq!(mask.text("0123456789abcdef $http_cookie"), "••• $http_cookie");
}
