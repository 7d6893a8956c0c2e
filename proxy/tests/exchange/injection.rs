//! A line end that a variable brings along (`$uri` is decoded, `$remote_user` comes out of Base64) never ends a line: neither in what
//! an app server is sent nor in what a client is (RFC 9110 §5.5, RFC 9112 §3.2). nginx lets most of these through.

use crate::support::{Backend, Proxy, ok, status};

/// `minji\r\nX-Injected: 1:secret`, as Basic credentials.
const CREDENTIALS: &str = "Authorization: Basic bWluamkNClgtSW5qZWN0ZWQ6IDE6c2VjcmV0";

/// `location` behind which there is an app server, what is asked, and the head that the app server gets but for `Host`.
fn head(location: &str, target: &str, field: &str) -> String {
    let backend = Backend::named("app");
    let location = location.replace("@APP@", &backend.address.to_string());
    let proxy = Proxy::start("", &location);
    proxy.ask(format!("GET {target} HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n{field}\r\n"));
    let heads = backend.heads().concat();
    heads.replace(&format!("Host: {}\r\n", backend.address), "").replace("\r\n", "|")
}

#[test]
fn an_app_server_is_sent_no_field_that_a_client_made_up() {
    let set =
        "location / { proxy_set_header X-Uri $uri; proxy_set_header X-Arg $arg_x; proxy_pass http://@APP@; }";
    let wanted = "GET /a%0d%0aX-Injected:%201?x=%0d%0ab HTTP/1.1|X-Uri: /a  X-Injected: 1|X-Arg: %0d%0ab||";
    assert_eq!(head(set, "/a%0d%0aX-Injected:%201?x=%0d%0ab", ""), wanted);

    let set = "location / { proxy_set_header X-User $remote_user; proxy_set_header Authorization ''; proxy_pass http://@APP@; }";
    let wanted = "GET / HTTP/1.1|X-User: minji  X-Injected||";
    assert_eq!(head(set, "/", &format!("{CREDENTIALS}\r\n")), wanted);
}

#[test]
fn an_app_server_is_sent_no_request_that_a_client_made_up() {
    let replaced = "location /a/ { proxy_pass http://@APP@/b/; }";
    let wanted = "GET /b/%20HTTP/1.1%0D%0AX-Injected:%201%0D%0A%0D%0AGET%20/c HTTP/1.1||";
    assert_eq!(head(replaced, "/a/%20HTTP/1.1%0d%0aX-Injected:%201%0d%0a%0d%0aGET%20/c", ""), wanted);

    let query = "location / { try_files $uri /f?from=$uri; } location /f { proxy_pass http://@APP@; }";
    let wanted = "GET /f?from=/a%20HTTP/1.1%0D%0AX-Injected:%201%7F HTTP/1.1||";
    assert_eq!(head(query, "/a%20HTTP/1.1%0d%0aX-Injected:%201%7f", ""), wanted);

    let path =
        "location / { try_files $uri /f/$remote_user; } location /f/ { proxy_set_header Authorization '';
        proxy_pass http://@APP@; }";
    let wanted = "GET /f/minji%0D%0AX-Injected HTTP/1.1||";
    assert_eq!(head(path, "/a", &format!("{CREDENTIALS}\r\n")), wanted);
}

#[test]
fn a_client_is_sent_no_field_that_a_link_made_up() {
    let proxy = Proxy::start(
        "",
        "location /path/ { return 302 https://$host$uri; }
         location /whole/ { return 302 https://$host$request_uri; }
         location /own/ { return 301 $uri; }
         location /set/ { set $to $uri; return 302 https://shop.test$to; }
         location ~ ^/captured/([^/]*)$ { return 302 https://shop.test/$1; }
         location /fallback/ { try_files $uri @login; }
         location @login { return 302 https://shop.test/login?next=$uri; }
         location = /added { add_header X-User $remote_user; add_header X-Arg $arg_x; add_header X-Cookie $cookie_x; return 204; }",
    );
    let location = |target: &str| {
        let answer = proxy.get(&format!("{target}%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a<script>"));
        assert!(["301", "302"].contains(&status(&answer)), "{answer}");
        let (head, _) = answer.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("\r\nSet-Cookie:"), "{head}");
        let lines = head.lines().filter_map(|line| line.strip_prefix("Location: "));
        lines.collect::<String>().replace(&format!(":{}", proxy.address.port()), ":PORT")
    };
    let spaced = |lead: &str| format!("{lead}  Set-Cookie: a=b    <script>");
    assert_eq!(location("/path/x"), spaced("https://app.test/path/x"));
    assert_eq!(location("/whole/x"), "https://app.test/whole/x%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a<script>");
    assert_eq!(location("/own/x"), spaced("http://app.test:PORT/own/x"));
    assert_eq!(location("/set/x"), spaced("https://shop.test/set/x"));
    assert_eq!(location("/captured/x"), spaced("https://shop.test/x"));
    assert_eq!(location("/fallback/x"), spaced("https://shop.test/login?next=/fallback/x"));

    let answer = proxy.ask(format!(
        "GET /added?x=%0d%0aX:1 HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nCookie: x=%0d%0aX\r\n{CREDENTIALS}\r\n\r\n"
    ));
    let wanted =
        "Connection: close\r\nX-User: minji  X-Injected\r\nX-Arg: %0d%0aX:1\r\nX-Cookie: %0d%0aX\r\n";
    assert_eq!(answer, ok(wanted, "").replace("200 OK", "204 No Content"));
}

#[test]
fn a_redirect_of_the_proxy_s_own_goes_to_the_host_that_was_asked() {
    let proxy = Proxy::start(
        "",
        "root /nowhere; location /app/ { proxy_pass http://127.0.0.1:9; } location /own/ { return 301 $uri; }",
    );
    for target in ["//app", "//evil.test/..//app", "//evil.test/%2e%2e/app", "/\\evil.test/../app"] {
        let answer = proxy.get(target);
        let location = answer.lines().find_map(|line| line.strip_prefix("Location: "));
        assert_eq!(location, Some(&*format!("http://app.test:{}/app/", proxy.address.port())), "{target}");
    }
    let answer = proxy.get("//own//evil.test/x");
    let location = answer.lines().find_map(|line| line.strip_prefix("Location: "));
    assert_eq!(location, Some(&*format!("http://app.test:{}/own/evil.test/x", proxy.address.port())));
}
