//! Writes a first profile: of a site, from the site's responses, or of a configuration, from its routes ([`routes_text`]).
//!
//! [`explore`] first reads the front page and the scripts it loads, for the paths they mention. Then it tries these: an API
//! path that can be read, how preflights are answered, the STOMP endpoint, and the response header that identifies
//! instances. Each step ends in [findings](Finding): the value of a field of the profile, or why there is none.
//! [`profile_text()`] writes the file, in which fields that were not found are commented out, with an example.
//!
//! Only safe requests are sent: all take [`Deployment::route`], whose policy refuses any other, and there are at most
//! [`MAX_REQUESTS`] of them.

mod addresses_text;
mod api;
mod client;
mod findings;
mod front_end;
mod instances;
mod literals;
mod preflight;
mod profile_text;
mod routes_text;
mod scripts;
mod stomp;
mod text;

pub use client::MAX_REQUESTS;
pub use findings::{Field, Finding, Findings};
pub use profile_text::{PresetField, profile_text};
pub use routes_text::routes_text;

use client::SiteClient;
use hopcheck_targets::target::Deployment;

/// Finds out the values of a profile for `deployment`, and prints each finding.
pub async fn explore<'a>(deployment: &'a Deployment, say: &'a mut dyn FnMut(&str)) -> Findings<'a> {
    let mut findings = Findings::new(deployment.mask(), say);
    contact(deployment, &mut findings);
    let client = SiteClient::new(deployment);
    let page = front_end::page(&client, &mut findings).await;
    front_end::explore(&client, page.as_ref(), &mut findings).await;
    let page = page.ok();
    let hints = match &page {
        Some(page) => scripts::read(&client, page).await.mentioned(client.authority()),
        None => literals::PathHints::default(),
    };
    let api = api::explore(&client, page.as_ref(), &hints, &mut findings).await;
    preflight::explore(&client, api.as_deref(), &mut findings).await;
    let endpoint = stomp::explore(&client, &hints, &mut findings).await;
    instances::explore(&client, api.as_deref().or(endpoint.as_deref()), &mut findings).await;
    findings
}

/// Notes what the first contact found out.
fn contact(deployment: &Deployment, findings: &mut Findings<'_>) {
    let found = deployment.info();
    match &found.tls {
        Some(version) => findings.fact(format!("{version}, with a certificate that is trusted")),
        None => findings.fact("plain HTTP, without TLS".to_owned()),
    }
    if let Some(server) = &found.server {
        findings.fact(format!("the server calls itself {server}"));
    }
    let over = match found.offers_http2() {
        true => "over HTTP/2 as by a browser; the scenarios ask over both",
        false => "over HTTP/1.1, as are the scenarios",
    };
    match found.offers.join(" and ") {
        others if others.is_empty() => findings.fact("HTTP/1.1 only".to_owned()),
        others => findings.fact(format!("HTTP/1.1; also {others}; asked {over}")),
    }
}
