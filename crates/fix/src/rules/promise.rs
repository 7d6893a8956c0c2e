//! What the profile says of a route or an upstream, where that is all there is to know.

use hopcheck_site::profile::{PromisedRoute, Seconds};

use super::headers;
use crate::conf::Id;
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// The headers by which app servers are told who asked for what, and where nginx has it.
const FORWARDED: [(&str, &str); 7] = [
    ("Host", "$host"),
    ("X-Real-IP", "$remote_addr"),
    ("X-Forwarded-For", "$proxy_add_x_forwarded_for"),
    ("X-Forwarded-Proto", "$scheme"),
    ("X-Forwarded-Host", "$host"),
    ("X-Forwarded-Port", "$server_port"),
    ("X-Request-ID", "$request_id"),
];

/// A route that is served otherwise than promised.
pub(super) fn of_route(fault: &Fault<'_>) -> Vec<Proposal> {
    let Some((promised, place)) = fault.promised().zip(fault.place()) else { return Vec::new() };
    let mut proposals = Vec::new();
    if fault.mentions("the app is not given") {
        proposals.extend(forwards(fault, promised, place));
    }
    if let Some(Seconds(longest)) = promised.longest_answer.filter(|_| fault.mentions("proxy_read_timeout")) {
        let line = format!("proxy_read_timeout {longest}s;");
        let make = Edit::made(|edit| put(edit, fault, place, "proxy_read_timeout", line));
        proposals.push(Proposal::new(format!("wait {longest} s for an answer"), make));
    }
    if let Some(to) = promised.to.as_deref().filter(|_| fault.mentions("it leads to")) {
        let directives = ["proxy_pass", "alias", "root"].into_iter();
        let written = directives.filter_map(|name| fault.conf.own(place, name)).map(|id| fault.conf.get(id));
        proposals.extend(written.map(|entry| {
            let title = format!("lead to {to}, as the profile says");
            Proposal::new(title, Edit::made(|edit| edit.set_arg(entry, 0, to)))
        }));
    }
    proposals
}

/// The headers that are promised and that nginx has a variable for.
fn forwards(fault: &Fault<'_>, promised: &PromisedRoute, place: Id) -> Option<Proposal> {
    let set = fault.conf.in_force(place, "proxy_set_header").into_iter().map(|id| fault.conf.get(id).arg(0));
    let set: Vec<&str> = set.collect();
    let is_lost = |name: &&String| !set.iter().any(|other| other.eq_ignore_ascii_case(name));
    let lost = promised.forwards.iter().flatten().filter(is_lost);
    let known = |name: &String| {
        FORWARDED.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let fields: Option<Vec<(&str, &str)>> = lost.map(|name| Some((name.as_str(), known(name)?))).collect();
    let fields = fields.filter(|fields| !fields.is_empty())?;
    let names = fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let make = Edit::made(|edit| headers::set(edit, fault, place, "proxy_set_header", &fields));
    Some(Proposal::new(format!("give the app {names}"), make))
}

/// An upstream that spreads requests otherwise than promised.
pub(super) fn of_upstream(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("requests are spread by") {
        return Vec::new();
    }
    let promised = fault.source.profile.upstreams.iter();
    let named = promised.filter(|(name, _)| fault.record.name.contains(name.as_str()));
    let mut proposals = Vec::new();
    for (name, upstream) in named {
        let Some((block, balancing)) = fault.conf.upstream(name).zip(upstream.balancing.as_deref()) else {
            continue;
        };
        let inner: Vec<_> = fault.conf.get(block).inner.iter().map(|id| fault.conf.get(*id)).collect();
        let methods = ["ip_hash", "least_conn", "random", "hash"];
        let own = inner.iter().find(|entry| methods.iter().any(|method| entry.is(method)));
        let make = Edit::made(|edit| match (own, inner.first(), balancing) {
            (Some(own), _, "round robin") => edit.remove(fault.files, own),
            (Some(own), _, method) => edit.replace(own, own.span.clone(), format!("{method};")),
            (None, Some(first), method) if method != "round robin" => {
                edit.insert_before(fault.files, first, &[format!("{method};")]);
            }
            _ => {}
        });
        proposals.push(Proposal::new(format!("spread the requests of `{name}` by {balancing}"), make));
    }
    proposals
}

/// Has the block say `line`, in place of its own directive of that name if it has one.
fn put(edit: &mut Edit, fault: &Fault<'_>, block: Id, name: &str, line: String) {
    match fault.conf.own(block, name).map(|id| fault.conf.get(id)) {
        Some(entry) => edit.replace(entry, entry.span.clone(), line),
        None => edit.insert_into(fault.files, fault.conf, block, &["proxy_pass"], &[line]),
    }
}
