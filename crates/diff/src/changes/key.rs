//! By what nginx tells the directives of one block apart.

use hopcheck_site::Node;

/// Directives that a block may contain several times, told apart by their first argument.
const BY_FIRST_ARGUMENT: [&str; 22] = [
    "add_header",
    "add_trailer",
    "access_log",
    "error_page",
    "geo",
    "limit_conn",
    "limit_conn_zone",
    "limit_req",
    "limit_req_zone",
    "listen",
    "log_format",
    "map",
    "proxy_cache_path",
    "proxy_cache_valid",
    "proxy_cookie_domain",
    "proxy_cookie_path",
    "proxy_hide_header",
    "proxy_redirect",
    "proxy_set_header",
    "server",
    "set",
    "sub_filter",
];

/// Directives of which only all of their words tell.
const BY_EVERY_ARGUMENT: [&str; 5] =
    ["allow", "deny", "proxy_pass_header", "set_real_ip_from", "proxy_ignore_headers"];

/// Blocks that only define what others may use.
const DEFINITIONS: [&str; 5] = ["upstream", "map", "geo", "split_clients", "types"];

/// Single directives that only define what others may use.
const SINGLE_DEFINITIONS: [&str; 4] = ["log_format", "limit_req_zone", "limit_conn_zone", "proxy_cache_path"];

/// Directives that nginx executes, or tries, one after another.
const IN_ORDER: [&str; 7] = ["if", "set", "rewrite", "return", "break", "allow", "deny"];

/// What two directives of one block must share to be the same, or the same that was changed.
pub(super) fn key(node: &Node) -> String {
    let name = node.name.as_str();
    let words = |count: usize| {
        let args = node.args.iter().take(count).map(String::as_str);
        std::iter::once(name).chain(args).collect::<Vec<_>>().join(" ")
    };
    match name {
        "server" if node.is_block => server(node),
        "add_header" | "proxy_set_header" | "proxy_hide_header" => words(1).to_ascii_lowercase(),
        "location" | "if" | "rewrite" | "types" => words(usize::MAX),
        _ if node.is_block || BY_EVERY_ARGUMENT.contains(&name) => words(usize::MAX),
        _ if BY_FIRST_ARGUMENT.contains(&name) => words(1),
        _ => name.to_owned(),
    }
}

/// A server is its names and addresses.
fn server(node: &Node) -> String {
    let mut told: Vec<&str> = Vec::new();
    for inner in &node.inner {
        match inner.name.as_str() {
            "listen" => told.push(inner.arg(0)),
            "server_name" => told.extend(inner.args.iter().map(String::as_str)),
            _ => {}
        }
    }
    told.sort_unstable();
    format!("server {}", told.join(" "))
}

/// Whether the order among such siblings counts.
pub(super) fn is_ordered(node: &Node) -> bool {
    let is_pattern = node.is("location") && node.arg(0).starts_with('~');
    let is_server = node.is("server") && node.is_block;
    is_pattern || is_server || IN_ORDER.contains(&node.name.as_str())
}

/// Whether it only defines what others may use.
pub(super) fn is_definition(node: &Node) -> bool {
    let is_named = node.is("location") && node.arg(0).starts_with('@');
    let names: &[&str] = if node.is_block { &DEFINITIONS } else { &SINGLE_DEFINITIONS };
    is_named || names.contains(&node.name.as_str())
}

/// How much two blocks have in common, from 0 to 100.
pub(super) fn likeness(a: &Node, b: &Node) -> usize {
    let lines = |node: &Node| {
        let mut lines: Vec<String> = node.inner.iter().map(|inner| inner.to_string()).collect();
        lines.sort_unstable();
        lines
    };
    let (a_lines, b_lines) = (lines(a), lines(b));
    if a_lines.is_empty() && b_lines.is_empty() {
        return 100;
    }
    let shared = a_lines.iter().filter(|line| b_lines.binary_search(line).is_ok()).count();
    200 * shared / (a_lines.len() + b_lines.len())
}
