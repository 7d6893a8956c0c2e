//! A directive that the hint of a promise names, and that nginx would do without.

use std::collections::BTreeSet;

use crate::conf::Entry;
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// Without these nothing is served, or something else; or the value that they give has no default.
const NEEDED: [&str; 26] = [
    "add_header",
    "alias",
    "allow",
    "auth_basic",
    "auth_request",
    "deny",
    "events",
    "http",
    "if",
    "include",
    "index",
    "internal",
    "limit_conn",
    "limit_except",
    "limit_req",
    "listen",
    "location",
    "proxy_pass",
    "return",
    "root",
    "satisfy",
    "server",
    "server_name",
    "set",
    "try_files",
    "upstream",
];

/// Each of them in the places of the promise, the innermost first.
pub(super) fn what_the_hint_names(fault: &Fault<'_>) -> Vec<Proposal> {
    let quoted: BTreeSet<Vec<&str>> = fault.quoted().filter_map(named).collect();
    let surroundings = fault.surroundings().into_iter().flat_map(|level| fault.conf.inner(level));
    let entries = surroundings.map(|id| fault.conf.get(id));
    let suspects = entries.filter(|entry| quoted.iter().any(|words| is_suspect(entry, words)));
    let take = |entry: &Entry| {
        let title = format!("take `{}` away", entry.head());
        Proposal::new(title, Edit::made(|edit| edit.remove(fault.files, entry)))
    };
    suspects.map(take).collect()
}

/// A directive that is named, alone or with the header that it is about, and not with the value that it should have.
fn named(quoted: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = quoted.trim_end_matches(';').split_whitespace().collect();
    let name = words.first()?;
    let is_known = nginx_conf::is_known(name) && !NEEDED.contains(name);
    let is_named = words.len() == 1 || words.len() == 2 && name.ends_with("_header");
    (is_known && is_named).then_some(words)
}

/// A header that is set to nothing is taken from the request; one that has a value is meant.
fn is_suspect(entry: &Entry, words: &[&str]) -> bool {
    let Some((name, rest)) = words.split_first() else { return false };
    // What refines it counts as it: `proxy_next_upstream_tries`.
    let refines = entry.name.text.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
    let is_it = entry.is(name) || refines && rest.is_empty();
    let is_of_header = rest.first().is_none_or(|header| entry.arg(0).eq_ignore_ascii_case(header));
    is_it
        && is_of_header
        && entry.block.is_none()
        && (!entry.is("proxy_set_header") || entry.arg(1).is_empty())
}
