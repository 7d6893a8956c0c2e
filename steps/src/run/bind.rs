//! Scenarios that speak of a kind of route, bound to the routes of a site: run once for each, under its name.

use std::collections::{BTreeSet, HashMap, HashSet};

use gherkin::{Background, Feature, Rule, Scenario};
use hopcheck_report::LACKING;
use hopcheck_site::profile::Size;
use hopcheck_site::{Admission, Alike, Comparison, Role};

use super::before::{before, before_pool};
use super::bound::{Bound, braced, contains, put_into};
use super::promises;
use super::route_words::{ROUTE_WORDS, RouteWord};
use super::site_route::SiteRoute;
use crate::scenarios::Unchecked;
use hopcheck_targets::conf::Source;
use hopcheck_targets::scene::other_users;

/// The word for an app server of a route, and the one for its place among them.
const SERVER: &str = "server";
const NTH: &str = "nth";

/// The places of app servers in words.
const ORDINALS: [&str; 3] = ["first", "next", "third"];

/// What the app servers of the document's site are called.
const PAIR: [&str; 2] = ["blue", "green"];

/// The methods that the steps of a scenario ask by, as `"POST /api/"`, and that of preflights.
fn methods(scenario: &Scenario) -> impl Iterator<Item = &str> {
    let quoted = scenario.steps.iter().flat_map(|step| step.value.split('"').skip(1).step_by(2));
    let named = quoted.filter_map(|text| text.split_once(' ').map(|(method, _)| method));
    let named =
        named.filter(|method| !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()));
    let is_preflight = scenario.steps.iter().any(|step| step.value.contains("preflight"));
    named.chain(is_preflight.then_some("OPTIONS"))
}

/// Features bound to a site.
#[derive(Debug, Default)]
pub(super) struct BoundFeatures {
    /// The features, each scenario once for every route that it speaks of.
    pub(super) features: Vec<Feature>,
    /// The scenarios among them that speak of what the site has not.
    pub(super) not_asked: Vec<Unchecked>,
    /// The number of the route that a scenario is bound to, by its feature, its line and its name.
    pub(super) routes: HashMap<(String, usize, String), usize>,
}

/// Binds `features` to the site of `source`.
pub(super) fn bind(features: &[Feature], source: &Source) -> BoundFeatures {
    let comparison = Comparison::of(&source.site, &source.profile);
    let routes = SiteRoute::all(&source.site, &comparison);
    let mut binder = Binder { source, comparison, routes, not_asked: Vec::new(), numbers: HashMap::new() };
    let mut bound = Vec::new();
    for mut feature in features.iter().cloned() {
        let outer = feature.background.clone();
        let scenarios = std::mem::take(&mut feature.scenarios);
        feature.scenarios = binder.all(scenarios, &feature.name, None, outer.as_ref());
        let name = feature.name.clone();
        for rule in &mut feature.rules {
            let scenarios = std::mem::take(&mut rule.scenarios);
            rule.scenarios = binder.all(scenarios, &name, Some(rule), outer.as_ref());
        }
        bound.push(feature);
    }
    BoundFeatures { features: bound, not_asked: binder.not_asked, routes: binder.numbers }
}

/// Binds scenarios to the routes of a site.
struct Binder<'a> {
    source: &'a Source,
    comparison: Comparison<'a>,
    routes: Vec<SiteRoute<'a>>,
    not_asked: Vec<Unchecked>,
    /// As [`BoundFeatures::routes`].
    numbers: HashMap<(String, usize, String), usize>,
}

impl<'a> Binder<'a> {
    fn all(
        &mut self,
        scenarios: Vec<Scenario>,
        feature: &str,
        rule: Option<&Rule>,
        background: Option<&Background>,
    ) -> Vec<Scenario> {
        let mut out = Vec::new();
        for scenario in scenarios {
            let backgrounds = [background, rule.and_then(|rule| rule.background.as_ref())];
            let speaks_of = |word: &str| {
                let steps = backgrounds.into_iter().flatten().flat_map(|background| &background.steps);
                steps.chain(&scenario.steps).any(|step| contains(step, word))
            };
            let bound = if let Some(word) = promises::WORDS.iter().find(|word| speaks_of(word)) {
                promises::bind(&scenario, word, self.source, &self.comparison)
            } else if let Some(word) = ROUTE_WORDS.iter().find(|word| speaks_of(word.word)) {
                self.of_each(&scenario, word)
            } else {
                vec![Bound::Asked(scenario, None)]
            };
            for one in bound {
                out.push(match one {
                    Bound::Asked(scenario, route) => {
                        let key = (feature.to_owned(), scenario.position.line, scenario.name.clone());
                        self.numbers.extend(route.map(|route| (key, route)));
                        scenario
                    }
                    Bound::NotAsked(scenario, reason) => {
                        self.not_asked.push(Unchecked {
                            feature: feature.to_owned(),
                            rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
                            scenario: scenario.name.clone(),
                            reason,
                        });
                        scenario
                    }
                });
            }
        }
        out
    }

