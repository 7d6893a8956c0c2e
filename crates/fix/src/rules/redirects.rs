//! Requests that are sent on where they should stay, or to nobody.

use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::{Allowed, Proposal};

/// A `rewrite` that looks for a location anew before `proxy_pass` is reached.
pub(super) fn stays(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("proxy_pass") {
        return Vec::new();
    }
    let inner = fault.proxied().flat_map(|place| fault.conf.inner(Some(place)));
    let rewrites = inner.map(|id| fault.conf.get(id)).filter(|entry| entry.is("rewrite"));
    let edits = rewrites.filter_map(|rewrite| {
        let edit = match (rewrite.args.len(), rewrite.arg(2)) {
            (2, _) => {
                let end = rewrite.args.last()?.span.end;
                Edit::made(|edit| edit.replace(rewrite, end..end, " break"))
            }
            (3, "last") => Edit::made(|edit| edit.set_arg(rewrite, 2, "break")),
            _ => return None,
        };
        Some(Proposal::new(format!("let the request stay after `{}`: `break`", rewrite.head()), edit))
    });
    edits.collect()
}

/// A location that redirects what begins like its own name, and so what it redirects to.
pub(super) fn circle(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("location = ") {
        return Vec::new();
    }
    let places = fault.places.iter().map(|place| fault.conf.get(*place));
    let prefixes = places.filter(|entry| entry.is("location") && entry.args.len() == 1);
    let edits = prefixes.filter_map(|location| {
        let at = location.args.first()?.span.start;
        let title = format!("let `location = {}` take that path alone", location.arg(0));
        let beyond = Allowed::Beyond(location.arg(0).to_owned());
        Some(Proposal::new(title, Edit::made(|edit| edit.replace(location, at..at, "= "))).allowing(beyond))
    });
    edits.collect()
}

/// A redirect to `$server_name` of a server that has none.
pub(super) fn nameless(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("$server_name") {
        return Vec::new();
    }
    let edit = Edit::made(|edit| {
        for (_, entry) in fault.conf.all().filter(|(_, entry)| fault.mentions(&format!("`{}`", entry.head())))
        {
            for (nth, word) in entry.args.iter().enumerate() {
                if word.raw.contains("://$server_name") {
                    edit.set_arg(entry, nth, &word.raw.replace("://$server_name", "://$host"));
                }
            }
        }
    });
    vec![Proposal::new("send clients to the host that they asked: `$host`", edit)]
}
