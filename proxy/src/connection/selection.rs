//! Why a server takes a request, as it is told.

use std::collections::HashSet;
use std::net::SocketAddr;

use super::server_names::FittingName;
use crate::exchange::Exchange;
use crate::trace::{ServerChoice, Step, Written, shown};
use nginx_conf::model::{Listen, ServerNames, WrittenDirective};

/// That the server of `here` takes the request, by a name of its own or as the default one.
pub(super) fn step(
    x: &Exchange<'_>,
    listen: &Listen,
    here: Written<'_>,
    name: Option<FittingName<'_>>,
) -> Step {
    let host = x.request.host().map(shown);
    let wanted = host.clone().unwrap_or_default();
    let find = |fits: &dyn Fn(&WrittenDirective) -> bool| {
        here.block.and_then(|server| here.inside(server, fits)).and_then(|found| here.directive(found))
    };
    let server_name = name.and_then(|name| {
        find(&|one| one.is("server_name") && one.args.iter().any(|word| fits(name, word, &wanted)))
    });
    Step::Server {
        line: shown(x.request.line()),
        address: listen.address.to_string(),
        tls: x.tls.is_some(),
        directive: here.block(),
        listen: find(&|one| {
            one.is("listen") && one.args.first().is_some_and(|word| is_address(word, listen.address))
        }),
        by: match name {
            Some(FittingName::Exact) => ServerChoice::Exact,
            Some(FittingName::Leading(_)) => ServerChoice::LeadingWildcard,
            Some(FittingName::Trailing(_)) => ServerChoice::TrailingWildcard,
            Some(FittingName::Regex(_)) => ServerChoice::Regex,
            None => ServerChoice::Default,
        },
        host,
        server_name,
        servers: count(&listen.names, listen.default_server),
    }
}

/// Whether a word of a `server_name` is the name that fits.
fn fits(name: FittingName<'_>, word: &str, wanted: &str) -> bool {
    let word = word.to_ascii_lowercase();
    match name {
        FittingName::Exact => word == wanted || word.strip_prefix('.') == Some(wanted),
        FittingName::Leading(end) => word.strip_prefix('*').unwrap_or(&word) == end,
        FittingName::Trailing(start) => word.strip_suffix('*') == Some(start),
        FittingName::Regex(pattern) => {
            word.strip_prefix('~').is_some_and(|source| source.eq_ignore_ascii_case(&pattern.source))
        }
    }
}

/// Whether a `listen` is for this address.
fn is_address(word: &str, address: SocketAddr) -> bool {
    let any = if address.is_ipv6() { "[::]" } else { "*" };
    let port = address.port();
    word == address.to_string()
        || address.ip().is_unspecified() && (word == port.to_string() || word == format!("{any}:{port}"))
}

/// How many servers share an address.
fn count(names: &ServerNames, default: usize) -> usize {
    let wildcards = names.leading.iter().chain(&names.trailing).map(|(_, server)| *server);
    let regex = names.regex.iter().map(|(_, server)| *server);
    let exact = names.exact.values().copied();
    exact.chain(wildcards).chain(regex).chain([default]).collect::<HashSet<usize>>().len()
}
