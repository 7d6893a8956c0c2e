//! Every way to ask for one path.

use std::collections::BTreeSet;

use super::at::At;
use crate::probe::{AppAnswer, BASIC_CREDENTIALS, Probe, Version, Way};

/// A path, where it is, and what is known of it.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) at: &'a At,
    pub(super) path: &'a str,
    /// Whether app servers may be behind it.
    pub(super) has_apps: bool,
    /// Whether answers may be kept for a second request.
    pub(super) caches: bool,
    /// Headers that clients may send.
    pub(super) headers: &'a BTreeSet<String>,
}

/// Methods beside GET, HEAD and OPTIONS, with a body.
const METHODS_WITH_BODY: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// A name that no server has, with a port.
const UNKNOWN_HOST_AND_PORT: &str = "unknown.hopcheck.test:8443";

/// Longer than what nginx has room for in a line unless told otherwise.
const LONG_COOKIE: usize = 9_000;

/// Requests by each method, from each origin, with each kind of header, of the sizes at the limit.
pub(super) fn of(place: &Place<'_>, origins: &[String], sizes: &BTreeSet<u64>) -> Vec<Probe> {
    let get = || Probe::get(&place.at.port, &place.at.host, place.path);
    let mut probes = vec![get(), get().way(Way::Read), get().method("HEAD"), get().method("OPTIONS")];
    probes.extend(METHODS_WITH_BODY.map(|method| get().method(method).json("{\"a\":1}")));
    for origin in origins {
        probes.push(
            get()
                .method("OPTIONS")
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "PUT")
                .header("Access-Control-Request-Headers", "authorization, content-type"),
        );
        probes.push(get().header("Origin", origin).answered(AppAnswer::Cors));
        probes.push(get().method("POST").header("Origin", origin).json("{}").answered(AppAnswer::Cors));
    }
    // By its name as one may write it, and as none of its names.
    let host = format!("{}:8443", place.at.host.to_ascii_uppercase());
    probes.extend([host, UNKNOWN_HOST_AND_PORT.to_owned()].map(|host| Probe { host: Some(host), ..get() }));
    let with_headers = place.headers.iter().fold(get(), |probe, name| probe.header(name, "from-client"));
    probes.push(with_headers.header("Under_Score", "1"));
    let query = format!("{}?q=%20a&b=/../c", place.path);
    // An app that opens no socket answers otherwise than it does else, which must not be kept for others.
    let socket = if place.caches { format!("{}?socket", place.path) } else { place.path.to_owned() };
    probes.extend([
        Probe::get(&place.at.port, &place.at.host, &query),
        get().header("Cookie", "session=1; theme=dark").header("Authorization", "Bearer abc"),
        get().header("Authorization", BASIC_CREDENTIALS),
        get().header("If-None-Match", "\"x\""),
        get().header("If-Modified-Since", "Wed, 01 Jan 2020 00:00:00 GMT"),
        get().header("Range", "bytes=0-9"),
        get().header("Accept-Encoding", "gzip"),
        get().header("Accept-Encoding", "gzip").answered(AppAnswer::Page),
        get().header("Connection", "close"),
        get().header("X-Forwarded-For", "203.0.113.9").header("X-Forwarded-Proto", "https"),
        get().header("X-Real-IP", "203.0.113.9").header("X-Request-Id", "from-client"),
        get().header("Cookie", &format!("long={}", "c".repeat(LONG_COOKIE))),
        Probe::get(&place.at.port, &place.at.host, &socket)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Protocol", "v12.stomp")
            .header("Sec-WebSocket-Extensions", "permessage-deflate")
            .answered(AppAnswer::Socket)
            .way(Way::Upgrade),
        Probe { version: Version::Http10, ..get() },
    ]);
    probes.extend(sizes.iter().map(|size| get().method("POST").way(Way::Announced(*size))));
    if place.has_apps {
        probes.extend([404, 401, 500, 503].map(|status| get().answered(AppAnswer::Status(status))));
        probes.extend([
            get().answered(AppAnswer::Redirect),
            get().answered(AppAnswer::ManyHeaders),
            get().answered(AppAnswer::LongHeader(3_000)),
            get().answered(AppAnswer::LongHeader(7_000)),
            get().method("POST").json("{}").answered(AppAnswer::Status(500)),
        ]);
        if let Some(origin) = origins.first() {
            probes.push(get().header("Origin", origin).answered(AppAnswer::Status(500)));
        }
    }
    if place.caches {
        let twice = |name: &str| {
            Probe::get(&place.at.port, &place.at.host, &format!("{}?kept={name}", place.path)).way(Way::Twice)
        };
        probes.extend([
            twice("plain"),
            twice("cookie").header("Cookie", "session=1"),
            twice("user").header("Authorization", "Bearer abc"),
            twice("error").answered(AppAnswer::Status(500)),
        ]);
    }
    probes
}
