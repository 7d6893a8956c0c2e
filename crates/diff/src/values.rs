//! What cannot be seen in one request, or takes waiting: limits of time and rate, buffers, logs, TLS, who is let in by
//! address. It is read from the configuration, as it holds for a place, and compared as values.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hopcheck_site::Node;

use crate::access::let_in;
use crate::configuration::Configuration;
use crate::observation::{Field, Kind, Observation};

/// Directives whose values are compared where a request comes to.
const OF_PLACES: [(&str, Kind); 52] = [
    ("auth_basic_user_file", Kind::Access),
    ("client_body_buffer_size", Kind::Limits),
    ("client_body_timeout", Kind::Limits),
    ("client_header_buffer_size", Kind::Limits),
    ("client_header_timeout", Kind::Limits),
    ("client_max_body_size", Kind::Limits),
    ("keepalive_requests", Kind::Limits),
    ("keepalive_time", Kind::Limits),
    ("keepalive_timeout", Kind::Limits),
    ("large_client_header_buffers", Kind::Limits),
    ("limit_conn", Kind::Limits),
    ("limit_conn_status", Kind::Limits),
    ("limit_rate", Kind::Limits),
    ("limit_rate_after", Kind::Limits),
    ("limit_req", Kind::Limits),
    ("limit_req_status", Kind::Limits),
    ("lingering_close", Kind::Limits),
    ("lingering_timeout", Kind::Limits),
    ("open_file_cache", Kind::Limits),
    ("proxy_buffer_size", Kind::Limits),
    ("proxy_buffering", Kind::Limits),
    ("proxy_buffers", Kind::Limits),
    ("proxy_cache_lock", Kind::Limits),
    ("proxy_cache_use_stale", Kind::Limits),
    ("proxy_cache_valid", Kind::Limits),
    ("proxy_connect_timeout", Kind::Limits),
    ("proxy_ignore_client_abort", Kind::Limits),
    ("proxy_limit_rate", Kind::Limits),
    ("proxy_max_temp_file_size", Kind::Limits),
    ("proxy_next_upstream", Kind::Limits),
    ("proxy_next_upstream_timeout", Kind::Limits),
    ("proxy_next_upstream_tries", Kind::Limits),
    ("proxy_read_timeout", Kind::Limits),
    ("proxy_request_buffering", Kind::Limits),
    ("proxy_send_timeout", Kind::Limits),
    ("proxy_socket_keepalive", Kind::Limits),
    ("proxy_ssl_name", Kind::Connection),
    ("proxy_ssl_server_name", Kind::Connection),
    ("proxy_ssl_verify", Kind::Connection),
    ("reset_timedout_connection", Kind::Limits),
    ("resolver_timeout", Kind::Limits),
    ("satisfy", Kind::Access),
    ("send_timeout", Kind::Limits),
    ("set_real_ip_from", Kind::Access),
    ("real_ip_header", Kind::Access),
    ("tcp_nodelay", Kind::Limits),
    ("access_log", Kind::Logs),
    ("error_log", Kind::Logs),
    ("log_not_found", Kind::Logs),
    ("log_subrequest", Kind::Logs),
    ("rewrite_log", Kind::Logs),
    ("open_log_file_cache", Kind::Logs),
];

/// Directives of TLS, compared for each server that speaks it.
const OF_TLS: [&str; 14] = [
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_ciphers",
    "ssl_client_certificate",
    "ssl_early_data",
    "ssl_ecdh_curve",
    "ssl_prefer_server_ciphers",
    "ssl_protocols",
    "ssl_reject_handshake",
    "ssl_session_cache",
    "ssl_session_tickets",
    "ssl_session_timeout",
    "ssl_stapling",
    "ssl_verify_client",
];

/// Directives of the main context and `events`.
const OF_THE_WHOLE: [&str; 6] = [
    "worker_shutdown_timeout",
    "worker_connections",
    "worker_rlimit_nofile",
    "worker_processes",
    "user",
    "pcre_jit",
];

/// Words of an upstream that are seen in no single request.
const OF_UPSTREAMS: [&str; 11] = [
    "least_conn",
    "ip_hash",
    "hash",
    "random",
    "keepalive",
    "keepalive_requests",
    "keepalive_timeout",
    "keepalive_time",
    "zone",
    "sticky",
    "least_time",
];

