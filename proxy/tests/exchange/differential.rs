//! What generated requests and configurations have found, where nginx was right.

use crate::support::{Backend, Proxy};

fn field<'r>(response: &'r str, name: &str) -> Vec<&'r str> {
    let head = response.split("\r\n\r\n").next().unwrap_or_default();
    head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
}

#[test]
fn an_empty_query_before_a_fragment_is_one() {
    let log = "log_format args '$request_uri [$args] [$is_args]'; access_log access.log args;";
    let proxy = Proxy::start(log, "location / { return 200; }");
    for (target, logged) in [("/1?#", "[] []"), ("/2?", "[-] []"), ("/3", "[-] []"), ("/4?a#", "[a] [?]")] {
        proxy.ask(format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        assert_eq!(proxy.access_line(&format!("{target} [")), format!("{target} {logged}"));
    }
}

#[test]
fn add_header_replaces_etag_and_last_modified() {
    let proxy = Proxy::start("", "location / { add_header ETag 1; add_header ETag 2; return 200; }");
    let answer = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(field(&answer, "ETag"), ["2"], "{answer}");
}

#[test]
fn added_fields_of_an_app_server_s_answer_are_replaced_too() {
    let backend = Backend::saying(
        "HTTP/1.1 200 OK\r\nETag: \"theirs\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nX: c\r\n\
         Content-Length: 0\r\n\r\n",
    );
    let added = "add_header etag mine; add_header Last-Modified \"\"; add_header X a;";
    let proxy = Proxy::start("", &format!("location / {{ {added} proxy_pass http://{}; }}", backend.address));
    let answer = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(field(&answer, "etag"), ["mine"], "{answer}");
    let none: [&str; 0] = [];
    assert_eq!((field(&answer, "ETag"), field(&answer, "Last-Modified")), (none.to_vec(), none.to_vec()));
    assert_eq!(field(&answer, "X"), ["c", "a"]);
}

#[test]
fn an_added_field_may_name_fields_of_its_own_head() {
    let added =
        "add_header X-Type $sent_http_content_type always; add_header X-Again $sent_http_x_type always;";
    let proxy = Proxy::start("", &format!("{added} location / {{ return 404; }}"));
    let answer = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!((field(&answer, "X-Type"), field(&answer, "X-Again")), (vec!["text/html"], vec!["text/html"]));
}

#[test]
fn the_location_decides_whether_a_connection_is_kept() {
    let proxy = Proxy::start(
        "",
        "keepalive_timeout 0; location / { keepalive_timeout 9; return 200; } location /end { return 200; } \
         location /if { keepalive_timeout 9; if ($args) { return 200; } }",
    );
    let ask = |path: &str| {
        proxy.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\nGET /end HTTP/1.1\r\nHost: a\r\n\r\n"))
    };
    for (path, answers) in [("/", 2), ("/end", 1), ("/if?x", 2)] {
        assert_eq!(ask(path).matches("HTTP/1.1 200").count(), answers, "{path}");
    }
}

#[test]
fn an_empty_text_is_no_text_and_an_empty_type_no_type() {
    let returns = "location / { return 500 \"\"; } location /x { default_type \"\"; return 200 x; }";
    let proxy = Proxy::start("", returns);
    let page = proxy.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(page.contains("<h1>500 Internal Server Error</h1>"), "{page}");
    let bare = proxy.ask("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(bare.ends_with("\r\n\r\nx") && !bare.contains("Content-Type"), "{bare}");
}

/// RFC 9110 §7.6.1: options are compared whole.
#[test]
fn connection_closed_does_not_close() {
    let proxy = Proxy::start("", "location / { return 200; }");
    let first = "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n";
    let answers = proxy.ask(format!("{first}GET /2 HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"));
    assert_eq!(field(&answers, "Connection"), ["keep-alive"]);
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
}

#[test]
fn an_index_file_below_a_file_is_named_as_nginx_names_it() {
    let proxy = Proxy::start("", "location / { alias nginx.conf; index a.html b.html; }");
    assert!(proxy.get("/").starts_with("HTTP/1.1 500 "));
    let line = proxy.error_line("[alert]");
    assert!(line.contains("nginx.confa.html\" is not a directory, client: "), "{line}");
}

#[test]
fn try_files_may_name_a_location_by_a_variable() {
    let locations = "set $to @a; location / { try_files /none @$arg_to; } location /to { try_files /none $to; } \
                     location @a { return 200 a; } location @b { return 200 b; }";
    let proxy = Proxy::start("", locations);
    for (path, body) in [("/?to=a", "a"), ("/?to=b", "b"), ("/to", "a")] {
        assert!(proxy.get(path).ends_with(&format!("\r\n\r\n{body}")), "{path}");
    }
    assert!(proxy.get("/?to=c").starts_with("HTTP/1.1 500 "));
    proxy.error_line("could not find named location \"@c\", client: ");
}

#[test]
fn an_if_does_not_take_back_the_proxy_pass_of_another() {
    let backend = Backend::named("app");
    let ifs = format!("if ($arg_a) {{ proxy_pass http://{}; }} if ($arg_b) {{ }}", backend.address);
    let proxy = Proxy::start("", &format!("location / {{ {ifs} }}"));
    for (path, status) in [("/x?a=1", "200"), ("/x?b=1", "404"), ("/x?a=1&b=1", "500"), ("/x", "404")] {
        assert!(proxy.get(path).starts_with(&format!("HTTP/1.1 {status} ")), "{path}");
    }
    proxy.error_line("[alert]");
    assert_eq!(backend.heads().len(), 1);
}

#[test]
fn the_exact_location_counts_where_a_slash_is_added() {
    let backend = Backend::named("app");
    let to = format!("proxy_pass http://{};", backend.address);
    let locations = format!(
        "location /a/ {{ add_header X prefix; {to} }} location = /a/ {{ add_header X exact; }} \
         location = /b/ {{ add_header X exact; {to} }} location /b/ {{ add_header X prefix; }} \
         location /c/ {{ add_header X prefix; {to} }}"
    );
    let proxy = Proxy::start("", &locations);
    for (path, added) in [("/a", "exact"), ("/b", "exact"), ("/c", "prefix")] {
        let answer = proxy.get(path);
        assert!(answer.starts_with("HTTP/1.1 301 "), "{answer}");
        assert_eq!(field(&answer, "X"), [added], "{path}");
    }
}
