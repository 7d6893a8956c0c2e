//! Which location a URI belongs to: `ngx_http_core_find_location`.

use crate::model::{Location, LocationId, LocationTree, Pattern, PrefixLocation};

/// A location that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The location.
    pub id: LocationId,
    /// The URI lacks the last slash of the location's name: the client is redirected (301) to that name.
    pub auto_redirect: bool,
}

/// How far the prefixes of a level have come.
enum Prefix {
    /// No other location can be better.
    Final(Found),
    /// The best so far, if any, and whether regular expressions are still to be tried.
    Best(Option<LocationId>, bool),
}

/// The location for a normalised `uri`, in nginx's order: exact, longest prefix, then regular expressions in file order
/// unless that prefix is `^~`; and the same again among the locations nested in what was chosen.
///
/// `matches` runs an expression on the URI and keeps its captures. `None` when no location matches.
pub fn find(
    tree: &LocationTree,
    locations: &[Location],
    uri: &[u8],
    matches: &mut impl FnMut(&Pattern, &[u8]) -> bool,
) -> Option<Found> {
    level(tree, locations, uri, matches).0
}

/// What a level finds, and whether that is final for the levels around it: not tried against their expressions.
fn level(
    tree: &LocationTree,
    locations: &[Location],
    uri: &[u8],
    matches: &mut impl FnMut(&Pattern, &[u8]) -> bool,
) -> (Option<Found>, bool) {
    let best = match prefix(tree, uri) {
        Prefix::Final(found) => return (Some(found), true),
        Prefix::Best(None, regex) => (None, regex),
        Prefix::Best(Some(id), regex) => {
            let inner = nested(locations, id).map(|tree| level(tree, locations, uri, matches));
            match inner {
                Some((found, true)) => return (found, true),
                Some((Some(found), false)) => (Some(found), regex),
                _ => (Some(Found { id, auto_redirect: false }), regex),
            }
        }
    };
    match best {
        (found, true) => match regex(tree, locations, uri, matches) {
            Some(id) => (Some(Found { id, auto_redirect: false }), true),
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
    matches: &mut impl FnMut(&Pattern, &[u8]) -> bool,
) -> Option<LocationId> {
    let (_, id) = tree.regex.iter().find(|(pattern, _)| matches(pattern, uri))?;
    let inner = nested(locations, *id).and_then(|tree| regex(tree, locations, uri, matches));
    Some(inner.unwrap_or(*id))
}

fn nested(locations: &[Location], id: LocationId) -> Option<&LocationTree> {
    locations.get(id.0).and_then(|location| location.nested.as_ref())
}

fn prefix(tree: &LocationTree, uri: &[u8]) -> Prefix {
    if !tree.exact.is_empty()
        && let Some(id) = tree.exact.get(uri)
    {
        return Prefix::Final(Found { id: *id, auto_redirect: false });
    }
    let best: Option<&PrefixLocation> = tree.prefix.iter().find(|location| uri.starts_with(&location.prefix));
    if !tree.redirect.is_empty()
        && best.is_none_or(|best| best.prefix.len() < uri.len())
        && let Some(id) = tree.redirect.get(uri)
    {
        return Prefix::Final(Found { id: *id, auto_redirect: true });
    }
    Prefix::Best(best.map(|best| best.id), best.is_none_or(|best| !best.no_regex))
}
