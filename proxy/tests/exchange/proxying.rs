//! What the app server is asked and what the client is told.

use std::io::Write;

use crate::support::{Backend, Proxy, ok, rest, status};

#[test]
fn a_request_arrives_with_what_is_the_client_s_and_without_what_is_the_connection_s() {
    let backend = Backend::named("app");
    let proxy = Proxy::before(backend.address);
    proxy.ask(
        "GET /a%2Fb/../c?x=%20 HTTP/1.1\r\nHost: app.test\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\n\
         Keep-Alive: 5\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nAccept: a\r\nX-aNY: 1\r\naccept: b\r\n\r\n",
    );
    let host = backend.address;
    let expected = format!(
        "GET /a%2Fb/../c?x=%20 HTTP/1.1\r\nHost: {host}\r\nAccept: a\r\nX-aNY: 1\r\naccept: b\r\n\r\n"
    );
    assert_eq!(backend.heads(), [expected]);
}

#[test]
fn fields_are_set_as_the_location_says() {
    let backend = Backend::named("app");
    let server = format!(
        "location / {{ proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header Accept '';\n\
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_http_version 1.0; proxy_pass http://{}; }}",
        backend.address
    );
    let proxy = Proxy::start("", &server);
    proxy.ask("GET / HTTP/1.0\r\nHost: App.Test:80\r\nAccept: a\r\nX-Forwarded-For: 9.9.9.9\r\nX-Real-IP: 1\r\n\r\n");
    let expected = "GET / HTTP/1.0\r\nHost: app.test\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-For: 9.9.9.9, 127.0.0.1\r\n\
                    Connection: close\r\n\r\n";
    assert_eq!(backend.heads(), [expected]);
}

