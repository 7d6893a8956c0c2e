//! Logs that a client would like to write itself.

use std::fs;

use crate::files::nginx;
use crate::server::{Server, Site, eventually};

const CONF: &str = r#"@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        log_format default '"$request" "$request_uri" "$uri" "$http_referer" "$http_user_agent" "$remote_user" "$http_x_forwarded_for" "$cookie_a"';
        log_format json escape=json '{"request":"$request","uri":"$uri","referer":"$http_referer","user":"$remote_user","none":"$http_none"}';
        log_format raw escape=none '$request|$uri|$http_referer|$remote_user|$http_none';
        access_log logs/default.log default; access_log logs/json.log json; access_log logs/raw.log raw;
        server { listen 127.0.0.1:@PORT@; root www; location = /said { return 204; } location /said/ { return 204; } }
    }"#;

/// Quotes, backslashes and bytes beyond ASCII where a client may send them, control characters where decoding brings them in. The user is
/// `a"\<CR><LF><ESC>[31m<DEL><FF>`.
const REQUEST: &[u8] = b"GET /said/\"\\\xeb\x8b\xb4\xff%22%5C%0d%0a%1b[31m%7f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
    Referer: http://x/\" - \\\xff\r\nUser-Agent: a\" 200 \"b\\\xeb\x8b\xb4\r\nX-Forwarded-For: 9.9.9.9\", \"\\\r\n\
    Cookie: a=\"\\\xff\r\nAuthorization: Basic YSJcDQobWzMxbX//OnB3\r\n\r\n";

fn site() -> Site {
    let user = if rustix::process::geteuid().is_root() { "user nobody nogroup;" } else { "" };
    Site::new(&CONF.replace("@USER@", user))
}

/// The bytes of the three access logs after that request.
fn logged(server: &Server<'_>) -> [Vec<u8>; 3] {
    assert_eq!(server.send(REQUEST).status(), 204);
    let logs = ["default", "json", "raw"].map(|name| server.site.path(&format!("logs/{name}.log")));
    eventually("every log has it", || {
        logs.iter().all(|log| fs::read(log).is_ok_and(|text| text.ends_with(b"\n")))
    });
    logs.map(|log| fs::read(log).unwrap())
}

#[test]
fn a_field_of_an_access_log_ends_where_the_format_says() {
    let site = site();
    let [default, json, raw] = logged(&site.start());
    let path = r"\x22\x5C\xEB\x8B\xB4\xFF";
    let wanted = format!(
        "\"GET /said/{path}%22%5C%0d%0a%1b[31m%7f HTTP/1.1\" \"/said/{path}%22%5C%0d%0a%1b[31m%7f\" \
         \"/said/{path}{}\" \"{}\" \"{}\" \"{}\" \"{}\" \"{}\"\n",
        r"\x22\x5C\x0D\x0A\x1B[31m\x7F",
        r"http://x/\x22 - \x5C\xFF",
        r"a\x22 200 \x22b\x5C\xEB\x8B\xB4",
        r"a\x22\x5C\x0D\x0A\x1B[31m\x7F\xFF",
        r"9.9.9.9\x22, \x22\x5C",
        r"\x22\x5C\xFF",
    );
    assert_eq!(String::from_utf8(default).unwrap(), wanted);
    let json: String = json.into_iter().map(char::from).collect();
    let latin = |bytes: &[u8]| -> String { bytes.iter().copied().map(char::from).collect() };
    let path = latin(b"/said/\\\"\\\\\xeb\x8b\xb4\xff");
    let wanted = [
        format!("{{\"request\":\"GET {path}%22%5C%0d%0a%1b[31m%7f HTTP/1.1\","),
        format!("\"uri\":\"{path}\\\"\\\\\\r\\n\\u001B[31m\x7f\","),
        latin(b"\"referer\":\"http://x/\\\" - \\\\\xff\","),
        latin(b"\"user\":\"a\\\"\\\\\\r\\n\\u001B[31m\x7f\xff\",\"none\":\"\"}\n"),
    ];
    assert_eq!(json, wanted.concat());
    // Asked for as it is, it is as it is: who writes `escape=none` gets lines that clients begin.
    assert_eq!(raw.iter().filter(|&&byte| byte == b'\n').count(), 3);
}

#[test]
fn access_logs_are_nginx_s_to_the_byte() {
    let Some(nginx) = nginx() else { return };
    let (ours, theirs) = (site(), site());
    assert_eq!(logged(&ours.start()), logged(&theirs.start_nginx(&nginx)));
}

#[test]
fn a_line_of_the_error_log_is_the_proxy_s_own() {
    let site = site();
    let server = site.start();
    server.send(
        b"GET /a%22,%20client:%206.6.6.6%0d%0a2026/01/01%2000:00:00%20[emerg]%201%231:%20forged%1b[31m%ff HTTP/1.1\r\nHost: x\r\n\
        Connection: close\r\nReferer: http://x/\", host: \"y\r\n\r\n",
    );
    server.logged("referrer", 1);
    let log = site.read("logs/error.log").replace(site.path("").to_str().unwrap(), "DIR/");
    let (_, message) = log.split_once(" open()").unwrap();
    let wanted = [
        r#" "DIR/www/a\x22, client: 6.6.6.6\x0D\x0A2026/01/01 00:00:00 [emerg] 1#1: forged\x1B[31m\xFF" failed (2: No such file or directory), "#,
        r#"client: 127.0.0.1, server: , request: "GET /a%22,%20client:%206.6.6.6%0d%0a2026/01/01%2000:00:00%20[emerg]%201%231:%20forged%1b[31m%ff HTTP/1.1", "#,
        r#"host: "x", referrer: "http://x/\x22, host: \x22y""#,
        "\n",
    ];
    assert_eq!(message, wanted.concat());
}
