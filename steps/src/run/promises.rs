//! Scenarios that speak of what a profile promises: run once for each of its routes or upstreams, under its name.

use gherkin::Scenario;
use hopcheck_site::profile::PromisedRoute;
use hopcheck_site::{Comparison, Route};
use hopcheck_targets::conf::Source;

use super::bound::{Bound, braced, put_into};

const ROUTE: &str = "promised-route";
const UPSTREAM: &str = "promised-upstream";

/// The words for what a profile promises.
pub(super) const WORDS: [&str; 2] = [ROUTE, UPSTREAM];

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
        let line = route.lines.first().map_or(0, |line| line.line);
        let server = profile.routes.iter().any(|route| route.server.is_some()).then(|| server.address());
        let title = PromisedRoute { server, ..PromisedRoute::at(&route.path, !route.open) }.title();
        let reason = format!(
            "{title} (`{}` in line {line}) is new: {} does not name it",
            route.location, profile.name
        );
        Bound::NotAsked(of(&title), reason)
    });
    promised.chain(new).collect()
}
