//! Which location a URI belongs to: `ngx_http_core_find_location`.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::model::{Location, LocationId, LocationTree, Pattern};

/// A location that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The location.
    pub id: LocationId,
    /// The URI lacks the last slash of the location's name: the client is redirected (301) to that name.
    pub auto_redirect: bool,
}

/// What runs the expressions of a search; it may also look on.
pub trait Search {
    /// Whether an expression matches the URI. Its captures are kept.
    fn matches(&mut self, pattern: &Pattern, uri: &[u8]) -> bool;

    /// The locations of a level are looked through.
    fn level(&mut self, _level: &LocationTree) {}

    /// The exact location of a level, or else its longest prefix; its expressions are not tried if that `is_final`.
    fn prefix(&mut self, _location: LocationId, _is_final: bool) {}

    /// An expression of a level was tried.
    fn regex(&mut self, _location: LocationId, _matches: bool) {}
}

/// One that does not look on.
impl<M: FnMut(&Pattern, &[u8]) -> bool> Search for M {
    fn matches(&mut self, pattern: &Pattern, uri: &[u8]) -> bool {
        self(pattern, uri)
    }
}

/// How far the prefixes of a level have come.
enum Prefix {
    /// No other location can be better.
    Final(Match),
    /// The best so far, if any, and whether regular expressions are still to be tried.
    Best(Option<LocationId>, bool),
}

/// The location for a normalised `uri`, in nginx's order: exact, longest prefix, then regular expressions in file order
/// unless that prefix is `^~`; and the same again among the locations nested in what was chosen.
///
/// `search` runs expressions on the URI and keeps their captures. `None` when no location matches.
pub fn find(
    tree: &LocationTree,
    locations: &[Location],
    uri: &[u8],
    search: &mut impl Search,
) -> Option<Match> {
    level(tree, locations, uri, search).0
}

/// What a level finds, and whether that is final for the levels around it: not tried against their expressions.
fn level(
    tree: &LocationTree,
    locations: &[Location],
    uri: &[u8],
    search: &mut impl Search,
) -> (Option<Match>, bool) {
    search.level(tree);
    let best = match prefix(tree, uri) {
        Prefix::Final(found) => {
            search.prefix(found.id, true);
            return (Some(found), true);
        }
        Prefix::Best(None, regex) => (None, regex),
        Prefix::Best(Some(id), regex) => {
            search.prefix(id, !regex);
            let inner = nested(locations, id).map(|tree| level(tree, locations, uri, search));
            match inner {
                Some((found, true)) => return (found, true),
                Some((Some(found), false)) => (Some(found), regex),
                _ => (Some(Match { id, auto_redirect: false }), regex),
            }
        }
    };
    match best {
        (found, true) => match regex(tree, locations, uri, search) {
            Some(id) => (Some(Match { id, auto_redirect: false }), true),
            None => (found, false),
        },
        (found, false) => (found, false),
    }
}

/// The first expression that matches, or the one nested in it. Prefixes nested in an expression are never chosen: nginx
/// (1.22) accepts them and then forgets them.
fn regex(
    tree: &LocationTree,
    locations: &[Location],
    uri: &[u8],
    search: &mut impl Search,
) -> Option<LocationId> {
    let (_, id) = tree.regex.iter().find(|(pattern, id)| {
        let matches = search.matches(pattern, uri);
        search.regex(*id, matches);
        matches
    })?;
    let inner = nested(locations, *id).and_then(|tree| {
        search.level(tree);
        regex(tree, locations, uri, search)
    });
    Some(inner.unwrap_or(*id))
}

fn nested(locations: &[Location], id: LocationId) -> Option<&LocationTree> {
    locations.get(id.0).and_then(|location| location.nested.as_ref())
}

fn prefix(tree: &LocationTree, uri: &[u8]) -> Prefix {
    if !tree.exact.is_empty()
        && let Some(id) = tree.exact.get(uri)
    {
        return Prefix::Final(Match { id: *id, auto_redirect: false });
    }
    let longest = longest_prefix(&tree.prefix, uri);
    if !tree.redirect.is_empty()
        && longest.is_none_or(|(prefix, _)| prefix.len() < uri.len())
        && let Some(id) = tree.redirect.get(uri)
    {
        return Prefix::Final(Match { id: *id, auto_redirect: true });
    }
    Prefix::Best(
        longest.map(|(_, location)| location.id),
        longest.is_none_or(|(_, location)| !location.no_regex),
    )
}

/// The longest of `prefixes` that `uri` starts with.
///
/// Prefixes of a URI sort before it. If the last entry that does so is not one of them, it sorts after all of them, and
/// so starts with each: they are prefixes of what the two have in common.
fn longest_prefix<'a, T>(prefixes: &'a BTreeMap<Vec<u8>, T>, mut uri: &[u8]) -> Option<(&'a [u8], &'a T)> {
    loop {
        let (last, value) =
            prefixes.range::<[u8], _>((Bound::Unbounded, Bound::Included(uri))).next_back()?;
        let common = last.iter().zip(uri).take_while(|(a, b)| a == b).count();
        if common == last.len() {
            return Some((last, value));
        }
        uri = uri.get(..common)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_is_found_among_those_that_sort_alike() {
        // Every word of up to five letters whose bits have some pattern, and every URI of up to six.
        let words = |length: u32| {
            (0..=length).flat_map(|length| {
                (0..1_u32 << length).map(move |bits| {
                    (0..length).map(|at| if bits >> at & 1 == 0 { b'a' } else { b'b' }).collect::<Vec<u8>>()
                })
            })
        };
        for step in 1..12 {
            let prefixes: BTreeMap<Vec<u8>, ()> = words(5).step_by(step).map(|word| (word, ())).collect();
            for uri in words(6) {
                let longest = prefixes
                    .keys()
                    .filter(|prefix| uri.starts_with(prefix))
                    .max_by_key(|prefix| prefix.len());
                let found = longest_prefix(&prefixes, &uri).map(|(prefix, ())| prefix);
                assert_eq!(found, longest.map(Vec::as_slice), "{}", uri.escape_ascii());
            }
        }
    }
}
