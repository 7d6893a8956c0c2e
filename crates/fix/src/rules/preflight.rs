//! Preflights, which browsers follow nowhere (Fetch §4.8).

use crate::conf::{Entry, Id};
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// The variable that notes that a request is to be sent on.
const VARIABLE: &str = "$redirect";

/// A redirect of every request, or in an `if`, sends preflights on, too.
pub(super) fn redirected(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("reflight") || !fault.mentions("redirect") {
        return Vec::new();
    }
    let Some(place) = fault.place() else { return Vec::new() };
    let mut proposals = Vec::new();
    for level in fault.conf.levels(place).into_iter().flatten() {
        let block = fault.conf.get(level);
        if !(block.is("location") || block.is("server")) {
            continue;
        }
        proposals.extend(block.inner.iter().filter_map(|id| spared(fault, *id)));
    }
    proposals
}

fn is_redirect(entry: &Entry) -> bool {
    let is_status = ["301", "302", "303", "307", "308"].contains(&entry.arg(0));
    entry.is("return") && (is_status && entry.args.len() > 1 || entry.arg(0).contains("://"))
}

/// The redirect `id`, or the `if` around one, with preflights left out.
fn spared(fault: &Fault<'_>, id: Id) -> Option<Proposal> {
    let entry = fault.conf.get(id);
    let inner: Vec<&Entry> = entry.inner.iter().map(|id| fault.conf.get(*id)).collect();
    let make = match inner.as_slice() {
        _ if is_redirect(entry) => {
            let wrapped = format!("if ($request_method != OPTIONS) {{ {}; }}", entry.head());
            Edit::made(|edit| edit.replace(entry, entry.span.clone(), wrapped))
        }
        // nginx has no `and`: what it comes to is noted, and taken back.
        [redirect] if entry.is("if") && is_redirect(redirect) => Edit::made(|edit: &mut Edit| {
            edit.insert_before(fault.files, entry, &[format!("set {VARIABLE} \"\";")]);
            edit.replace(redirect, redirect.span.clone(), format!("set {VARIABLE} 1;"));
            let behind = [
                format!("if ($request_method = OPTIONS) {{ set {VARIABLE} \"\"; }}"),
                format!("if ({VARIABLE}) {{ {}; }}", redirect.head()),
            ];
            edit.insert_after(fault.files, entry, &behind);
        }),
        _ => return None,
    };
    let redirect = inner.first().copied().filter(|_| entry.is("if")).unwrap_or(entry);
    Some(Proposal::new(format!("leave preflights out of `{}`", redirect.head()), make))
}

/// The headers by which a preflight is answered (Fetch §3.3.3).
const ANSWER: [&str; 3] =
    ["Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"];

/// A preflight is put to the app, or refused, where the proxy does CORS.
pub(super) fn refused(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("reflight") || fault.mentions("redirect") {
        return Vec::new();
    }
    let Some(place) = fault.place().filter(|place| fault.conf.get(*place).is("location")) else {
        return Vec::new();
    };
    let added: Vec<&Entry> =
        fault.conf.in_force(place, "add_header").into_iter().map(|id| fault.conf.get(id)).collect();
    let is_said = |name: &&str| added.iter().any(|entry| entry.arg(0).eq_ignore_ascii_case(name));
    let promised = &fault.source.profile.preflight;
    let of_profile = [&None, &promised.allow_methods, &promised.allow_headers];
    // Which methods and headers are meant, only the configuration or the profile can say.
    let mut lines: Vec<String> = added.iter().map(|entry| entry.head() + ";").collect();
    for (name, value) in ANSWER.iter().zip(of_profile) {
        match value {
            _ if is_said(name) => {}
            Some(value) => lines.push(format!("add_header {name} \"{value}\" always;")),
            None => return Vec::new(),
        }
    }
    let first = fault.conf.get(place).inner.first().map(|id| fault.conf.get(*id));
    let answer = format!("if ($request_method = OPTIONS) {{\n\t{}\n\treturn 204;\n}}", lines.join("\n\t"));
    let make = Edit::made(|edit| {
        if let Some(first) = first {
            edit.insert_before(fault.files, first, &[answer]);
        }
    });
    vec![Proposal::new("answer preflights in the proxy, before anything else", make)]
}
