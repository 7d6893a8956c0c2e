//! Scenarios that speak of a kind of route, bound to the routes of a site: run once for each, under its name.

use cucumber::gherkin::StepType;
use gherkin::{Background, Feature, Rule, Scenario, Step};
use hopcheck_site::{Kind, Route, Server};

use crate::scenarios::Unchecked;
use hopcheck_targets::conf::Source;

/// A word in braces for a kind of route.
struct RouteWord {
    word: &'static str,
    /// What it is, after "the site has no".
    what: &'static str,
    is: fn(&Server, &Route) -> bool,
}

/// The words for kinds of routes. What stands for one is a path; what scenarios put behind it belongs to the same route.
const ROUTE_WORDS: [RouteWord; 13] = [
    RouteWord {
        word: "proxied",
        what: "path that app servers are asked for",
        is: |_, route| is_proxied(route),
    },
    RouteWord {
        word: "personal",
        what: "path that app servers are asked for, but for public caches",
        is: |_, route| is_proxied(route) && !route.is_public,
    },
    RouteWord { word: "api", what: "API", is: |_, route| is_api(route) },
    RouteWord {
        word: "api-with-cors",
        what: "API for which the proxy does CORS",
        is: |_, route| is_api(route) && route.adds_cors,
    },
    RouteWord {
        word: "api-without-cors",
        what: "API that does CORS itself",
        is: |_, route| is_api(route) && !route.adds_cors,
    },
    RouteWord {
        word: "redirecting",
        what: "path whose app servers are told by which host they are asked",
        is: |_, route| is_proxied(route) && !route.is_elsewhere,
    },
    RouteWord {
        word: "events",
        what: "path for server-sent events (`proxy_buffering off`)",
        is: |_, route| route.kind == Kind::Events && route.open,
    },
    RouteWord { word: "path", what: "path that anybody may ask for", is: |_, route| is_asked(route) },
    RouteWord { word: "socket", what: "WebSocket", is: |_, route| route.socket && !route.path.is_empty() },
    RouteWord { word: "front-end", what: "front end of files", is: |_, route| route.is_front_page() },
    RouteWord {
        word: "single-page",
        what: "front end with one page for all paths",
        is: |_, route| route.is_front_page() && route.fallback.is_some(),
    },
    RouteWord {
        word: "page-with-headers",
        what: "front end on a server that sets headers for all its answers",
        is: |server, route| route.is_front_page() && !server.headers.is_empty(),
    },
    RouteWord {
        word: "alias",
        what: "directory under another name (`alias`)",
        is: |_, route| route.alias && route.open,
    },
];

fn is_proxied(route: &Route) -> bool {
    route.kind.is_proxied() && route.open
}

fn is_asked(route: &Route) -> bool {
    route.open && !matches!(route.kind, Kind::Closed | Kind::Other)
}

fn is_api(route: &Route) -> bool {
    matches!(route.kind, Kind::Api | Kind::Events) && route.open
}

/// Features bound to a site.
#[derive(Debug, Default)]
pub(super) struct BoundFeatures {
    /// The features, each scenario once for every route that it speaks of.
    pub(super) features: Vec<Feature>,
    /// The scenarios among them that speak of what the site has not.
    pub(super) not_asked: Vec<Unchecked>,
}

/// Binds `features` to the site of `source`.
pub(super) fn bind(features: &[Feature], source: &Source) -> BoundFeatures {
    let mut bound = BoundFeatures::default();
    for mut feature in features.iter().cloned() {
        let outer = feature.background.clone();
        let scenarios = std::mem::take(&mut feature.scenarios);
        feature.scenarios = all(scenarios, &feature.name, None, outer.as_ref(), source, &mut bound.not_asked);
        let name = feature.name.clone();
        for rule in &mut feature.rules {
            let scenarios = std::mem::take(&mut rule.scenarios);
            rule.scenarios = all(scenarios, &name, Some(rule), outer.as_ref(), source, &mut bound.not_asked);
        }
        bound.features.push(feature);
    }
    bound
}

