//! A slash too much or too few: what `proxy_pass` and `alias` have behind their host or directory takes the place of the
//! location's name, slash for slash.

use crate::conf::{Conf, Entry, Id};
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::{Allowed, Proposal};

/// The name of a location for a prefix, and which argument it is.
pub(super) fn prefix(location: &Entry) -> Option<(usize, &str)> {
    match location.args.as_slice() {
        [name] if name.text.starts_with('/') => Some((0, &name.text)),
        [modifier, name] if modifier.text == "^~" => Some((1, &name.text)),
        _ => None,
    }
}

/// Where the path begins in the URL of a `proxy_pass`.
pub(super) fn path_of(url: &str) -> Option<usize> {
    let host = url.find("://")? + 3;
    url[host..].find('/').map(|at| host + at)
}

/// A location with a slash at its end in one of the two.
fn pairs<'a>(fault: &'a Fault<'_>, directive: &str) -> Vec<(&'a Entry, &'a Entry, usize)> {
    let conf: &Conf = fault.conf;
    let of_place = |place: &Id| {
        let location = conf.get(*place);
        let (nth, _) = prefix(location).filter(|_| location.is("location"))?;
        let there = conf.get(conf.own(*place, directive)?);
        (!there.args.is_empty()).then_some((location, there, nth))
    };
    fault.places.iter().filter_map(of_place).collect()
}

fn add_to_location(location: &Entry, nth: usize) -> Proposal {
    let end = location.args[nth].span.end;
    let title = format!("end the name of `{}` with a slash", location.head());
    let beside = Allowed::Beside(location.arg(nth).to_owned());
    Proposal::new(title, Edit::made(|edit| edit.replace(location, end..end, "/"))).allowing(beside)
}

/// The slashes of a location and of its `proxy_pass`.
pub(super) fn of_proxy_pass(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("proxy_pass") {
        return Vec::new();
    }
    let mut proposals = Vec::new();
    for (location, pass, nth) in pairs(fault, "proxy_pass") {
        let url = pass.arg(0);
        let (name, word) = (location.arg(nth), &pass.args[0]);
        let Some(at) = path_of(url).filter(|_| !url.contains('$') && word.raw == word.text) else { continue };
        let (whole, end) = (word.span.start + at, word.span.end);
        match (name.ends_with('/'), url.ends_with('/')) {
            (false, true) => {
                proposals.push(add_to_location(location, nth));
                let title = format!("hand the path on as it is: `proxy_pass {}`", &url[..at]);
                proposals.push(Proposal::new(title, Edit::made(|edit| edit.replace(pass, whole..end, ""))));
            }
            (true, false) => {
                let title = format!("end `proxy_pass {url}` with a slash, as the name of its location");
                proposals.push(Proposal::new(title, Edit::made(|edit| edit.replace(pass, end..end, "/"))));
            }
            _ => {}
        }
    }
    proposals
}

/// The slashes of a location and of its `alias`: without one, `..` right behind the name leads out of the directory.
pub(super) fn of_alias(fault: &Fault<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (location, alias, nth) in pairs(fault, "alias") {
        let (name, word) = (location.arg(nth), &alias.args[0]);
        // Where it is quoted, its last byte is a quote.
        if word.raw != word.text {
            continue;
        }
        let end = word.span.end;
        match (name.ends_with('/'), alias.arg(0).ends_with('/')) {
            (false, true) => {
                proposals.push(add_to_location(location, nth));
                let title = format!("take the slash from the end of `{}`", alias.head());
                let take = Edit::made(|edit| edit.replace(alias, end - 1..end, ""));
                proposals.push(Proposal::new(title, take));
            }
            (true, false) => {
                let title = format!("end `{}` with a slash, as the name of its location", alias.head());
                proposals.push(Proposal::new(title, Edit::made(|edit| edit.replace(alias, end..end, "/"))));
            }
            _ => {}
        }
    }
    proposals
}
