//! Redirects inside the proxy: to another URI, or to a named location.

use super::answer::{Answer, NextPhase};
use crate::exchange::Exchange;
use crate::log::Escaped;
use crate::trace::{Step, shown};
use nginx_conf::model::{Level, LocationTree};

pub(super) fn redirect(x: &mut Exchange<'_>, uri: Vec<u8>, args: Vec<u8>) -> NextPhase {
    if !x.count_uri_change() {
        let cycle = "rewrite or internal redirection cycle while internally redirecting to";
        x.log(Level::Error, format_args!("{cycle} \"{}\"", Escaped(&uri)));
        return NextPhase::Done(Answer::Error(500));
    }
    x.uri = uri;
    x.args = args;
    x.is_sending = false;
    x.valid_location = true;
    x.valid_unparsed_uri = false;
    x.quoted_uri = true;
    NextPhase::Server
}

pub(super) fn named(x: &mut Exchange<'_>, name: &[u8]) -> NextPhase {
    if !x.count_uri_change() {
        let cycle = "rewrite or internal redirection cycle while redirect to named location";
        x.log(Level::Error, format_args!("{cycle} \"{}\"", Escaped(name)));
        return NextPhase::Done(Answer::Error(500));
    }
    let tree: &LocationTree = &x.server.tree;
    match std::str::from_utf8(name).ok().and_then(|name| tree.named.get(name)) {
        Some(&id) => {
            x.trace(|_| Step::Location {
                uri: shown(name),
                candidates: Vec::new(),
                directive: x.written_in(id).block(),
            });
            NextPhase::Location(id)
        }
        None => {
            x.log(Level::Error, format_args!("could not find named location \"{}\"", Escaped(name)));
            NextPhase::Done(Answer::Error(500))
        }
    }
}

/// Splits `/uri?args` of `try_files` or `error_page` into path and query.
pub(super) fn split_args(target: &[u8]) -> (Vec<u8>, Vec<u8>) {
    match target.iter().position(|&byte| byte == b'?') {
        Some(mark) => {
            let (path, args) = target.split_at(mark);
            (path.to_vec(), args.get(1..).unwrap_or_default().to_vec())
        }
        None => (target.to_vec(), Vec::new()),
    }
}
