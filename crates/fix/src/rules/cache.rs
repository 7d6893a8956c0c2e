//! Answers that a cache gives to others than those they were made for (RFC 9111 §5.2.2.7).

use crate::conf::Entry;
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::{Allowed, Proposal};

/// By these an app says whose an answer is.
const PRIVATE: [&str; 3] = ["cache-control", "set-cookie", "vary"];

/// A cache that does not listen to the app, or does not look at who asks.
pub(super) fn of_others(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("proxy_cache") {
        return Vec::new();
    }
    let mut proposals = Vec::new();
    for place in fault.proxied() {
        let in_force = |name: &str| fault.conf.in_force(place, name).into_iter().map(|id| fault.conf.get(id));
        if in_force("proxy_cache").next().is_none() {
            continue;
        }
        proposals.extend(in_force("proxy_ignore_headers").map(|entry| listening(fault, entry)));
        let who = ["proxy_cache_bypass $http_authorization;", "proxy_no_cache $http_authorization;"];
        let make = Edit::made(|edit| {
            edit.insert_into(fault.files, fault.conf, place, &["proxy_cache"], &who.map(str::to_owned));
        });
        proposals.push(Proposal::new("keep no answer to a user who has signed in", make));
    }
    proposals.into_iter().map(|proposal| proposal.allowing(Allowed::Failures)).collect()
}

/// `proxy_ignore_headers` without those by which the app says whose an answer is.
fn listening(fault: &Fault<'_>, entry: &Entry) -> Proposal {
    let is_private = |name: &str| PRIVATE.contains(&name.to_ascii_lowercase().as_str());
    let rest: Vec<&str> =
        entry.args.iter().filter(|word| !is_private(&word.text)).map(|word| word.raw.as_str()).collect();
    let make = Edit::made(|edit| match rest.as_slice() {
        [] => edit.remove(fault.files, entry),
        rest => edit.replace(entry, entry.span.clone(), format!("{} {};", entry.name.raw, rest.join(" "))),
    });
    Proposal::new("let the app say whose an answer is", make)
}
