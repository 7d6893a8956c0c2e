//! Files as nginx serves them: the same site, the same requests, compared response by response and error by error.
//!
//! Runs where there is an nginx: the program that `HOPCHECK_NGINX` names, or `/usr/sbin/nginx`.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use crate::server::{Response, Server, Site, eventually};

const CONF: &str = "@USER@ worker_processes 1; pid nginx.pid; error_log logs/error.log; events {}
    http {
        types { text/html html htm; application/javascript js; text/plain txt; }
        default_type application/octet-stream;
        access_log off;
        server {
            listen 127.0.0.1:@PORT@;
            root www;
            location /al/ { alias www/sub/; }
            location /alf { alias www/a.txt; }
            location ~ ^/rx/(.*)$ { alias www/$1; }
            location ~ ^/rxfile/(.*)$ { alias www/; try_files /$1 $1/ /rxfile/a.txt; }
            location ~ ^/rxuri/(.*)$ { alias www/; try_files $uri $uri/ =418; }
            location /relroot/ { root $arg_root; try_files $uri /a.txt =404; }
            location /relalias/ { alias $arg_root/; }
            location /tf/ { try_files $uri $uri/ /index.html; }
            location /tfa/ { alias www/sub/; try_files $uri $uri/ =418; }
            location /tf404/ { try_files $uri =404; }
            location /tfn/ { try_files $uri @named; }
            location @named { return 200 \"named $uri\"; }
            location /tfx/ { try_files /a.txt =404; }
            location /tfargs/ { try_files $uri /args?x=$uri; }
            location /tfnoargs/ { try_files $uri /args; }
            location /args { return 200 \"args $args\"; }
            location /closed/ { try_files $uri $uri/ /index.html; }
            location /tfdir/ { try_files $uri/ /a.txt; }
            location /noetag/ { alias www/; etag off; }
            location /before/ { alias www/; if_modified_since before; }
            location /never/ { alias www/; if_modified_since off; }
            location /ixabs/ { alias www/sub/; index nope.html /a.txt; }
            location /ixvar/ { alias www/sub/; index $arg_i.txt; }
            location /ixlink/ { alias www/loop; }
            location /ixfile/ { alias www/a.txt; }
            location = /ixtop/ { alias /; index nope.html; }
            location /tflit/ { alias www/sub/; try_files /tflit/s.txt =418; }
            location /missroot/ { root nowhere; }
            location /code/0 { try_files /none =0; }
            location /code/1 { try_files /none =1; }
            location /code/40 { try_files /none =40; }
            location /code/200 { try_files /none =200; }
            location /code/201 { try_files /none =201; }
            location /code/204 { try_files /none =204; }
            location /code/205 { try_files /none =205; }
            location /code/300 { try_files /none =300; }
            location /code/408 { try_files /none =408; }
            location /code/444 { try_files /none =444; }
            location /code/499 { try_files /none =499; }
            location /code/999 { try_files /none =999; }
            location /code/page { error_page 404 /code/40; return 404; }
            location /loop/ { root nowhere; try_files $uri /loop/x; }
        }
    }";

/// Everything was last changed at this second: `Tue, 14 Nov 2023 22:13:20 GMT`.
const MODIFIED: u64 = 1_700_000_000;

fn site() -> Site {
    let site = Site::new(CONF);
    for (name, text) in [
        ("index.html", "<h1>index</h1>"),
        ("a.txt", "0123456789abcdefghijklmnopqrstuvwxyz"),
        ("A.TXT", "upper"),
        ("empty.txt", ""),
        ("noext", "noext"),
        ("x.", "dot"),
        (".html", "hidden"),
        ("app.min.js", "min"),
        ("idx/index.html", "index of idx"),
        ("sub/s.txt", "sub s"),
        ("sub/index.html", "sub index"),
        ("closed/in.txt", "closed"),
        ("private.txt", "private"),
        ("dir/file", "file"),
        ("dir.d/file", "file"),
        ("idxdir/index.html/file", "file"),
        ("ixloop/file", "file"),
        ("q?\"<>#%\\^`{|}é/file", "file"),
    ] {
        site.write(&format!("www/{name}"), text);
        let file = fs::File::open(site.path(&format!("www/{name}"))).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(MODIFIED)).unwrap();
    }
    symlink("a.txt", site.path("www/link")).unwrap();
    symlink("loop", site.path("www/loop")).unwrap();
    symlink("../loop", site.path("www/ixloop/index.html")).unwrap();
    for (name, mode) in [("closed", 0o600), ("private.txt", 0o200)] {
        fs::set_permissions(site.path(&format!("www/{name}")), fs::Permissions::from_mode(mode)).unwrap();
    }
    site
}

/// The real thing, to compare with.
pub(crate) fn nginx() -> Option<PathBuf> {
    let program =
        PathBuf::from(std::env::var_os("HOPCHECK_NGINX").unwrap_or_else(|| "/usr/sbin/nginx".into()));
    let there = program.exists();
    if !there {
        let required = std::env::var_os("HOPCHECK_REQUIRE_NGINX").is_some_and(|value| value == "1");
        assert!(!required, "nginx is required, and {} is not there", program.display());
        println!("not run: there is no nginx at {} (set HOPCHECK_NGINX)", program.display());
    }
    there.then_some(program)
}

/// Sends each request to both, each with a site of its own, and compares what comes back, then what was logged.
pub(crate) fn compare(site: fn() -> Site, requests: &[String]) {
    let Some(nginx) = nginx() else { return };
    let (ours, theirs) = (site(), site());
    let servers = (ours.start(), theirs.start_nginx(&nginx));
    let mut differences = Vec::new();
    for request in requests {
        let got = comparable(&servers.0, request);
        let wanted = comparable(&servers.1, request);
        if got != wanted {
            differences.push(format!("{request}\n got {got:#?}\n nginx {wanted:#?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let (mut got, mut wanted) = (Vec::new(), Vec::new());
    eventually("both have logged the same", || {
        (got, wanted) = (errors(&ours), errors(&theirs));
        got.len() >= wanted.len()
    });
    for (got, wanted) in got.iter().zip(&wanted) {
        assert_eq!(got, wanted);
    }
    assert_eq!(got.len(), wanted.len(), "{got:#?}\n{wanted:#?}");
}

/// The response without what differs between any two servers: name, date, port, boundary, and the product's name in
/// pages.
fn comparable(server: &Server<'_>, request: &str) -> Response {
    let mut response = server.send(request.as_bytes());
    unpack(&mut response);
    let page = response.status() >= 300;
    relative(&mut response);
    response.head.retain(|line| {
        let ignored = if page { &["Server:", "Date:", "Content-Length:"][..] } else { &["Server:", "Date:"] };
        !ignored.iter().any(|name| line.starts_with(name))
    });
    let boundary =
        response.head.iter().find_map(|line| line.split_once("; boundary=")).map(|(_, b)| b.to_owned());
    let port = format!(":{}/", server.site.address(0).port());
    for line in &mut response.head {
        *line = line.replace(&port, ":PORT/").replace(boundary.as_deref().unwrap_or("none"), "BOUNDARY");
    }
    if let Some(boundary) = boundary {
        response.body = response.body.replace(&boundary, "BOUNDARY");
    }
    if page && let Some((before, after)) = response.body.split_once("<hr><center>") {
        let after = after.split_once("</center>").map_or("", |(_, after)| after);
        response.body = format!("{before}<hr><center>PRODUCT</center>{after}");
    }
    response
}

/// A body without its chunks, and as it was before it was compressed: neither says the same of two programs.
fn unpack(response: &mut Response) {
    let says = |field: &str| response.head.iter().any(|line| line == field);
    if response.body.is_empty() {
        return;
    }
    let mut bytes: Vec<u8> = response.body.chars().map(|byte| byte as u8).collect();
    if says("Transfer-Encoding: chunked") {
        bytes = without_chunks(&bytes).unwrap_or_else(|| b"cut off".to_vec());
    }
    if says("Content-Encoding: gzip") {
        let mut unpacked = Vec::new();
        // A part of it stays as it is.
        if flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).is_ok() {
            bytes = unpacked;
        }
    }
    response.body = bytes.into_iter().map(char::from).collect();
}

/// The body, and the trailers behind it; `None` if it does not come to its end.
fn without_chunks(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = bytes.iter().position(|&byte| byte == b'\r')?;
        let size = std::str::from_utf8(&bytes[..line]).unwrap();
        let size = usize::from_str_radix(size, 16)
            .unwrap_or_else(|_| panic!("{:?}", String::from_utf8_lossy(bytes)));
        if size == 0 {
            body.extend_from_slice(bytes.get(line + 2..)?.strip_suffix(b"\r\n")?);
            return Some(body);
        }
        body.extend_from_slice(bytes.get(line + 2..line + 2 + size)?);
        bytes = bytes.get(line + 2 + size + 2..)?;
    }
}

/// `Expires`, and an age that is counted from a day's or a file's time, as the seconds since `Date`: that moves from one
/// request to the next. Where it is a moment itself it stays.
fn relative(response: &mut Response) {
    let value = |response: &Response, name: &str| {
        let line = response.head.iter().find_map(|line| line.strip_prefix(name))?;
        httpdate::parse_http_date(line.trim()).ok()?.duration_since(UNIX_EPOCH).ok()
    };
    let (Some(date), Some(expires)) = (value(response, "Date:"), value(response, "Expires:")) else { return };
    let seconds = expires.as_secs().cast_signed() - date.as_secs().cast_signed();
    let age = format!("max-age={seconds}");
    let is_round = seconds % 5 == 0 || seconds == -1;
    for line in &mut response.head {
        if line.starts_with("Expires:") && is_round {
            *line = format!("Expires: {seconds} s from now");
        } else if !is_round {
            *line = line.replace(&age, "max-age=THAT");
        }
    }
}

/// Messages of the error log that concern a request: from the level on, without ids, the site's directory and ports.
fn errors(site: &Site) -> Vec<String> {
    let directory = site.path("").to_str().unwrap().to_owned();
    let ports = [0, 1].map(|index| format!(":{}", site.address(index).port()));
    let message = |line: &str| {
        let (_, rest) = line.split_once(" [")?;
        let (level, rest) = rest.split_once("] ")?;
        let (_, message) = rest.split_once(": *")?.1.split_once(' ')?;
        let message =
            message.replace(&directory, "DIR/").replace(&ports[0], ":PORT").replace(&ports[1], ":PORT2");
        Some(format!("[{level}] {}", rounded(&message)))
    };
    site.read("logs/error.log").lines().filter_map(message).map(without_upstream).collect()
}

/// Of charsets nginx also tells which app server was asked, or that a file is being sent: docs/trust/differences.md.
fn without_upstream(message: String) -> String {
    if !message.contains("\"charset_map\"") {
        return message;
    }
    let message = message.replace(" while reading response header from upstream", "");
    let message = message.replace(" while sending response to client", "");
    match message.split_once(", upstream: \"") {
        Some((before, after)) => {
            let (_, after) = after.split_once('"').unwrap_or_default();
            format!("{before}{after}")
        }
        None => message,
    }
}

/// The excess of a limit as a whole number, since it shrinks with each millisecond.
fn rounded(message: &str) -> String {
    let Some((before, rest)) = message.split_once("excess: ") else { return message.to_owned() };
    let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, after) = rest.split_at(length);
    format!("{before}excess: {:.0}{after}", number.parse::<f64>().unwrap())
}

pub(crate) fn request(method: &str, target: &str, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n")
}

#[test]
fn a_code_of_try_files_is_a_page_or_nothing_at_all() {
    let codes = "0 1 40 200 201 204 205 300 408 444 499 999 page";
    let requests: Vec<String> =
        codes.split(' ').map(|code| request("GET", &format!("/code/{code}"), &[])).collect();
    compare(site, &requests);
}

#[test]
fn names_and_methods() {
    let long = format!("/{}", "n".repeat(300));
    let targets = "/ /index.html /a.txt /A.TXT /a.txt/ /a.txt/b /empty.txt /noext /x. /.html /app.min.js /dir /dir?x=1 \
        /dir/ /idx /idx/ /idx/index.html /missing /missing/ /al/ /al /al/s.txt /al/missing /al/../a.txt /alf /alfx \
        /rx/a.txt /rx/sub /rx/sub/ /rxfile/a.txt /rxfile/sub /rxfile/sub/ /rxfile/none /rxuri/a.txt /rxuri/ \
        /relroot/x?root=www /relroot/x /relalias/a.txt?root=www /relalias/a.txt /tf/x /tf/ /tfa/s.txt /tfa/ /tfa/zz /tf404/x /tfn/x /tfx/q /tfargs/y?z /tfnoargs/y?z \
        /noetag/a.txt /ixabs/ /ixlink/ /ixfile/ /ixtop/ /ixloop/ /tflit/x /ixvar/?i=s /ixvar/ /ixvar/?i=/a /missroot/ /missroot/x /loop/y /tfdir/ /tfdir/x \
        /private.txt /closed/in.txt /closed/ /closed /link /loop /idxdir/ /dir.d /a.txt%2f /%61.txt /a%2Etxt /sub/../a.txt \
        /q%3F%22%3C%3E%23%25%5C%5E%60%7B%7C%7D%C3%A9 /..%2f..%2fetc/passwd";
    let targets = targets.split_whitespace().chain([&long[..]]);
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
    let requests: Vec<String> =
        targets.flat_map(|target| methods.map(|method| request(method, target, &[]))).collect();
    compare(site, &requests);
}

#[test]
fn conditions() {
    let etag = "\"6553f100-24\"";
    let dates = [
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "Tue, 14 Nov 2023 22:13:19 GMT",
        "Tue, 14 Nov 2023 22:13:21 GMT",
        "Tuesday, 14-Nov-23 22:13:20 GMT",
        "Tue Nov 14 22:13:20 2023",
        "Mon, 14 Nov 2023 22:13:20",
        "Tue, 14 Nov 2023 22:13:20 GMT; length=36",
        " 14 Nov 2023 22:13:20 GMT",
        "Wed, 29 Feb 2023 22:13:20 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "garbage",
        "",
    ];
    let tags = [
        etag,
        "*",
        "\"x\"",
        "W/\"6553f100-24\"",
        "\"x\", \"6553f100-24\"",
        "\"x\",\"y\"",
        "\"6553f100-24\"x",
        "",
        ",",
    ];
    let field = |name: &'static str, values: &[&str]| -> Vec<String> {
        values.iter().map(|value| format!("{name}: {value}")).chain([String::new()]).collect()
    };
    let mut requests = Vec::new();
    for target in ["/a.txt", "/noetag/a.txt", "/before/a.txt", "/never/a.txt", "/missing", "/dir"] {
        for since in field("If-Modified-Since", &dates) {
            for tag in field("If-None-Match", &tags) {
                let fields =
                    [&since[..], &tag].into_iter().filter(|field| !field.is_empty()).collect::<Vec<_>>();
                requests.push(request("GET", target, &fields));
            }
        }
        for other in field("If-Unmodified-Since", &dates).iter().chain(&field("If-Match", &tags)) {
            if !other.is_empty() {
                requests.push(request("HEAD", target, &[other]));
                requests.push(request("GET", target, &[other, &format!("If-None-Match: {etag}")]));
            }
        }
    }
    compare(site, &requests);
}

#[test]
fn ranges() {
    let listed = [
        "bytes=0-0",
        "bytes=0-",
        "bytes=-5",
        "bytes=35-100",
        "bytes=36-",
        "bytes=0-1,4-5",
        "bytes=0-0,-1",
        "bytes=0-35,0-35",
        "bytes=0-9,5-14",
        "bytes=5-4",
        "bytes=",
        "bytes=-",
        "bytes=-0",
        "bytes= 0 - 3 , 5 - 6 ",
        "Bytes=0-1",
        "items=0-1",
        "bytes=0-1,",
        "bytes=99999999999999999999-",
        "bytes=0-99999999999999999999",
        "bytes=0-9223372036854775807",
        "bytes=9223372036854775807-",
        "bytes=0-1;",
        "bytes=-100",
        "bytes=\t0-1",
    ];
    let mut requests = Vec::new();
    for target in ["/a.txt", "/empty.txt", "/noext", "/noetag/a.txt"] {
        for range in listed {
            requests.push(request("GET", target, &[&format!("Range: {range}")]));
        }
    }
    for if_range in [
        "\"6553f100-24\"",
        "W/\"6553f100-24\"",
        "\"x\"",
        "\"",
        "",
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "garbage",
    ] {
        for target in ["/a.txt", "/noetag/a.txt"] {
            requests.push(request("GET", target, &["Range: bytes=0-1", &format!("If-Range: {if_range}")]));
        }
    }
    requests.push(request("HEAD", "/a.txt", &["Range: bytes=0-1,3-4"]));
    requests.push(request("POST", "/a.txt", &["Range: bytes=0-1"]));
    requests.push(request("GET", "/a.txt", &["Range: bytes=0-1", "If-None-Match: *"]));
    // Strings that only just fail to be ranges, the same ones every time.
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut pick = |from: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % from
    };
    for _ in 0..400 {
        let length = 1 + pick(12);
        let text: String = (0..length).map(|_| char::from(b"0123459--,, "[pick(12) as usize])).collect();
        requests.push(request("GET", "/a.txt", &[&format!("Range: bytes={text}")]));
    }
    compare(site, &requests);
}
