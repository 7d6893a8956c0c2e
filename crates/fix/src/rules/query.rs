//! `$uri` and what a pattern has captured are decoded and have no query; `$request_uri` is as it was sent.

use nginx_conf::syntax::Word;

use super::slashes::{path_of, prefix};
use crate::conf::{Conf, Entry, Id};
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// What people put behind `$uri` for the query, which `$request_uri` has.
const QUERIES: [&str; 3] = ["$is_args$args", "?$args", "?$query_string"];

/// `value` with `$request_uri` in place of `$uri` and its query.
fn as_sent(value: &str) -> Option<String> {
    let at = value.find("$uri").or_else(|| value.find("${uri}"))?;
    let len = if value[at..].starts_with("${") { "${uri}".len() } else { "$uri".len() };
    let rest = &value[at + len..];
    if rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let rest = QUERIES.iter().find_map(|query| rest.strip_prefix(query)).unwrap_or(rest);
    Some(format!("{}$request_uri{rest}", &value[..at]))
}

/// A redirect, or a header, that is made of `$uri`: a line end in a path ends its line.
pub(super) fn redirects(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("$uri") && !fault.mentions("$request_uri") {
        return Vec::new();
    }
    let mut proposals = Vec::new();
    for id in within(fault.conf, &fault.surroundings()) {
        let entry = fault.conf.get(id);
        let is_sent =
            ["return", "add_header", "proxy_set_header", "rewrite"].iter().any(|name| entry.is(name));
        if let Some(nth) = entry.args.len().checked_sub(1).filter(|_| is_sent)
            && let Some(sent) = as_sent(&entry.args[nth].raw)
        {
            let title = format!("send the path as it came in `{}`: `$request_uri`", entry.head());
            proposals.push(Proposal::new(title, Edit::made(|edit| edit.set_arg(entry, nth, &sent))));
        }
    }
    proposals
}

/// The directives of these levels, and those in an `if` of them.
fn within(conf: &Conf, levels: &[Option<Id>]) -> Vec<Id> {
    let own = levels.iter().flat_map(|level| conf.inner(*level));
    own.flat_map(|id| {
        let inner = if conf.get(id).is("if") { conf.get(id).inner.clone() } else { Vec::new() };
        std::iter::once(id).chain(inner)
    })
    .collect()
}

/// A `proxy_pass` that names the path itself, and loses what it had.
pub(super) fn handed_on(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("proxy_pass") {
        return Vec::new();
    }
    let mut proposals = Vec::new();
    for place in fault.proxied() {
        let location = fault.conf.get(place);
        let Some(pass) = fault.conf.own(place, "proxy_pass").map(|id| fault.conf.get(id)) else { continue };
        let Some(Word { raw, span, .. }) = pass.args.first() else { continue };
        if let Some(sent) = as_sent(raw) {
            let title = format!("hand the path on as it came: `proxy_pass {sent}`");
            proposals.push(Proposal::new(title, Edit::made(|edit| edit.set_arg(pass, 0, &sent))));
        }
        if let Some(make) = rewritten(fault, location, pass) {
            let title =
                format!("let `rewrite … break` make the path in `{}`, which keeps it whole", location.head());
            proposals.push(Proposal::new(title, make));
        }
        if let Some(make) = behind_variable(fault, place, pass) {
            let title = format!(
                "let `rewrite … break` make the path in `{}`, and `proxy_pass` hand it on",
                location.head()
            );
            proposals.push(Proposal::new(title, make));
        }
        if path_of(raw).is_some_and(|at| raw[at..].contains('$')) && !raw.contains("$is_args") {
            let end = span.end - usize::from(raw.ends_with(['"', '\'']));
            let title = "hand the query on, too: `$is_args$args`";
            proposals
                .push(Proposal::new(title, Edit::made(|edit| edit.replace(pass, end..end, "$is_args$args"))));
        }
    }
    proposals
}

/// `location ~ ^/a/(.*)$ { proxy_pass http://app/$1; }` with the path made by `rewrite`, which encodes it again and keeps the
/// query.
fn rewritten(fault: &Fault<'_>, location: &Entry, pass: &Entry) -> Option<Edit> {
    let pattern = location.args.get(1).filter(|_| location.arg(0) == "~")?;
    let url = pass.args.first().filter(|word| word.raw == word.text)?;
    let at = path_of(&url.raw)?;
    let path = QUERIES.iter().find_map(|query| url.raw[at..].strip_suffix(query)).unwrap_or(&url.raw[at..]);
    let is_made = path.contains('$') && !url.raw[..at].contains('$') && !path.contains("$uri");
    is_made.then(|| {
        Edit::made(|edit| {
            let rewrite = format!("rewrite {} {path} break;", pattern.raw);
            edit.insert_before(fault.files, pass, &[rewrite]);
            edit.replace(pass, url.span.start + at..url.span.end, "");
        })
    })
}

/// `location /a/ { proxy_pass http://$app/; }` with the path made by `rewrite`: behind a variable, what `proxy_pass` has for a path
/// is the whole of it, for all that is asked for.
fn behind_variable(fault: &Fault<'_>, place: Id, pass: &Entry) -> Option<Edit> {
    let (_, name) = prefix(fault.conf.get(place)).filter(|(_, name)| name.ends_with('/'))?;
    let url = pass.args.first().filter(|word| word.raw == word.text)?;
    let at = path_of(&url.raw).or_else(|| url.raw.find('/').filter(|_| url.raw.starts_with('$')))?;
    let (host, path) = url.raw.split_at(at);
    let path = QUERIES.iter().find_map(|query| path.strip_suffix(query)).unwrap_or(path);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
    let is_fixed =
        host.contains('$') && path.ends_with('/') && path.chars().chain(name.chars()).all(is_plain);
    (is_fixed && fault.conf.own(place, "rewrite").is_none()).then(|| {
        Edit::made(|edit| {
            if name != path {
                let rewrite = format!("rewrite ^{name}(.*)$ {path}$1 break;");
                edit.insert_before(fault.files, pass, &[rewrite]);
            }
            edit.replace(pass, url.span.start + at..url.span.end, "");
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decoded_is_replaced_by_what_was_sent() {
        let sent = |value: &str| as_sent(value).unwrap_or_default();
        assert_eq!(sent("https://$host$uri$is_args$args"), "https://$host$request_uri");
        assert_eq!(sent("https://$host${uri}?$args"), "https://$host$request_uri");
        assert_eq!(sent("\"http://app$uri\""), "\"http://app$request_uri\"");
        assert_eq!(sent("https://$host$uri_of_mine"), "");
        assert_eq!(sent("https://$host$request_uri"), "");
    }
}
