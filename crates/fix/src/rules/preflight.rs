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