    /// The scenario for each route of a kind, or why there is none.
    fn of_each(&self, scenario: &Scenario, word: &RouteWord) -> Vec<Bound> {
        let (mut bound, mut reason) = (Vec::new(), format!("{LACKING}{}", word.what));
        let mut is_there = false;
        let mut left_out = BTreeSet::new();
        let mut names: HashSet<String> = HashSet::new();
        for here in self.routes.iter().filter(|here| word.stands_for(here)) {
            let SiteRoute { server, route, .. } = here;
            let place = route.lines.last().map_or_else(String::new, |line| line.seen_from(&self.source.name));
            is_there = true;
            let at = server.asked_at().map_or("80", |listen| listen.address.as_str());
            let kept_out =
                || methods(scenario).find(|method| !route.open_methods.iter().any(|open| open == method));
            match (&server.unreachable, &route.gate) {
                _ if !self.source.is_asked_at(at) => {
                    reason = format!("clients come to another port than that of {}", route.path);
                }
                (Some(why), _) => reason = format!("nobody comes to {}: {why}", route.path),
                _ if server.is_for_authorization(route) => {
                    reason = format!("{} says who may come, and is asked by the proxy alone", route.path)
                }
                (_, Some(gate)) if gate == "limit_req" => {
                    reason = format!(
                        "{} takes no two requests at a time: `limit_req` in {place} has no `burst`",
                        route.path
                    )
                }
                (_, Some(gate))
                    if gate == "limit_except" && kept_out().is_some() && !route.admits_clients() =>
                {
                    let method = kept_out().unwrap_or_default();
                    reason = format!("{method} of {} is not for everybody: `{gate}` in {place}", route.path);
                }
                (_, Some(gate)) if gate != "limit_except" && !route.admits_clients() => {
                    reason = format!("{} is not for everybody: `{gate}` in {place}", route.path)
                }
                (None, _) if server.alike.is_one_of_many() => {
                    left_out.insert(server.alike.first);
                }
                (None, _) => {
                    for mut asked in self.of_each_server(&self.for_route(scenario, word, here), here) {
                        // A path may be served by two locations: `= /` itself, and `/` what is below.
                        if names.contains(&asked.name) {
                            asked.name = format!("{} ({place})", asked.name);
                        }
                        names.insert(asked.name.clone());
                        bound.push(Bound::Asked(asked, Some(here.number)));
                    }
                }
            }
        }
        let unbound = |any: &str, reason: String| {
            let mut unbound = scenario.clone();
            unbound.name = unbound.name.replace(&braced(word.word), &format!("{any} {}", word.what));
            unbound.name = unbound.name.replace(&braced(NTH), ORDINALS[0]);
            Bound::NotAsked(unbound, reason)
        };
        // What only a profile can ask for is not missed where none does.
        if !left_out.is_empty() {
            bound.push(unbound("any other", self.as_others(&left_out)));
        } else if bound.is_empty() && (is_there || !word.only_promised) {
            bound.push(unbound("any", reason));
        }
        bound
    }

    /// Why those that read as these servers do are not asked.
    fn as_others(&self, first: &BTreeSet<usize>) -> String {
        let groups = first.iter().filter_map(|first| {
            let server = self.source.site.servers.get(*first)?;
            let name = server.name().unwrap_or_else(|| "any name".to_owned());
            let place = server.line.seen_from(&self.source.name);
            let others = server.alike.of - Alike::ASKED_OF_MANY;
            Some(format!(
                "{others} servers read as that of {name} in {place} does, but for names and addresses"
            ))
        });
        groups.collect::<Vec<_>>().join("; ")
    }

