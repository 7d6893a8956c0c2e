//! `server_name`: selects the virtual server by `Host` or SNI.

use nginx_conf::model::{Pattern, ServerNames};

/// The server of `name` (in lower case, without a port): the exact name, the longest leading wildcard, the longest
/// trailing wildcard, or the first regular expression that `matches`.
pub(super) fn find(names: &ServerNames, name: &str, matches: impl Fn(&Pattern) -> bool) -> Option<usize> {
    let leading = || names.leading.iter().find(|(part, _)| name.ends_with(part.as_str()));
    let trailing = || names.trailing.iter().find(|(part, _)| name.starts_with(part.as_str()));
    let regex = || names.regex.iter().find(|(pattern, _)| !name.is_empty() && matches(pattern));
    let exact = names.exact.get(name);
    exact
        .or_else(|| leading().map(|(_, index)| index))
        .or_else(|| trailing().map(|(_, index)| index))
        .or_else(|| regex().map(|(_, index)| index))
        .copied()
}
