//! Which location wins: an exact one, then `^~`, then the first pattern that matches, then the longest prefix.

use crate::conf::Entry;
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// A request comes to another location than that of its route.
pub(super) fn of_the_route(fault: &Fault<'_>) -> Vec<Proposal> {
    let Some(own) = fault.place().map(|id| fault.conf.get(id)).filter(|entry| entry.is("location")) else {
        return Vec::new();
    };
    let winners = fault.places.iter().skip(1).map(|id| fault.conf.get(*id));
    let mut patterns = winners.clone().filter(|entry| entry.is("location") && entry.arg(0).starts_with('~'));
    let mut proposals = Vec::new();
    // Below `/` everything would be taken from every pattern.
    if let ([name], Some(pattern)) = (own.args.as_slice(), patterns.next())
        && name.text != "/"
    {
        let title = format!("let `{}` win over `{}`: `^~`", own.head(), pattern.head());
        let at = name.span.start;
        proposals.push(Proposal::new(title, Edit::made(|edit| edit.replace(own, at..at, "^~ "))));
    }
    // `= /api/` where everything below is meant, and `^~ /` where nothing should win.
    for entry in std::iter::once(own).chain(winners) {
        if let ("location", [modifier, name]) = (entry.name.text.as_str(), entry.args.as_slice())
            && ["=", "^~"].contains(&modifier.text.as_str())
        {
            let title = format!("take `{}` from `{}`", modifier.text, entry.head());
            let range = modifier.span.start..name.span.start;
            proposals.push(Proposal::new(title, Edit::made(|edit| edit.replace(entry, range, ""))));
        }
    }
    proposals
}

/// How a location is called, without what decides when it wins.
pub(super) fn name(location: &Entry) -> &str {
    location.args.last().map_or("", |word| word.text.as_str())
}
