//! A first profile for a site, from what the site answers.
//!
//! Only what may be asked of a system that others use is asked: everything goes through [`Deployment::route`], which refuses
//! all else, and no more than [`MOST`] times. Each question ends in [findings](Finding): a value for a field of the
//! profile, or why there is none. [`written`] makes the file of them.

mod api;
mod ask;
mod findings;
mod front_end;
mod instances;
mod literals;
mod preflight;
mod scripts;
mod stomp;
mod text;

pub use ask::MOST;
pub use findings::{Field, Finding, Findings};
pub use text::{Given, written};

use ask::Asker;
use hopcheck_targets::target::Deployment;

/// Asks `deployment` for all that a profile wants to know, and says what it found as it goes.
pub async fn explore<'a>(deployment: &'a Deployment, say: &'a mut dyn FnMut(&str)) -> Findings<'a> {
    let mut findings = Findings::new(deployment.secrets(), say);
    contact(deployment, &mut findings);
    let asker = Asker::new(deployment);
    let page = front_end::page(&asker).await;
    front_end::explore(&asker, page.as_ref(), &mut findings).await;
    let page = page.ok();
    let mentioned = match &page {
        Some(page) => scripts::read(&asker, page).await.mentioned(asker.authority()),
        None => literals::Mentioned::default(),
    };
    let api = api::explore(&asker, page.as_ref(), &mentioned, &mut findings).await;
    preflight::explore(&asker, api.as_deref(), &mut findings).await;
    let endpoint = stomp::explore(&asker, &mentioned, &mut findings).await;
    instances::explore(&asker, api.as_deref().or(endpoint.as_deref()), &mut findings).await;
    findings
}

/// What the first contact has found.
fn contact(deployment: &Deployment, findings: &mut Findings<'_>) {
    let found = deployment.found();
    match &found.tls {
        Some(version) => findings.fact(format!("{version}, with a certificate that is trusted")),
        None => findings.fact("plain HTTP, without TLS".to_owned()),
    }
    if let Some(server) = &found.server {
        findings.fact(format!("the server calls itself {server}"));
    }
    match found.offers.join(" and ") {
        others if others.is_empty() => findings.fact("HTTP/1.1; nothing else is offered".to_owned()),
        others => findings.fact(format!("HTTP/1.1, which the scenarios ask over; {others} are offered too")),
    }
}