fn all(
    scenarios: Vec<Scenario>,
    feature: &str,
    rule: Option<&Rule>,
    background: Option<&Background>,
    source: &Source,
    not_asked: &mut Vec<Unchecked>,
) -> Vec<Scenario> {
    let mut out = Vec::new();
    for scenario in scenarios {
        let backgrounds = [background, rule.and_then(|rule| rule.background.as_ref())];
        let speaks_of = |word: &RouteWord| {
            let steps = backgrounds.into_iter().flatten().flat_map(|background| &background.steps);
            steps.chain(&scenario.steps).any(|step| contains(step, word))
        };
        let Some(word) = ROUTE_WORDS.iter().find(|word| speaks_of(word)) else {
            out.push(scenario);
            continue;
        };
        match of_each(&scenario, word, source) {
            Ok(bound) => out.extend(bound),
            Err(reason) => {
                let mut unbound = scenario;
                unbound.name = unbound.name.replace(&braced(word), &format!("any {}", word.what));
                not_asked.push(Unchecked {
                    feature: feature.to_owned(),
                    rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
                    scenario: unbound.name.clone(),
                    reason,
                });
                out.push(unbound);
            }
        }
    }
    out
}

/// The scenario for each route of a kind; why there is none, if so.
fn of_each(scenario: &Scenario, word: &RouteWord, source: &Source) -> Result<Vec<Scenario>, String> {
    let of_kind = source.site.routes().filter(|(server, route)| (word.is)(server, route));
    let (mut bound, mut reason) = (Vec::new(), format!("the site has no {}", word.what));
    for (server, route) in of_kind {
        let line = route.lines.last().map_or(0, |line| line.line);
        match (&server.unreachable, &route.gate) {
            (Some(why), _) => reason = format!("nobody comes to {}: {why}", route.path),
            (_, Some(gate)) => {
                reason = format!("{} is not for everybody: `{gate}` in line {line}", route.path)
            }
            (None, None) => bound.push(for_route(scenario, word, server, route, source)),
        }
    }
    if bound.is_empty() { Err(reason) } else { Ok(bound) }
}

fn for_route(
    scenario: &Scenario,
    word: &RouteWord,
    server: &Server,
    route: &Route,
    source: &Source,
) -> Scenario {
    let path = match word.word {
        "socket" => route.path.clone(),
        "alias" => route.path.trim_end_matches('/').to_owned(),
        _ => format!("{}/", route.path.trim_end_matches('/')),
    };
    let put = |text: &str| {
        let text = text.replace(&braced(word), &path);
        text.replace("{headers}", &server.headers.join(", ")).replace("{directory}", &route.to)
    };
    let mut bound = scenario.clone();
    // The same path on two servers is told apart by their names.
    let alike = |(other, _): &(&Server, &Route)| !std::ptr::eq(*other, server) && other.unreachable.is_none();
    let several =
        source.site.routes().filter(|(other, route)| (word.is)(other, route)).any(|one| alike(&one));
    let server_name = server.name().unwrap_or_else(|| "any name".to_owned());
    bound.name = put(&bound.name);
    bound.description = bound.description.as_deref().map(put);
    if several {
        let at = server.asked_at().map_or("80", |listen| listen.address.as_str());
        bound.name = format!("{} on {server_name}, {at}", bound.name);
    }
    for step in &mut bound.steps {
        step.value = put(&step.value);
        step.docstring = step.docstring.as_deref().map(put);
        for cell in step.table.iter_mut().flat_map(|table| table.rows.iter_mut().flatten()) {
            *cell = put(cell);
        }
    }
    if let Some(asking) = asking(scenario, server) {
        bound.steps.insert(0, asking);
    }
    bound
}

/// The step that says which server is asked.
fn asking(scenario: &Scenario, server: &Server) -> Option<Step> {
    let listen = server.asked_at()?;
    let name = server.names_to_ask().join(" ");
    let way = if server.behind_tls { "by a balancer that speaks TLS" } else { "directly" };
    let mut step = scenario.steps.first()?.clone();
    step.keyword = "Given ".to_owned();
    step.ty = StepType::Given;
    step.value = format!("clients ask the server {name:?} on {:?} {way}", listen.address);
    (step.docstring, step.table) = (None, None);
    Some(step)
}

fn braced(word: &RouteWord) -> String {
    format!("{{{}}}", word.word)
}

fn contains(step: &Step, word: &RouteWord) -> bool {
    let braced = braced(word);
    let cells = || step.table.iter().flat_map(|table| table.rows.iter().flatten());
    step.value.contains(&braced)
        || step.docstring.as_ref().is_some_and(|text| text.contains(&braced))
        || cells().any(|cell| cell.contains(&braced))
}
