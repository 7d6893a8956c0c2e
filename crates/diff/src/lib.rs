//! What changes for users between two nginx configurations.
//!
//! A text diff of two `nginx.conf` does not say what changes for a site: one `add_header` in a location takes five others away,
//! and a thousand moved lines may change nothing. So both are run, by the same engine, in front of the same mock app servers,
//! rewritten as in any other run so that nothing real is touched, and asked the same requests. What is answered
//! differently is told; what is not, is not, however much of the text was changed.
//!
//! 1. *What was changed* (`changes`): both are read with their includes in place, and paired block by block. Layout, comments
//!    and order that does not count are no changes. The result is both configurations as one, from which the configuration
//!    with just some of the changes can be made.
//! 2. *The requests* (`probes`): from the locations of both, with the borders of each, every name and method, preflights,
//!    conditional and compressed answers, bodies at the limit, WebSockets; and from conditions and patterns, with texts that
//!    match and texts that just do not. Their number grows with the locations.
//! 3. *The run* (`side`): each configuration twice, in four scratch directories. What is not the same when the same side
//!    is asked twice is noise: dates, ids, ports. Whose turn it is among the servers of an upstream is of no account either. What
//!    would take waiting, limits of time and rate, is read from the configuration as it holds for a place (`values`).
//! 4. *The differences* (`compare`): who answers, status, headers, body, what the app server sees. They are looked at once
//!    more, by proxies that have not been asked anything else, before they are believed.
//! 5. *The causes* (`causes`): not guessed but tried. Each change is made alone in the old configuration, and what differs is
//!    asked again: what then answers as the new one does is the work of that change. One change is one entry of the [`Diff`].
//!
//! The same seed makes the same requests, and the same report.
//!
//! Two live sites are compared, too (`sites`): by safe requests alone, as slowly as the profile says, and without causes.

mod accepted;
mod access;
mod causes;
pub mod changes;
mod compare;
mod configuration;
mod files;
mod found;
mod git;
mod observation;
mod pattern;
mod probe;
mod probes;
pub mod report;
mod side;
mod sites;
mod timeless;
mod values;
mod wire;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use hopcheck_site::Line;
use hopcheck_targets::conf::Source;
use hopcheck_targets::scene::Scene;
use hopcheck_targets::stage::Stage;
use thiserror::Error;

pub use accepted::{Accepted, AcceptedError};
pub use compare::Filter;
pub use git::{Checkout, GitError, Revisions};
pub use observation::{KINDS, Kind};
pub use report::{BrokenPromise, Diff, NewError, Promises};
pub use sites::diff_sites;

use causes::{Ran, Trials};
use changes::Merged;
use compare::{Group, Peers, SAMPLES};
use configuration::Configuration;
use files::Files;
use found::{Found, Together};
use observation::{Field, Observation};
use probe::Probe;
use side::SideError;

/// More groups of differences are not looked at one by one: the two have hardly anything in common.
const MAX_GROUPS: usize = 2_000;

/// What is told, and how the requests are made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which differences are told.
    pub filter: Filter,
    /// The seed of texts for patterns.
    pub seed: u64,
    /// Differences that are known and meant.
    pub accepted: Accepted,
}

impl Default for Options {
    fn default() -> Options {
        Options { filter: Filter::default(), seed: 1, accepted: Accepted::default() }
    }
}