/// What holds for requests to `path`.
pub(crate) fn of_place(conf: &Configuration, port: &str, host: &str, path: &str) -> Observation {
    let mut seen = BTreeMap::new();
    let Some(levels) = conf.levels(port, host, path) else { return Observation(seen) };
    let passes_on = levels.last().is_some_and(|level| passes_on(level));
    for (name, kind) in OF_PLACES.into_iter().filter(|(name, _)| passes_on || !name.starts_with("proxy_")) {
        let found = in_force(&levels, name);
        let value = match found.is_empty() {
            true => default_of(name).map(|default| plain(name, &[default.to_owned()])),
            false => Some(all(name, &found)),
        };
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let value =
                if name == "access_log" { format!("{value}{}", formats(conf, &found)) } else { value };
            seen.insert(Field::new(kind, name), value);
        }
    }
    add_who_is_let_in(&levels, &mut seen);
    add_conditional_logs(&levels, &mut seen);
    let is_tls = conf
        .server_of(port, host)
        .is_some_and(|block| block.server.listen.iter().any(|listen| listen.port() == port && listen.tls));
    for name in OF_TLS.into_iter().filter(|_| is_tls) {
        let found = in_force(&levels, name);
        if !found.is_empty() {
            seen.insert(Field::new(Kind::Connection, name), all(name, &found));
        }
    }
    if let Some(upstream) = upstream_of(conf, &levels) {
        add_upstream(upstream, &mut seen);
    }
    Observation(seen)
}

/// Who is let in by address: here, and by other methods than those of a `limit_except`.
fn add_who_is_let_in(levels: &[&[Node]], seen: &mut BTreeMap<Field, String>) {
    seen.extend(let_in(levels).map(|value| (Field::new(Kind::Access, "allow"), value)));
    for exception in levels.last().into_iter().flat_map(|level| level.iter()) {
        if exception.is("limit_except")
            && let Some(value) = let_in(&[&exception.inner])
        {
            seen.insert(
                Field::new(Kind::Access, &format!("allow, but for {}", exception.args.join(" "))),
                value,
            );
        }
    }
}

/// What is logged where a condition holds, which no request shows either.
fn add_conditional_logs(levels: &[&[Node]], seen: &mut BTreeMap<Field, String>) {
    let conditions = levels.iter().flat_map(|level| level.iter()).filter(|node| node.is("if"));
    for condition in conditions {
        let found = in_force(&[&condition.inner], "access_log");
        if !found.is_empty() {
            let name = format!("access_log {}", condition.head);
            seen.insert(Field::new(Kind::Logs, &name), all("access_log", &found));
        }
    }
}

/// Whether requests are passed on to app servers here.
pub(crate) fn passes_on(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| node.is("proxy_pass") || !node.is("location") && passes_on(&node.inner))
}

/// What holds for all of it.
pub(crate) fn of_whole(conf: &Configuration) -> Observation {
    let mut seen = BTreeMap::new();
    let events = conf.nodes.iter().filter(|node| node.is("events")).flat_map(|node| &node.inner);
    for node in conf.nodes.iter().chain(events) {
        if OF_THE_WHOLE.contains(&node.name.as_str()) {
            seen.insert(Field::new(Kind::Limits, &node.name), plain(&node.name, &node.args));
        }
    }
    let listened: BTreeSet<String> =
        conf.servers().flat_map(|block| &block.server.listen).map(|listen| of_any(&listen.address)).collect();
    let listened: Vec<String> = listened.into_iter().collect();
    seen.insert(Field::new(Kind::Connection, "listen at"), listened.join(", "));
    Observation(seen)
}

/// An address with its port, `*:80` for every address of IPv4.
fn of_any(address: &str) -> String {
    let is_port = address.bytes().all(|byte| byte.is_ascii_digit());
    match address.strip_prefix("0.0.0.0:").or_else(|| address.strip_prefix("*:")) {
        Some(port) => format!("*:{port}"),
        None if is_port => format!("*:{address}"),
        None if address.starts_with("unix:") || address.ends_with(']') || address.contains(':') => {
            address.to_owned()
        }
        None => format!("{address}:80"),
    }
}

/// The directives of a name that hold: those of the innermost level that has one.
fn in_force<'a>(levels: &[&'a [Node]], name: &str) -> Vec<&'a Node> {
    let of_level =
        |level: &&'a [Node]| -> Vec<&'a Node> { level.iter().filter(|node| node.is(name)).collect() };
    levels.iter().rev().map(of_level).find(|found| !found.is_empty()).unwrap_or_default()
}

