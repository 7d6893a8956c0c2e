//! Rules about kinds of fault: each looks at a broken promise and the places that it is about, and proposes edits. None knows
//! whether its edit mends anything; that is tried.

mod buffers;
mod cache;
mod cookies;
mod cors;
mod deployment;
mod forwarding;
mod front_end;
mod headers;
mod hint;
mod locations;
mod preflight;
mod promise;
mod query;
mod redirects;
mod slashes;
mod spelling;
mod takeaway;
mod upstreams;

use crate::fault::Fault;
use crate::proposal::Proposal;

/// More edits are not made up for one promise.
const MAX_PROPOSALS: usize = 40;

/// What looks at a broken promise.
type Rule = fn(&Fault<'_>) -> Vec<Proposal>;

/// Every rule, those of the narrowest kinds first: what the hint names is tried last.
const RULES: [Rule; 31] = [
    spelling::headers,
    deployment::root,
    deployment::app_servers,
    deployment::port,
    forwarding::upgrade,
    forwarding::other_protocols,
    headers::lost,
    headers::always,
    cors::of_both,
    slashes::of_proxy_pass,
    slashes::of_alias,
    locations::of_the_route,
    preflight::redirected,
    redirects::stays,
    redirects::circle,
    redirects::nameless,
    preflight::refused,
    promise::of_route,
    promise::of_upstream,
    query::redirects,
    query::handed_on,
    front_end::fallback,
    front_end::kept_page,
    front_end::root,
    upstreams::sticky,
    cache::of_others,
    cookies::path,
    buffers::head,
    buffers::upload,
    hint::as_it_says,
    takeaway::what_the_hint_names,
];

/// The edits that may mend a broken promise, in the order to try them.
pub(crate) fn proposals(fault: &Fault<'_>) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = Vec::new();
    for proposal in RULES.iter().flat_map(|rule| rule(fault)) {
        let is_new = proposals.iter().all(|known| known.edit != proposal.edit);
        if is_new && !proposal.edit.is_empty() && proposals.len() < MAX_PROPOSALS {
            proposals.push(proposal);
        }
    }
    proposals
}
