//! Two live sites side by side: a new box before the DNS moves, a staging system and production.
//!
//! Nothing else is sent than what `hopcheck run --target` may send: GET, HEAD and OPTIONS without a body and the handshake of a
//! WebSocket, through the route of a [`Deployment`], whose policy has the pace and refuses any other. There are no causes: what
//! a site runs is not known. What is not the same when one site is asked twice is noise, as is which instance answered.

mod ask;
mod probes;

use std::collections::BTreeSet;
use std::sync::Arc;

use hopcheck_targets::target::Deployment;

use crate::changes::Merged;
use crate::compare;
use crate::found::{Found, Together};
use crate::observation::Observation;
use crate::probe::Probe;
use crate::report::{self, Diff, Ran};
use crate::{DiffError, MAX_GROUPS, Options};

/// Asks both the same, and tells what differs. Beside what the profile of `old` names and its front page links, each of `paths`
/// is asked for.
///
/// # Errors
/// When one of them leaves too much unanswered.
pub async fn diff_sites(
    old: &Deployment,
    new: &Deployment,
    paths: &[String],
    options: &Options,
) -> Result<Diff, DiffError> {
    let probes = probes::of(old, paths).await;
    let ran = tokio::join!(twice(old, "old", &probes), twice(new, "new", &probes));
    let (olds, news) = (ran.0?, ran.1?);
    let differing = compare::differing(&olds, &news, &options.filter);
    let mut groups = compare::groups(&|_| Vec::new(), &probes, &differing);
    groups.truncate(MAX_GROUPS);
    let causes = vec![BTreeSet::new(); groups.len()];
    let [old, new] = [old, new].map(|site| Ran { name: site.name().to_owned(), engine: site.describe() });
    let merged = Arc::new(Merged::default());
    let together = Together::Requests;
    let found =
        Found { old, new, probes: &probes, merged: &merged, groups: &groups, causes: &causes, together };
    Ok(report::of(&found, &options.accepted))
}

/// What comes of every probe, the first and the second time.
async fn twice(
    site: &Deployment,
    which: &'static str,
    probes: &[Probe],
) -> Result<[Vec<Observation>; 2], DiffError> {
    Ok([ask::ask_all(site, which, probes).await?, ask::ask_all(site, which, probes).await?])
}