/// Why two configurations cannot be compared.
#[derive(Debug, Error)]
pub enum DiffError {
    /// One of them cannot be read.
    #[error("cannot read {name}, the {which} one: {reason}")]
    Read {
        /// `old` or `new`.
        which: &'static str,
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The engine does not run one of them.
    #[error("{name}, the {which} one, does not run:\n{reason}")]
    NotRun {
        /// `old` or `new`.
        which: &'static str,
        /// Its name.
        name: String,
        /// What the engine said.
        reason: String,
    },
    /// This machine has not what the comparison needs.
    #[error("could not compare: {0}")]
    Machine(String),
}

/// A configuration with the engine that runs it.
pub type Staged = Arc<Stage>;

/// Runs both, and tells what differs. The engines may differ, too.
///
/// # Errors
/// When one of them cannot be read or run; says which.
pub async fn diff(old: &Staged, new: &Staged, options: &Options) -> Result<Diff, DiffError> {
    for (which, stage) in [("old", old), ("new", new)] {
        refuse(which, stage).await?;
    }
    let read = |which, source: &Source| {
        let unreadable = |reason| DiffError::Read { which, name: source.name.clone(), reason };
        Configuration::of(source.clone()).map(Arc::new).map_err(unreadable)
    };
    let (old_conf, new_conf) = (read("old", &old.source)?, read("new", &new.source)?);
    let probes = Arc::new(probes::of(&old_conf, &new_conf, options.seed));
    let files = Arc::new(Files::of([&old_conf, &new_conf], &probes));
    let peers = Peers::of(&old_conf, &new_conf);

    let run = |stage: &Staged, conf: &Arc<Configuration>, probes: &Arc<Vec<Probe>>| {
        let (stage, conf, files, probes) =
            (Arc::clone(stage), Arc::clone(conf), Arc::clone(&files), Arc::clone(probes));
        tokio::spawn(async move { causes::ask(&stage, &conf, &files, &probes).await })
    };
    let ran = tokio::join!(
        run(old, &old_conf, &probes),
        run(old, &old_conf, &probes),
        run(new, &new_conf, &probes),
        run(new, &new_conf, &probes),
    );
    let seen_by = |which, name: &str, ran: Ran| {
        let not_run = |reason| DiffError::NotRun { which, name: name.to_owned(), reason };
        let seen = ran.map_err(|error| not_run(error.to_string()))?.map_err(|error| match error {
            SideError::Machine(_) => DiffError::Machine(error.to_string()),
            _ => not_run(error.to_string()),
        })?;
        Ok::<Vec<Observation>, DiffError>(seen.into_iter().map(|seen| peers.without_turns(seen)).collect())
    };
    let (old_name, new_name) = (&old.source.name, &new.source.name);
    let olds = [seen_by("old", old_name, ran.0)?, seen_by("old", old_name, ran.1)?];
    let news = [seen_by("new", new_name, ran.2)?, seen_by("new", new_name, ran.3)?];
    let differing = compare::differing(&olds, &news, &options.filter);
    let places = |probe: &Probe| compare::places([&old_conf, &new_conf], probe);
    let mut groups = compare::groups(&places, &probes, &differing);
    groups.truncate(MAX_GROUPS);

    // Once more, by proxies that have not been asked anything else.
    let samples: BTreeSet<usize> =
        groups.iter().flat_map(|group| group.probes.iter().take(SAMPLES).copied()).collect();
    let samples: Vec<usize> = samples.into_iter().collect();
    if !samples.is_empty() {
        let again = Arc::new(samples.iter().map(|nth| probes[*nth].clone()).collect::<Vec<Probe>>());
        let ran = tokio::join!(run(old, &old_conf, &again), run(new, &new_conf, &again));
        let (old_again, new_again) = (seen_by("old", old_name, ran.0)?, seen_by("new", new_name, ran.1)?);
        let is_again = |nth: usize, field: &Field| {
            let Ok(at) = samples.binary_search(&nth) else { return false };
            compare::changed(&differing, nth, field).is_some_and(|changed| {
                compare::fits(changed.old.as_deref(), old_again[at].get(field))
                    && compare::fits(changed.new.as_deref(), new_again[at].get(field))
            })
        };
        for group in &mut groups {
            let field = group.changed.field.clone();
            let tried: Vec<usize> = group.probes.iter().take(SAMPLES).copied().collect();
            let is_confirmed = tried.iter().any(|nth| is_again(*nth, &field));
            group.probes.retain(|nth| is_confirmed && (is_again(*nth, &field) || !tried.contains(nth)));
            if let Some(changed) =
                group.probes.first().and_then(|nth| compare::changed(&differing, *nth, &field))
            {
                group.changed = changed.clone();
            }
        }
        groups.retain(|group| !group.probes.is_empty());
    }

    let merged = Arc::new(Merged::of(&old_conf.nodes, &new_conf.nodes));
    let trials = Trials {
        stage: new,
        old: &old_conf,
        merged: &merged,
        files: &files,
        peers: &peers,
        probes: &probes,
        differing: &differing,
    };
    let causes = if merged.changes().is_empty() {
        vec![BTreeSet::new(); groups.len()]
    } else {
        trials.causes(&groups).await.map_err(|error| DiffError::Machine(error.to_string()))?
    };
    let [old, new] = [old, new]
        .map(|stage| report::Ran { name: stage.source.name.clone(), engine: stage.target.describe() });
    let together = Together::Fields;
    let found =
        Found { old, new, probes: &probes, merged: &merged, groups: &groups, causes: &causes, together };
    let mut diff = report::of(&found, &options.accepted);
    diff.touched = touched(&old_conf, &probes, &groups);
    Ok(diff)
}

/// Where the locations of the old configuration stand of which something differs, each once.
fn touched(old: &Configuration, probes: &[Probe], groups: &[Group]) -> Vec<Line> {
    let mut touched: Vec<Line> = Vec::new();
    let probes = groups.iter().flat_map(|group| &group.probes).map(|nth| &probes[*nth]);
    for probe in probes {
        let host = probe.host.as_deref().unwrap_or_default();
        let line = old.line_of(&probe.port, host, probe.path());
        touched.extend(line.filter(|line| !touched.contains(line)));
    }
    touched
}

/// Fails if the engine does not take the configuration, with its words about the text as it is written.
async fn refuse(which: &'static str, stage: &Staged) -> Result<(), DiffError> {
    let not_run = |reason: String| DiffError::NotRun { which, name: stage.source.name.clone(), reason };
    match Scene::refusal(stage).await {
        Err(error) => Err(not_run(error.to_string())),
        Ok(Some(refusal)) => Err(not_run(refusal.said.trim().to_owned())),
        Ok(None) => Ok(()),
    }
}