#[test]
fn fields_that_frame_a_message_are_not_up_for_setting() {
    let backend = Backend::named("app");
    let set = "proxy_set_header Content-Length 7; proxy_set_header Transfer-Encoding chunked;";
    let proxy = Proxy::start("", &format!("location / {{ {set} proxy_pass http://{}; }}", backend.address));
    proxy.get("/");
    assert_eq!(backend.heads(), [format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", backend.address)]);
}

#[test]
fn nobody_is_switched_to_a_protocol_that_was_not_asked_for() {
    let backend =
        Backend::saying("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    let set = "proxy_set_header Upgrade websocket; proxy_set_header Connection upgrade;";
    let proxy = Proxy::start("", &format!("location / {{ {set} proxy_pass http://{}; }}", backend.address));
    assert_eq!(status(&proxy.get("/")), "502");
}

#[test]
fn a_body_in_chunks_has_its_length_told_in_http_1_0() {
    let backend = Backend::start(|conversation| {
        let head = conversation.head().unwrap_or_default();
        assert!(head.contains("Content-Length: 400000\r\n") && !head.contains("Transfer-Encoding"), "{head}");
        conversation.read(400_000);
        conversation.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    for how in ["", "proxy_request_buffering off;"] {
        let how = format!("proxy_http_version 1.0; {how}");
        let proxy =
            Proxy::start("", &format!("location / {{ {how} proxy_pass http://{}; }}", backend.address));
        assert_eq!(status(&post_chunks(&proxy, 400)), "200");
    }
}

#[test]
fn one_that_is_too_long_to_find_out_cannot_go_on() {
    let backend = Backend::named("app");
    let how = "proxy_http_version 1.0; client_max_body_size 0;";
    let proxy = Proxy::start("", &format!("location / {{ {how} proxy_pass http://{}; }}", backend.address));
    assert_eq!(status(&post_chunks(&proxy, 9000)), "411");
    assert!(backend.heads().is_empty());
}

/// The answer to a POST of so many chunks of 1000 bytes each.
fn post_chunks(proxy: &Proxy, count: usize) -> String {
    let post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let mut client = proxy.connect();
    client.write_all(post.as_bytes()).expect("a head");
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    for _ in 0..count {
        // Who is refused may be answered before the end.
        if client.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    let _ = client.write_all(b"0\r\n\r\n");
    rest(&mut client)
}

#[test]
fn a_proxy_pass_with_a_uri_replaces_the_location_s_part() {
    let backend = Backend::named("app");
    let proxy = Proxy::start("", &format!("location /a/ {{ proxy_pass http://{}/b/; }}", backend.address));
    proxy.get("/a/c%20d/../e%7B?q");
    proxy.get("/a/f");
    let lines: Vec<_> =
        backend.heads().iter().filter_map(|head| head.lines().next().map(str::to_owned)).collect();
    assert_eq!(lines, ["GET /b/e%7B?q HTTP/1.1", "GET /b/f HTTP/1.1"]);
}

#[test]
fn a_response_arrives_as_it_was_said_without_what_is_the_connection_s() {
    let backend = Backend::saying(
        "HTTP/1.1 207 Quite Fine\r\nDate: x\r\nServer: y\r\nX-Pad: 1\r\nKeep-Alive: timeout=1\r\nConnection: X-Mine\r\n\
         X-Mine: 1\r\nUpgrade: h2c\r\nProxy-Connection: z\r\nSet-Cookie: a=1\r\nx-ANY: 2\r\nSet-Cookie: b=2\r\n\
         Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok",
    );
    let expected = ok(
        "Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\nSet-Cookie: a=1\r\nx-ANY: 2\r\n\
         Set-Cookie: b=2\r\n",
        "ok",
    );
    assert_eq!(Proxy::before(backend.address).get("/"), expected.replace("200 OK", "207 Quite Fine"));
}

#[test]
fn locations_of_the_app_server_become_the_client_s() {
    let response = "HTTP/1.1 302 Found\r\nLocation: http://app/x\r\nRefresh: 5; URL=http://app/y\r\nContent-Length: 0\r\n\r\n";
    let backend = Backend::saying(response);
    let http = format!("upstream app {{ server {}; }}", backend.address);
    let redirected = |directives: &str| {
        let proxy = Proxy::start(&http, &format!("location /a/ {{ {directives} proxy_pass http://app/; }}"));
        let answer = proxy.get("/a/").replace(&format!(":{}", proxy.address.port()), ":PORT");
        let fields =
            answer.lines().filter(|line| line.starts_with("Location: ") || line.starts_with("Refresh: "));
        fields.collect::<Vec<_>>().join("|")
    };
    for (directives, expected) in [
        ("", "Location: http://app.test:PORT/a/x|Refresh: 5; URL=/a/y"),
        ("proxy_redirect off;", "Location: http://app/x|Refresh: 5; URL=http://app/y"),
        (
            "proxy_redirect http://app https://shop;",
            "Location: https://shop/x|Refresh: 5; URL=https://shop/y",
        ),
        (
            "proxy_redirect ~^http://(.*)/x$ /$1/z;",
            "Location: http://app.test:PORT/app/z|Refresh: 5; URL=http://app/y",
        ),
    ] {
        assert_eq!(redirected(directives), expected, "{directives}");
    }
}

#[test]
fn interim_responses_are_passed_over() {
    let backend = Backend::saying(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    assert_eq!(
        Proxy::before(backend.address).get("/"),
        ok("Content-Length: 2\r\nConnection: close\r\n", "ok")
    );
}

#[test]
fn what_an_app_server_must_not_say_is_a_502() {
    for (response, reason) in [
        (
            "nonsense\r\n\r\n",
            "upstream sent no valid HTTP/1.0 header while reading response header from upstream",
        ),
        ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "upstream sent invalid header while reading"),
        ("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "upstream sent unexpected 101 response"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "headers at the same time",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "duplicate \"Content-Length\" header",
        ),
    ] {
        let backend = Backend::saying(response);
        let proxy = Proxy::before(backend.address);
        assert_eq!(status(&proxy.get("/")), "502", "{response:?}");
        proxy.error_line(reason);
    }
}

#[test]
fn fields_of_a_response_are_hidden_where_the_file_says_so() {
    let backend = Backend::saying(
        "HTTP/1.1 200 OK\r\nX-A: 1\r\nx-b: 2\r\nX-C: 3\r\nContent-Type: text/plain\r\nLocation: http://app/x\r\nContent-Length: 0\r\n\r\n",
    );
    let hiding = "proxy_hide_header X-a; proxy_hide_header X-B; proxy_hide_header Content-Type; proxy_hide_header Location;";
    let proxy = Proxy::start(
        "",
        &format!(
            "{hiding} location / {{ proxy_redirect http://app /; proxy_pass http://{}; }}",
            backend.address
        ),
    );
    assert_eq!(proxy.get("/"), ok("Content-Length: 0\r\nConnection: close\r\nX-C: 3\r\n", ""));
}
