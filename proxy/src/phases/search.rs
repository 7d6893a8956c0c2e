//! The search for a location, told as it goes.

use crate::exchange::Exchange;
use crate::trace::{Candidate, Outcome, Step, shown};
use nginx_conf::locate::{self, Match, Search};
use nginx_conf::model::{LocationId, LocationTree, Pattern};

/// Looks for the location of the current URI, and tells what was considered.
pub(super) fn traced(x: &Exchange<'_>) -> Option<Match> {
    let server = x.server;
    let mut search = Traced { x, candidates: Vec::new() };
    let found = locate::find(&server.tree, &x.http.locations, &x.uri, &mut search);
    let Traced { candidates, .. } = search;
    let directive = found.and_then(|found| x.written_in(found.id).block());
    let outcomes = candidates.into_iter().filter_map(|(id, outcome)| {
        let outcome = match (outcome, found) {
            (Outcome::Exact, Some(Match { auto_redirect: true, .. })) => Outcome::LacksSlash,
            _ => outcome,
        };
        Some(Candidate { directive: x.written_in(id).block()?, outcome })
    });
    let candidates = outcomes.collect();
    x.trace(|_| Step::Location { uri: shown(&x.uri), candidates, directive });
    found
}

/// A search, and what was considered in it.
struct Traced<'x, 'a> {
    x: &'x Exchange<'a>,
    candidates: Vec<(LocationId, Outcome)>,
}

impl Traced<'_, '_> {
    fn set(&mut self, id: LocationId, outcome: Outcome) {
        if let Some((_, known)) = self.candidates.iter_mut().find(|(known, _)| *known == id) {
            *known = outcome;
        }
    }
}

impl Search for Traced<'_, '_> {
    fn matches(&mut self, pattern: &Pattern, uri: &[u8]) -> bool {
        self.x.matches(pattern, uri)
    }

    /// Notes all locations of the level: names first, then expressions, each in the order of the file.
    fn level(&mut self, tree: &LocationTree) {
        let uri = &self.x.uri;
        let exact = tree.exact.values().map(|id| (*id, Outcome::DoesNotFit));
        let prefixes = tree.prefix.iter().map(|(prefix, location)| {
            let outcome = if uri.starts_with(prefix) { Outcome::ShorterPrefix } else { Outcome::DoesNotFit };
            (location.id, outcome)
        });
        let mut named: Vec<(LocationId, Outcome)> = exact.chain(prefixes).collect();
        named.sort_by_key(|(id, _)| id.0);
        self.candidates.extend(named);
        self.candidates.extend(tree.regex.iter().map(|(_, id)| (*id, Outcome::NotTried)));
    }

    fn prefix(&mut self, location: LocationId, is_final: bool) {
        let is_exact =
            self.candidates.iter().any(|(id, outcome)| *id == location && *outcome == Outcome::DoesNotFit);
        let outcome = match (is_exact, is_final) {
            (true, _) => Outcome::Exact,
            (false, true) => Outcome::LongestPrefixFinal,
            (false, false) => Outcome::LongestPrefix,
        };
        self.set(location, outcome);
    }

    fn regex(&mut self, location: LocationId, matches: bool) {
        self.set(location, if matches { Outcome::Matches } else { Outcome::DoesNotMatch });
    }
}
