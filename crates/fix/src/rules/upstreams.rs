//! How an upstream chooses among its servers.

use hopcheck_site::Site;

use crate::conf::Entry;
use crate::edit::Edit;
use crate::fault::Fault;
use crate::proposal::Proposal;

/// The methods that choose without a thought of who asks.
const METHODS: [&str; 3] = ["least_conn", "random", "least_time"];

/// A session of several requests must stay with one app server.
pub(super) fn sticky(fault: &Fault<'_>) -> Vec<Proposal> {
    if !fault.mentions("ip_hash") {
        return Vec::new();
    }
    let site: &Site = &fault.source.site;
    let of_route =
        fault.route.and_then(|route| site.upstream_of(route)).map(|upstream| upstream.name.as_str());
    // Where a variable chooses, the message says which it was.
    let Some(block) = of_route.or(fault.answering_upstream()).and_then(|name| fault.conf.upstream(name))
    else {
        return Vec::new();
    };
    let inner: Vec<&Entry> = fault.conf.get(block).inner.iter().map(|id| fault.conf.get(*id)).collect();
    let other = inner.iter().find(|entry| METHODS.iter().any(|name| entry.is(name)));
    let name = fault.conf.get(block).head();
    let with = |directive: &str| {
        let make = Edit::made(|edit| match (other, inner.first()) {
            (Some(entry), _) => edit.replace(entry, entry.span.clone(), directive),
            (None, Some(first)) => edit.insert_before(fault.files, first, &[directive.to_owned()]),
            (None, None) => {}
        });
        Proposal::new(format!("keep each client with one server of `{name}`: `{directive}`"), make)
    };
    vec![with("ip_hash;"), with("hash $remote_addr consistent;")]
}