    fn for_route(&self, scenario: &Scenario, word: &RouteWord, here: &SiteRoute<'_>) -> Scenario {
        let SiteRoute { server, route, promise, .. } = *here;
        let path = match word.word {
            "socket" | "lasting-socket" | "stomp-socket" | "redirect" => route.path.clone(),
            "alias" => route.path.trim_end_matches('/').to_owned(),
            _ => format!("{}/", route.path.trim_end_matches('/')),
        };
        // As clients write it.
        let path = path.replace(' ', "%20");
        let upload = promise.and_then(|promise| promise.largest_upload).map(|Size(bytes)| bytes.to_string());
        let [first, fallback] = here.in_turn();
        let put = |text: &str| {
            let text = text.replace(&braced(word.word), &path);
            let text = text
                .replace("{headers}", &here.headers().join(", "))
                .replace("{directory}", &route.directories().join(", "));
            let version = route.http_version.as_deref().unwrap_or("1.0 before nginx 1.29.7");
            let text = text.replace("{primaries}", &here.servers(Role::Primary).join(" and "));
            let text =
                text.replace("{first}", &first.join(" and ")).replace("{fallback}", &fallback.join(" and "));
            let text =
                text.replace("{http-version}", version).replace("{lost}", &here.lost_forwards().join(", "));
            let text = match &upload {
                Some(bytes) => text.replace("{api.largest-upload}", bytes),
                None => text,
            };
            // What a token is elsewhere is a password here.
            match route.admission.is_some_and(Admission::by_password) {
                true => other_users().fold(text, |text, (name, authorization)| {
                    text.replace(&format!("Bearer {name}"), authorization)
                }),
                false => text,
            }
        };
        let mut bound = put_into(scenario, put);
        // The same path on two servers is told apart by their names.
        let is_elsewhere = |other: &SiteRoute<'_>| {
            !std::ptr::eq(other.server, server)
                && other.server.unreachable.is_none()
                && word.stands_for(other)
        };
        if self.routes.iter().any(is_elsewhere) {
            let at = server.asked_at().map_or("80", |listen| listen.address.as_str());
            let server_name = server.name().unwrap_or_else(|| "any name".to_owned());
            bound.name = format!("{} on {server_name}, {at}", bound.name);
        }
        if let Some((name, value)) = here.pool.and_then(|pool| pool.sent.as_ref()) {
            bound.name = format!("{} by `{name}: {value}`", bound.name);
        }
        let of_route = before(scenario, server, route, &self.upstreams_of(here));
        bound.steps.splice(0..0, of_route.into_iter().chain(before_pool(scenario, here.pool)));
        bound
    }

    /// The scenario for each of the app servers that share the requests of a route, if it speaks of one.
    fn of_each_server(&self, scenario: &Scenario, here: &SiteRoute<'_>) -> Vec<Scenario> {
        if !scenario.steps.iter().any(|step| contains(step, SERVER)) {
            return vec![scenario.clone()];
        }
        let servers = here.servers(Role::Primary).into_iter().enumerate();
        let bound = servers.map(|(place, address)| {
            let name = if self.source.as_documented { PAIR[place % PAIR.len()] } else { address };
            let nth = ORDINALS.get(place).map_or_else(|| format!("{}th", place + 1), |nth| (*nth).to_owned());
            put_into(scenario, |text| text.replace(&braced(SERVER), name).replace(&braced(NTH), &nth))
        });
        bound.collect()
    }

    /// The upstreams that a route's requests may reach: by the file, or by the profile where only a run can tell. None of the
    /// document's site, where all scenarios speak of the same two app servers.
    fn upstreams_of<'b>(&'b self, here: &SiteRoute<'b>) -> Vec<&'b str> {
        let of_pool = here.pool.map(|pool| vec![pool.host.as_str()]);
        let all = || here.route.destinations.iter().flatten().map(String::as_str).collect();
        let found = of_pool.unwrap_or_else(all).into_iter();
        let is_service = |host: &&str| {
            here.route.authorization.as_ref().is_some_and(|by| by.destinations.iter().any(|one| one == host))
        };
        let found = found.filter(|host| !self.source.as_documented && !is_service(host));
        let found: Vec<&str> = found.collect();
        match here.promise {
            Some(promise) if found.is_empty() => self.comparison.upstreams_of(promise),
            _ => found,
        }
    }
}
