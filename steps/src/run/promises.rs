//! Scenarios that speak of what a profile promises: run once for each of its routes or upstreams, under its name.

use gherkin::Scenario;
use hopcheck_site::profile::PromisedRoute;
use hopcheck_site::{Comparison, Route};
use hopcheck_targets::conf::Source;

use super::before::before;
use super::bound::{Bound, braced, put_into};

const ROUTE: &str = "promised-route";
const UPSTREAM: &str = "promised-upstream";
const DESTINATION: &str = "promised-destination";
const TAKING: &str = "taking-route";
const LISTEN: &str = "promised-listen";
const APP_SERVERS: &str = "promised-app-servers";

/// The word for the line of a profile.
const PLACE: &str = "promise";

/// The words for what a profile promises.
pub(super) const WORDS: [&str; 6] = [ROUTE, UPSTREAM, DESTINATION, TAKING, LISTEN, APP_SERVERS];

/// The scenario for each promise, and for each route that the profile does not know.
pub(super) fn bind(
    scenario: &Scenario,
    word: &str,
    source: &Source,
    comparison: &Comparison<'_>,
) -> Vec<Bound> {
    let of = |name: &str| put_into(scenario, |text| text.replace(&braced(word), name));
    let profile = &source.profile;
    if word == UPSTREAM {
        return profile.upstreams.keys().map(|name| Bound::Asked(of(name), None)).collect();
    }
    if word == LISTEN {
        let listens = profile.clients.listen.iter();
        return listens.map(|listen| Bound::Asked(of(&listen.to_string()), None)).collect();
    }
    if word == APP_SERVERS {
        let deployed = &profile.app_servers.deployed_at;
        // At no other address of the document's site does anybody answer.
        let is_asked = !deployed.is_empty() && !source.as_documented;
        return is_asked.then(|| Bound::Asked(of(&deployed.join(", ")), None)).into_iter().collect();
    }
    if word == DESTINATION {
        return destinations(scenario, source, comparison);
    }
    if word == TAKING {
        return taking(scenario, source, comparison);
    }
    if profile.routes.is_empty() && source.as_documented {
        // The document says where its routes lead, and its scenarios ask.
        return Vec::new();
    }
    if profile.routes.is_empty() {
        let reason = format!(
            "the profile names no routes of {}, so they are taken from it in each run (`hopcheck init --conf` writes them down)",
            source.name
        );
        return vec![Bound::NotAsked(of("any route"), reason)];
    }
    let number = |route: &Route| source.site.routes().position(|(_, other)| std::ptr::eq(other, route));
    let promised = profile.routes.iter().zip(comparison.places());
    let promised =
        promised.map(|(promised, place)| Bound::Asked(of(&promised.title()), place.and_then(number)));
    let new = comparison.new_routes().into_iter().map(|(server, route)| {
        let place = route.lines.first().map_or_else(String::new, |line| line.seen_from(&source.name));
        let server = profile.routes.iter().any(|route| route.server.is_some()).then(|| server.address());
        let title = PromisedRoute { server, ..PromisedRoute::at(&route.path, !route.open) }.title();
        let reason =
            format!("{title} (`{}` in {place}) is new: {} does not name it", route.location, profile.name);
        Bound::NotAsked(of(&title), reason)
    });
    promised.chain(new).collect()
}

/// The scenario for each route that the profile does not name and that takes paths from one which it does, other than the page for
/// all paths.
fn taking(scenario: &Scenario, source: &Source, comparison: &Comparison<'_>) -> Vec<Bound> {
    let bound = comparison.new_routes().into_iter().filter_map(|(server, route)| {
        let is_around = |promised: &&PromisedRoute| {
            let is_here = promised.server.as_ref().is_none_or(|address| *address == server.address());
            is_here && !promised.exact && promised.path.len() > 1 && route.path.starts_with(&promised.path)
        };
        let around = source.profile.routes.iter().find(is_around)?;
        let name = PromisedRoute::at(&route.path, !route.open).title();
        let put = |text: &str| text.replace(&braced(TAKING), &name).replace(&braced(PLACE), &around.title());
        Some(Bound::Asked(put_into(scenario, put), None))
    });
    bound.collect()
}

/// The scenario for each promised route whose upstreams the profile names, if anybody may ask it and the file alone does not show
/// already that it leads elsewhere.
fn destinations(scenario: &Scenario, source: &Source, comparison: &Comparison<'_>) -> Vec<Bound> {
    let differences = comparison.differences();
    let promised = source.profile.routes.iter().zip(comparison.served());
    let bound = promised.filter_map(|(promised, served)| {
        let served = served?;
        let (number, (server, route)) =
            source.site.routes().enumerate().find(|(_, (_, route))| std::ptr::eq(*route, served))?;
        let upstreams = comparison.upstreams_of(promised);
        let is_known = !upstreams.is_empty() && differences.route(&promised.title()).is_none();
        let is_asked = is_known
            && server.unreachable.is_none()
            && (route.admits_clients() || route.gate.as_deref() == Some("limit_except"))
            && !server.is_for_authorization(route);
        let path = match promised.exact {
            true => promised.path.clone(),
            false => format!("{}/hopcheck", promised.path.trim_end_matches('/')),
        };
        let place = format!("{}:{}", source.profile.name, promised.line);
        let put = |text: &str| text.replace(&braced(DESTINATION), &path).replace(&braced(PLACE), &place);
        let mut bound = put_into(scenario, put);
        bound.steps.splice(0..0, before(scenario, server, route, &upstreams));
        is_asked.then_some(Bound::Asked(bound, Some(number)))
    });
    bound.collect()
}
