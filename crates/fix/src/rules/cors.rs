//! CORS by the app and by the proxy at once. Which of them is meant only the profile can say.

use hopcheck_site::profile::Cors;

use crate::conf::{Entry, Id};
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// The headers of CORS begin so.
const PREFIX: &str = "access-control-";

/// The proxy adds to answers of an app that does CORS itself.
pub(super) fn of_both(fault: &Fault<'_>) -> Vec<Proposal> {
    if fault.promised_cors() != Some(Cors::App) {
        return Vec::new();
    }
    let mut proposals = Vec::new();
    for place in fault.proxied() {
        let ifs = fault.conf.get(place).inner.iter().copied().filter(|id| fault.conf.get(*id).is("if"));
        for block in std::iter::once(place).chain(ifs) {
            proposals.extend(taken(fault, block));
        }
    }
    proposals
}

/// The headers of CORS taken out of a block, and an `if` that has nothing else with them.
fn taken(fault: &Fault<'_>, block: Id) -> Option<Proposal> {
    let around = fault.conf.get(block);
    let inner: Vec<&Entry> = around.inner.iter().map(|id| fault.conf.get(*id)).collect();
    let is_cors =
        |entry: &&&Entry| entry.is("add_header") && entry.arg(0).to_ascii_lowercase().starts_with(PREFIX);
    let headers: Vec<&&Entry> = inner.iter().filter(is_cors).collect();
    let make = Edit::made(|edit| match around.is("if") && headers.len() == inner.len() {
        true => edit.remove(fault.files, around),
        false => headers.iter().for_each(|entry| edit.remove(fault.files, entry)),
    });
    (!headers.is_empty()).then(|| Proposal::new("leave CORS to the app, as the profile says", make))
}
