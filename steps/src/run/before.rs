//! The steps that a run puts before those of a scenario that it binds to a route.

use cucumber::gherkin::StepType;
use gherkin::{Scenario, Step};
use hopcheck_site::{Admission, Pool, Route, Server};

/// The steps that say which server is asked, who lets its clients in, and which upstreams its requests may reach, if that is known.
pub(super) fn before(scenario: &Scenario, server: &Server, route: &Route, upstreams: &[&str]) -> Vec<Step> {
    let is_plain = |name: &&str| !name.contains(['"', '\\']) && !name.contains(char::is_whitespace);
    let is_known = !upstreams.is_empty() && upstreams.iter().all(is_plain);
    let app_servers = is_known.then(|| format!("the app servers are those of \"{}\"", upstreams.join(" ")));
    let has = |by: fn(Admission) -> bool| route.admission.is_some_and(by);
    let password = has(Admission::by_password).then(|| "clients have a stand-in's password".to_owned());
    let address =
        has(Admission::by_address).then(|| "clients come from an address that is let in".to_owned());
    let let_in = route.authorization.as_ref().map(|by| {
        format!("clients are let in by \"{}\", which is asked for \"{}\"", by.destinations.join(" "), by.path)
    });
    let texts = asking(server).into_iter().chain(password).chain(address).chain(let_in).chain(app_servers);
    texts.filter_map(|text| given(scenario, text)).collect()
}

/// The step that says what leads to one of several upstreams.
pub(super) fn before_pool(scenario: &Scenario, pool: Option<&Pool>) -> Option<Step> {
    let (name, value) = pool?.sent.as_ref()?;
    given(scenario, format!("clients send \"{name}: {value}\" with each request"))
}

/// The step that says which server is asked.
fn asking(server: &Server) -> Option<String> {
    let listen = server.asked_at()?;
    let name = server.names_to_ask().join(" ");
    let way = if server.behind_tls { "by a balancer that speaks TLS" } else { "directly" };
    Some(format!("clients ask the server {name:?} on {:?} {way}", listen.address))
}

/// A step to put before those of a scenario.
fn given(scenario: &Scenario, text: String) -> Option<Step> {
    let mut step = scenario.steps.first()?.clone();
    step.keyword = "Given ".to_owned();
    step.ty = StepType::Given;
    step.value = text;
    (step.docstring, step.table) = (None, None);
    Some(step)
}
