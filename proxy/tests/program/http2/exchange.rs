//! Requests and their answers.

use http::Request;

use super::client::{Answer, Client, echo};
use crate::server::Server;
use crate::tls::client::{both, server, site};

/// A site in the clear, with an app server. `b.test` is another server.
fn clear() -> String {
    let app = echo();
    format!(
        "log_format h2 '$request|$status|$body_bytes_sent|$http2|$server_protocol|$connection_requests|$http_host|$http_cookie';
         server {{ listen 127.0.0.1:@PORT@ http2; server_name a.test; access_log logs/h2.log h2; root www;
            location / {{ }}
            location /app {{ proxy_pass http://{app}/app; }}
            location /chunked {{ proxy_pass http://{app}; }}
            location /cut {{ proxy_pass http://{app}; }}
            location /said {{ return 200 '$request|$host|$http_host|$http_cookie|$server_protocol|$http2|$http_x_a'; }}
            location /moved {{ return 301 /said; }}
            location /closed {{ return 444; }}
            location /denied {{ deny all; error_page 403 /said; }}
            location /small {{ client_max_body_size 10; proxy_pass http://{app}; }} }}
         server {{ listen 127.0.0.1:@PORT@ http2; server_name b.test; return 200 b; }}"
    )
}

/// A request and its body.
type Ask<'a> = (fn() -> http::request::Builder, Option<&'a str>);

/// What a client is answered, each time on a connection of its own.
fn answers(server: &Server<'_>, requests: &[Ask<'_>]) -> Vec<Answer> {
    let port = format!(":{}", server.site.address(0).port());
    let ask = |(request, body): &Ask<'_>| {
        let mut answer = Client::new(server).ask(request(), *body);
        answer.fields.iter_mut().for_each(|field| *field = field.replace(&port, ""));
        answer
    };
    requests.iter().map(ask).collect()
}

#[test]
fn a_request_is_answered_as_nginx_does() {
    let all = both(&clear(), |server| {
        server.site.write_dated("www/index.html", "hello");
        let requests: &[Ask<'_>] = &[
            (|| Request::get("http://a.test/said?x=1").header("x-a", "1"), None),
            (|| Request::get("http://A.test:80/said").header("cookie", "a=1").header("cookie", "b=2"), None),
            (|| Request::get("http://b.test/"), None),
            (|| Request::get("/said").header("host", "b.test"), None),
            (|| Request::get("http://a.test/"), None),
            (|| Request::head("http://a.test/"), None),
            (|| Request::post("http://a.test/"), Some("body")),
            (|| Request::get("http://a.test/nowhere"), None),
            (|| Request::get("http://a.test/moved"), None),
            (|| Request::get("http://a.test/denied"), None),
            (|| Request::get("http://a.test/app").header("cookie", "a=1").header("cookie", "b=2"), None),
            (|| Request::head("http://a.test/app"), None),
            (|| Request::post("http://a.test/app"), Some("body")),
            (|| Request::post("http://a.test/app").header("content-length", "4"), Some("body")),
            (|| Request::post("http://a.test/app").header("expect", "100-continue"), Some("body")),
            (|| Request::post("http://a.test/app"), Some("")),
            (|| Request::post("http://a.test/app"), None),
            (|| Request::post("http://a.test/small"), Some("more than ten")),
            (|| Request::post("http://a.test/small").header("content-length", "13"), Some("more than ten")),
            (|| Request::get("http://a.test/cut"), None),
            (|| Request::get("http://a.test/closed"), None),
        ];
        answers(server, requests)
    });
    let statuses: Vec<u16> = all.iter().map(|answer| answer.status).collect();
    let [ok, gone] = [200, 0];
    assert_eq!(
        statuses,
        [ok, ok, ok, ok, ok, ok, 405, 404, 301, 403, ok, ok, ok, ok, ok, ok, ok, 413, 413, ok, gone]
    );
    assert_eq!(all[0].body, "GET /said?x=1 HTTP/2.0|a.test|a.test||HTTP/2.0|h2c|1");
    assert_eq!(all[1].body, "GET /said HTTP/2.0|a.test|A.test:80|a=1; b=2|HTTP/2.0|h2c|");
    assert_eq!(all[10].body, "GET /app HTTP/1.x|cookie: a=1; b=2|0");
    assert_eq!(all[12].body, "POST /app HTTP/1.x|Content-Length: 4|4");
    assert!(!all[19].is_whole && all[18].is_whole);
}

#[test]
fn a_request_that_is_none_is_refused_as_nginx_does() {
    let statuses = both(&clear(), |server| {
        let requests: &[Ask<'_>] = &[
            (|| Request::get("/said"), None),
            (|| Request::get("http://a.test/said").header("host", "b.test"), None),
            (|| Request::get("/said").header("host", "a b"), None),
            (|| Request::get("http://a.test/%00"), None),
            (|| Request::get("http://a.test/../x"), None),
            (|| Request::builder().method("TRACE").uri("http://a.test/said"), None),
            (|| Request::builder().method("get").uri("http://a.test/said"), None),
            (|| Request::builder().method("CONNECT").uri("a.test:80"), None),
        ];
        answers(server, requests).into_iter().map(|answer| answer.status).collect::<Vec<_>>()
    });
    assert_eq!(statuses, [400, 400, 400, 400, 400, 405, 400, 400]);
}

#[test]
fn fields_of_the_connection_stay_behind() {
    let http = clear();
    let answer = Client::new(&site(&http).start()).get("/chunked");
    assert_eq!(answer.fields, [""; 0]);
    assert_eq!((&answer.body[..], answer.is_whole), ("GET /chunked HTTP/1.x||0", true));
}

#[test]
fn requests_on_a_connection_are_logged_one_by_one() {
    let lines = both(&clear(), |server| {
        let mut client = Client::new(server);
        client.get("/said");
        client.ask(Request::post("http://a.test/app"), Some("body"));
        client.ask(Request::head("http://a.test/said").header("cookie", "a=1"), None);
        client.get("/closed");
        let lines = || server.site.read("logs/h2.log");
        crate::server::eventually("all are logged", || lines().lines().count() == 4);
        lines().lines().map(str::to_owned).collect::<Vec<_>>()
    });
    assert_eq!(lines[0], "GET /said HTTP/2.0|200|47|h2c|HTTP/2.0|1|a.test|-");
    assert_eq!(lines[3], "GET /closed HTTP/2.0|444|0|h2c|HTTP/2.0|4|a.test|-");
}

#[test]
fn the_handshake_says_what_is_spoken() {
    let said = "return 200 $http2,$ssl_alpn_protocol,$server_name,$scheme;";
    let listens = |parameters: &str| server(said).replace("ssl;", &format!("ssl{parameters};"));
    let answers = both(&listens(" http2"), |server| {
        let http2 = Client::with_tls(server, "a.test").unwrap().ask(Request::get("https://a.test/"), None);
        let http1 = crate::tls::client::ask(
            &mut crate::tls::client::any_client(server),
            &crate::tls::client::get("/", "a.test"),
        );
        (http2.body, http1.ends_with("\r\n\r\n,,,https"))
    });
    assert_eq!(answers, ("h2,h2,,https".to_owned(), true));
    // As nginx from 1.25.1 on.
    let both_servers = format!(
        "{} {}",
        server("server_name a.test; http2 on; return 200 a;"),
        server("server_name b.test; return 200 b;")
    );
    let site = site(&both_servers);
    let server = site.start();
    let spoken = ["a.test", "b.test"].map(|name| Client::with_tls(&server, name).is_some());
    assert_eq!(spoken, [true, false]);
}

#[test]
fn http_1_is_spoken_where_http_2_may_be() {
    // nginx 1.22 closes the connection, and newer ones answer.
    for http2 in ["listen 127.0.0.1:@PORT@ http2;", "listen 127.0.0.1:@PORT@; http2 on;"] {
        let site = site(&format!("server {{ {http2} return 200 $server_protocol,$http2; }}"));
        let server = site.start();
        assert_eq!(server.get("/").body, "HTTP/1.1,");
        assert_eq!(Client::new(&server).get("/").body, "HTTP/2.0,h2c");
    }
}

#[test]
fn what_is_compressed_or_long_comes_whole() {
    let http = "gzip on; gzip_types text/plain; gzip_min_length 1;
        server { listen 127.0.0.1:@PORT@ http2; root www; location /short { return 200 'a short text, and again a short text'; } }";
    let answers = both(http, |server| {
        let long: String = (0..200_000).map(|number: u32| format!("{number} ")).collect();
        server.site.write_dated("www/long.bin", &long);
        let mut client = Client::new(server);
        let short = client.ask(Request::get("http://a.test/short").header("accept-encoding", "gzip"), None);
        let whole = client.get("/long.bin");
        let part = client.ask(Request::get("http://a.test/long.bin").header("range", "bytes=10-19"), None);
        (short.fields, whole.body.len() == long.len() && whole.body == long, part)
    });
    assert!(answers.0.contains(&"content-encoding: gzip".to_owned()) && answers.1, "{:?}", answers.0);
    assert_eq!((answers.2.status, answers.2.body.len()), (206, 10));
}
