//! Requests to a generated configuration: good ones, for the paths that its locations are about.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::stream::{Cuts, REPLIES, Stream};

/// Stands for the server's name.
pub(super) const HOST: &str = "@HOST@";

/// A request, now and then two on one connection.
pub(super) fn visits() -> impl Strategy<Value = Stream> {
    let requests = prop_oneof![6 => vec(request(), 1..2), 1 => vec(request(), 2..3)];
    (requests, select(&REPLIES[..])).prop_map(|(requests, reply)| Stream {
        requests,
        cuts: Cuts::None,
        reply,
    })
}

fn request() -> impl Strategy<Value = Vec<u8>> {
    const METHODS: &[&str] = &["GET", "OPTIONS", "POST", "HEAD", "PUT", "DELETE", "PATCH"];
    const PATHS: &[&str] = &[
        "/",
        "/api",
        "/api/",
        "/api/items",
        "/api/items/7",
        "/assets/app-5814969b.js",
        "/assets/",
        "/assets",
        "/help/",
        "/help",
        "/a",
        "/abc",
        "/API/x",
        "/index.html",
        "/x%20y",
        "/api/x/y",
        "/stomp/x",
        "/help/shelf%20plan.png",
        "/nowhere.js",
        "/%2541",
        "/%41",
        "/robots.txt",
        "//api//x",
        "/api/../help/",
        "/api/%2e%2e/x",
        "/api;x",
        "/caf%C3%A9",
        "/api%2Fitems",
        "/nowhere/",
        "/assets/nowhere.css",
        "/index.html/",
        "/help/index.html",
        "/app-5814969b.js",
    ];
    const QUERIES: &[&str] = &["", "?a=1", "?", "?a=A&b=%20", "?x#y", "?#"];
    const FIELDS: &[&str] = &[
        "Origin: http://example.com",
        "Origin: null",
        "Cookie: a=1; b=2",
        "Range: bytes=0-4",
        "Range: bytes=99999-",
        "If-None-Match: *",
        "If-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT",
        "X-Forwarded-For: 1.2.3.4",
        "Accept: */*",
        "Upgrade: websocket",
        "Access-Control-Request-Method: POST",
        "Authorization: Bearer x",
        "Connection: close",
        "Content-Length: 5",
    ];
    let path = prop_oneof![3 => select(&PATHS[..6]), 5 => select(PATHS)];
    let query = prop_oneof![4 => Just(""), 1 => select(QUERIES)];
    let version = prop_oneof![9 => Just("1.1"), 1 => Just("1.0")];
    let host = prop_oneof![8 => Just("@HOST@"), 1 => Just("www.@HOST@:80"), 1 => Just("other")];
    let method = prop_oneof![3 => Just("GET"), 5 => select(METHODS)];
    (method, path, query, version, host, vec(select(FIELDS), 0..3)).prop_map(
        |(method, path, query, version, host, mut fields)| {
            fields.sort_unstable();
            fields.dedup_by_key(|field| field.split(':').next());
            let body = if fields.contains(&"Content-Length: 5") { "hello" } else { "" };
            let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
            format!("{method} {path}{query} HTTP/{version}\r\nHost: {host}\r\n{fields}\r\n{body}")
                .into_bytes()
        },
    )
}

impl Stream {
    /// The same to the server of this name.
    pub(super) fn to_host(&self, name: &str) -> Stream {
        let named = |request: &Vec<u8>| String::from_utf8_lossy(request).replace(HOST, name).into_bytes();
        Stream { requests: self.requests.iter().map(named).collect(), ..self.clone() }
    }
}
