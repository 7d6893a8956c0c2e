//! Asks a live site, and writes down what was seen.

use std::collections::BTreeMap;

use hopcheck_clients::{ClientError, Connection, Handshake, Response};
use hopcheck_site::Mask;
use hopcheck_targets::target::Deployment;

use crate::DiffError;
use crate::observation::{Kind, Observation};
use crate::probe::{Probe, Way};
use crate::timeless::timeless;
use crate::wire::{OF_CONNECTION, plain_body, request_of};

/// After so many requests without an answer it is given up: what was not asked cannot be told to be the same.
const MAX_FAILURES: usize = 8;

/// What comes of each probe, one after the other.
pub(super) async fn ask_all(
    site: &Deployment,
    which: &'static str,
    probes: &[Probe],
) -> Result<Vec<Observation>, DiffError> {
    let mut seen = Vec::with_capacity(probes.len());
    let mut failures = 0;
    for (nth, probe) in probes.iter().enumerate() {
        let mut found = match answer_to(site, probe).await {
            Ok(response) => observed(site, probe, &response),
            Err(error) => {
                failures += 1;
                if failures >= MAX_FAILURES {
                    let reason = site.mask().text(&format!("{MAX_FAILURES} requests had no answer: {error}"));
                    return Err(DiffError::NotRun { which, name: site.name().to_owned(), reason });
                }
                unanswered(&error)
            }
        };
        if nth == 0 {
            found.set(Kind::Connection, "TLS", site.info().tls.as_deref().unwrap_or("none"));
            found.set(Kind::Connection, "protocols", offers(site));
        }
        seen.push(found);
    }
    Ok(seen)
}

async fn answer_to(site: &Deployment, probe: &Probe) -> Result<Response, ClientError> {
    let mut connection = Connection::open(site.route()).await?;
    if probe.way == Way::Upgrade {
        return Ok(Handshake::new(&probe.target, &[]).open(connection, None).await?.0);
    }
    // Each by its own name.
    connection.ask(&request_of(&Probe { host: None, ..probe.clone() })).await
}

fn offers(site: &Deployment) -> String {
    let offered = site.info().offers.iter().map(String::as_str);
    std::iter::once("HTTP/1.1").chain(offered).collect::<Vec<_>>().join(", ")
}

fn unanswered(error: &ClientError) -> Observation {
    let mut seen = Observation::default();
    let what = match error {
        ClientError::Tls(_) => "TLS handshake refused",
        ClientError::Protocol { .. } => "no HTTP",
        _ => "no answer",
    };
    seen.set(Kind::Status, "", what);
    seen
}

/// What is compared of an answer, without credentials.
fn observed(site: &Deployment, probe: &Probe, response: &Response) -> Observation {
    let mut seen = Observation::default();
    seen.set(Kind::Status, "", response.status.to_string());
    let instance = site.profile().instances.header.as_deref().unwrap_or_default();
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in &response.headers {
        headers.entry(name.to_ascii_lowercase()).or_default().push(masked(site.mask(), name, value));
    }
    let has_encoding = headers.contains_key("content-encoding");
    for (name, values) in headers {
        // The length of what is compressed depends on the machine.
        let is_noise = name == "content-length" && has_encoding
            || matches!(name.as_str(), "date" | "age" | "sec-websocket-accept")
            || name.eq_ignore_ascii_case(instance);
        let kind = if OF_CONNECTION.contains(&name.as_str()) { Kind::Connection } else { Kind::Headers };
        if !is_noise {
            seen.set(kind, &name, timeless(&values.join(" | ")));
        }
    }
    if !response.complete && response.status != 101 && probe.method != "HEAD" {
        seen.set(Kind::Connection, "", "closed within the answer");
    }
    if probe.way != Way::Upgrade {
        seen.set(Kind::Body, "", timeless(&site.mask().text(&plain_body(response))));
    }
    seen
}

/// A value without what must not be seen, which may be known by the name before it.
fn masked(mask: &Mask, name: &str, value: &str) -> String {
    let line = mask.text(&format!("{name}: {value}"));
    line.split_once(": ").map_or_else(String::new, |(_, value)| value.to_owned())
}
