//! `server_name`: selects the virtual server by `Host` or SNI.

use nginx_conf::model::{Pattern, ServerNames};

/// The name of a server that fits.
#[derive(Debug, Clone, Copy)]
pub(super) enum FittingName<'n> {
    Exact,
    /// What a name must end with.
    Leading(&'n str),
    /// What a name must begin with.
    Trailing(&'n str),
    Regex(&'n Pattern),
}

/// The server of `name` (in lower case, without a port), and its name: the exact name, the longest leading wildcard, the
/// longest trailing wildcard, or the first regular expression that `matches`.
pub(super) fn find<'n>(
    names: &'n ServerNames,
    name: &str,
    matches: impl Fn(&Pattern) -> bool,
) -> Option<(usize, FittingName<'n>)> {
    let leading = || names.leading.iter().find(|(part, _)| name.ends_with(part.as_str()));
    let trailing = || names.trailing.iter().find(|(part, _)| name.starts_with(part.as_str()));
    let regex = || names.regex.iter().find(|(pattern, _)| !name.is_empty() && matches(pattern));
    let exact = names.exact.get(name).map(|index| (*index, FittingName::Exact));
    exact
        .or_else(|| leading().map(|(part, index)| (*index, FittingName::Leading(part))))
        .or_else(|| trailing().map(|(part, index)| (*index, FittingName::Trailing(part))))
        .or_else(|| regex().map(|(pattern, index)| (*index, FittingName::Regex(pattern))))
}
