//! The app servers that the configuration names, beside where the profile says that they are.

use std::collections::BTreeSet;

use crate::profile::Profile;
use crate::{Line, Site, canonical_address};

/// The app servers of `site` that are not where `profile` says, each in a line; none where it does not say.
pub(super) fn strangers(site: &Site, profile: &Profile) -> Vec<String> {
    let deployed = &profile.app_servers.deployed_at;
    let known: BTreeSet<String> = deployed.iter().map(|address| canonical_address(address)).collect();
    let is_stranger = |(address, _): &(&str, &Line)| !known.contains(&canonical_address(address));
    let told = |(address, line): (&str, &Line)| {
        let place = format!("{}:{}", line.file, line.line);
        format!(
            "{place} asks {address}, where no app server is; by {} they are at {}",
            profile.name,
            deployed.join(", ")
        )
    };
    match known.is_empty() {
        true => Vec::new(),
        false => named(site, profile).into_iter().filter(is_stranger).map(told).collect(),
    }
}

/// The app servers that `site` names, each with its line. Where a route leads by itself its promise says.
fn named<'a>(site: &'a Site, profile: &Profile) -> Vec<(&'a str, &'a Line)> {
    let of_upstreams = site.upstreams.iter().flat_map(|upstream| &upstream.servers);
    let of_upstreams = of_upstreams.map(|server| (server.address.as_str(), &server.line));
    let of_routes = site.routes().filter(|(_, route)| profile.routes.is_empty() && route.kind.is_proxied());
    let of_routes = of_routes.filter_map(|(_, route)| {
        let (scheme, rest) = route.to.split_once("://")?;
        let host = rest.split(['/', '?']).next().filter(|host| !host.is_empty() && !host.contains('$'))?;
        // Without a port that is another address by https than by http.
        let is_address = scheme == "http" || host.contains(':');
        (is_address && site.upstream_of(route).is_none()).then_some((host, route.lines.last()?))
    });
    of_upstreams.chain(of_routes).collect()
}