/// The upstream that a place passes requests to, if it is one by name.
fn upstream_of<'a>(conf: &'a Configuration, levels: &[&'a [Node]]) -> Option<&'a Node> {
    let pass = levels.last()?.iter().find(|node| node.is("proxy_pass"))?;
    conf.upstream(upstream_name(pass)?)
}

/// What a `proxy_pass` calls its upstream; none where it has a port, as only a host does.
pub(crate) fn upstream_name(pass: &Node) -> Option<&str> {
    let (_, rest) = pass.arg(0).split_once("://")?;
    rest.split(['/', '$', '?']).next().filter(|name| !name.contains(':'))
}

fn add_upstream(upstream: &Node, seen: &mut BTreeMap<Field, String>) {
    for node in &upstream.inner {
        if OF_UPSTREAMS.contains(&node.name.as_str()) {
            let name = format!("upstream: {}", node.name);
            // The zone's name is of no account.
            let args = if node.is("zone") { node.args.get(1..).unwrap_or_default() } else { &node.args };
            let value = plain(&node.name, args);
            seen.insert(
                Field::new(Kind::Limits, &name),
                if value.is_empty() { "on".to_owned() } else { value },
            );
        }
        if node.is("server") {
            let mut words: Vec<String> = node
                .args
                .iter()
                .skip(1)
                .map(|word| server_word(word))
                .filter(|word| !word.is_empty())
                .collect();
            words.sort_unstable();
            let name = format!("upstream: server {}", node.arg(0));
            let value = if words.is_empty() { "listed".to_owned() } else { words.join(" ") };
            seen.insert(Field::new(Kind::Limits, &name), value);
        }
    }
}

/// A parameter of a server; empty if it is the default.
fn server_word(word: &str) -> String {
    match word {
        "weight=1" | "max_fails=1" | "fail_timeout=10" | "fail_timeout=10s" | "max_conns=0" => String::new(),
        word => match word.split_once('=') {
            Some((name, value)) => format!("{name}={}", of_unit(name, value)),
            None => word.to_owned(),
        },
    }
}

/// Several directives as one value; their order counts where nginx goes by it.
fn all(name: &str, found: &[&Node]) -> String {
    let mut values: Vec<String> = found.iter().map(|node| plain(name, &node.args)).collect();
    if name != "limit_req" {
        values.sort_unstable();
    }
    values.join("; ")
}

/// The format of each access log, as what it writes and not by its name.
fn formats(conf: &Configuration, logs: &[&Node]) -> String {
    let formats: Vec<&Node> =
        conf.http_blocks().flat_map(|http| &http.inner).filter(|node| node.is("log_format")).collect();
    let used = logs.iter().filter_map(|log| formats.iter().find(|format| log.arg(1) == format.arg(0)));
    let texts: Vec<String> = used.map(|format| format.args.get(1..).unwrap_or_default().concat()).collect();
    if texts.is_empty() { String::new() } else { format!(" ({})", texts.join("; ")) }
}

/// Arguments with times and sizes in one unit each.
fn plain(name: &str, args: &[String]) -> String {
    // What a zone or a format is called is of no account.
    let args: Vec<String> = args
        .iter()
        .enumerate()
        .filter(|(nth, _)| !(name == "access_log" && *nth == 1))
        .map(|(_, word)| match word.split_once('=') {
            Some((key, _)) if name == "limit_req" && key == "zone" => "zone".to_owned(),
            Some((key, value)) => format!("{key}={}", of_unit(key, value)),
            None => of_unit(name, word),
        })
        .collect();
    args.join(" ")
}

fn of_unit(name: &str, word: &str) -> String {
    let is_time = ["timeout", "time", "inactive", "valid"].iter().any(|end| name.ends_with(end));
    if is_time && let Some(time) = nginx_conf::parse_time(word) {
        return seconds(time);
    }
    let is_size =
        ["size", "buffers", "buffer_size", "rate", "rate_after"].iter().any(|end| name.ends_with(end));
    match size(word).filter(|_| is_size) {
        Some(bytes) => bytes_text(bytes),
        // Where nginx has its configuration, in the builds that most have.
        None if name.ends_with("_file") => word.trim_start_matches("/etc/nginx/").to_owned(),
        None => word.to_owned(),
    }
}

fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} s", time.as_secs()),
        _ => format!("{} ms", time.as_millis()),
    }
}

/// A number of bytes, as nginx writes it.
pub(crate) fn size(word: &str) -> Option<u64> {
    let lower = word.to_ascii_lowercase();
    let (digits, scale) = match lower.as_bytes().last()? {
        b'k' => (&lower[..lower.len() - 1], 1 << 10),
        b'm' => (&lower[..lower.len() - 1], 1 << 20),
        b'g' => (&lower[..lower.len() - 1], 1 << 30),
        _ => (lower.as_str(), 1_u64),
    };
    digits.parse::<u64>().ok()?.checked_mul(scale)
}

fn bytes_text(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        _ if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

/// What nginx does where nothing is said.
fn default_of(name: &str) -> Option<&'static str> {
    let command = nginx_conf::table::commands().find(|command| command.name == name)?;
    Some(command.default).filter(|default| !default.is_empty() && !default.contains(['(', '—', '|', '-']))
}

/// The limit of bodies that holds for `path`, in bytes; 0 for none.
pub(crate) fn body_limit(conf: &Configuration, port: &str, host: &str, path: &str) -> u64 {
    let levels = conf.levels(port, host, path).unwrap_or_default();
    in_force(&levels, "client_max_body_size").first().and_then(|node| size(node.arg(0))).unwrap_or(1 << 20)
}
