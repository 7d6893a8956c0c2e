//! Where configurations are tried: by the scenarios that found the fault, and beside the one they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hopcheck_diff::{Diff, Kind};
use hopcheck_report::{Record, Style, TargetResults, Verdict};
use hopcheck_site::Site;
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::{Selection, run};
use hopcheck_steps::scenarios::{place, retain};
use hopcheck_targets::conf::Source;
use hopcheck_targets::scene::Scene;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Stage;

use crate::error::FixError;
use crate::proposal::{Allowed, Proposal};

/// A promise: the file and line of its scenario, and its name, which has its route.
pub(crate) type Promise = (String, usize, String);

/// The promise of a record.
pub(crate) fn promise(record: &Record) -> Promise {
    (record.file.clone(), record.line, record.name.clone())
}

/// The scenarios, and the engine that runs the configurations.
#[derive(Debug)]
pub struct Bench {
    /// The scenarios.
    pub specification: Specification,
    /// The engine, with the configuration as it is.
    pub stage: Arc<Stage>,
    /// How the scenarios are run.
    pub selection: Selection,
}

/// Why an edit is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Objection {
    /// It changes a line that is filled in.
    Placeholder,
    /// The engine refuses what comes of it.
    Refused(String),
    /// The promise is broken as before.
    StillBroken,
    /// Other promises are broken, which were kept.
    Loses(Vec<String>),
    /// Requests that were answered well are answered with an error.
    NewErrors(Vec<String>),
    /// Others are let in than before.
    OpensTo(String),
}

/// What an edit was held against.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    /// The results of the configuration with the edit.
    pub(crate) results: TargetResults,
    /// How it differs from the one without.
    pub(crate) diff: Diff,
}

impl Bench {
    /// Runs the scenarios of `only`, or all.
    pub(crate) async fn run(
        &self,
        source: Source,
        only: Option<&BTreeSet<Promise>>,
        retries: usize,
    ) -> TargetResults {
        self.run_within(source, only, retries, None).await
    }

    /// The same, and no longer than `time`.
    pub(crate) async fn run_within(
        &self,
        source: Source,
        only: Option<&BTreeSet<Promise>>,
        retries: usize,
        time: Option<Duration>,
    ) -> TargetResults {
        let specification = match only {
            Some(promises) => Specification {
                features: retain(&self.specification.features, |feature, _, scenario| {
                    let (file, line) = place(feature, scenario);
                    promises.iter().any(|(known, at, _)| *known == file && *at == line)
                }),
                known_differences: self.specification.known_differences.clone(),
            },
            None => self.specification.clone(),
        };
        let selection = Selection { retries, ..self.selection.clone() };
        let setting = Setting::Staged(self.stage.with_source(source));
        let style = Style { silent: true, live: false, colour: false, brief: false };
        let end = async {
            match time {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
            format!("stopped after {} s", time.unwrap_or_default().as_secs())
        };
        run(&specification, setting, &selection, style, end).await
    }

    /// Runs all scenarios.
    ///
    /// # Errors
    /// When some were not run.
    pub(crate) async fn whole(&self, source: &Source) -> Result<TargetResults, FixError> {
        let results = self.run(source.clone(), None, 0).await;
        match results.unfinished {
            Some(why) => Err(FixError::NotRun(format!("{}: {why}", source.name))),
            None => Ok(results),
        }
    }

    /// Whether a promise is kept now.
    pub(crate) async fn keeps(&self, source: &Source, wanted: &Promise) -> bool {
        is_kept(&self.run(source.clone(), Some(&BTreeSet::from([wanted.clone()])), 0).await, wanted)
    }

    /// Why the engine refuses a configuration.
    ///
    /// # Errors
    /// When no scene can be set up.
    pub(crate) async fn refusal(&self, source: &Source) -> Result<Option<String>, FixError> {
        match Scene::refusal(&self.stage.with_source(source.clone())).await {
            Ok(refusal) => Ok(refusal.map(|refusal| refusal.said.trim().to_owned())),
            Err(error) => Err(FixError::NotRun(error.to_string())),
        }
    }

    /// Tries what comes of an edit of `old`, whose results are known, for the sake of `wanted`.
    pub(crate) async fn try_edit(
        &self,
        old: &Source,
        before: &TargetResults,
        wanted: &Promise,
        texts: &BTreeMap<String, String>,
        proposal: &Proposal,
    ) -> Result<Proof, Objection> {
        let new = old.with_files(texts);
        // The same is asked of it as before the edit, wherever its routes are now.
        let mut asked_as_before = new.clone();
        asked_as_before.site = Arc::new(Site {
            misspelt_headers: new.site.misspelt_headers.clone(),
            other_modules: new.site.other_modules.clone(),
            ..match proposal.moves_files {
                true => with_files_of(&old.site, &new.site),
                false => Site::clone(&old.site),
            }
        });
        match self.refusal(&new).await {
            Ok(None) => {}
            Ok(Some(said)) => return Err(Objection::Refused(said)),
            Err(error) => return Err(Objection::Refused(error.to_string())),
        }
        // What a scenario asks for may itself be read from the configuration, as the headers that are lost.
        if !(self.keeps(&asked_as_before, wanted).await || self.keeps(&new, wanted).await) {
            return Err(Objection::StillBroken);
        }
        let (same, anew) = (self.run(asked_as_before, None, 1).await, self.run(new.clone(), None, 1).await);
        let lost = lost(before, &same, &anew);
        if !lost.is_empty() {
            return Err(Objection::Loses(lost));
        }
        let diff = self.diff(old, new).await.map_err(Objection::Refused)?;
        objection(&diff, &proposal.allows).map_or(Ok(Proof { results: anew, diff }), Err)
    }

    async fn diff(&self, old: &Source, new: Source) -> Result<Diff, String> {
        let stages = (self.stage.with_source(old.clone()), self.stage.with_source(new));
        let options = hopcheck_diff::Options::default();
        hopcheck_diff::diff(&stages.0, &stages.1, &options).await.map_err(|error| error.to_string())
    }
}

/// `old` with its files where `new` has them.
fn with_files_of(old: &Site, new: &Site) -> Site {
    let mut site = old.clone();
    for (server, other) in site.servers.iter_mut().zip(&new.servers) {
        for route in &mut server.routes {
            let same =
                other.routes.iter().find(|it| it.location == route.location && it.lines == route.lines);
            route.roots = same.map_or_else(|| route.roots.clone(), |same| same.roots.clone());
        }
    }
    site
}

fn is_kept(results: &TargetResults, wanted: &Promise) -> bool {
    let mut records = results.records.iter().filter(|record| promise(record) == *wanted);
    results.unfinished.is_none() && records.any(|record| record.verdict == Verdict::Kept)
}

/// How each promise went.
fn verdicts(results: &TargetResults) -> BTreeMap<Promise, &Verdict> {
    results.records.iter().map(|record| (promise(record), &record.verdict)).collect()
}

/// The promises that were kept, and are not any more: asked as before the edit, or of the routes that there are now. What is
/// warned of is kept.
fn lost(before: &TargetResults, same: &TargetResults, anew: &TargetResults) -> Vec<String> {
    let (old, same_now, now) = (verdicts(before), verdicts(same), verdicts(anew));
    let is_kept = |verdict: &Verdict| matches!(verdict, Verdict::Kept | Verdict::Warned(_));
    let fails = |verdict: &Verdict| matches!(verdict, Verdict::Broken(_) | Verdict::UnexpectedlyKept { .. });
    let was_kept = old.iter().filter(|(_, verdict)| is_kept(verdict)).map(|(promise, _)| promise);
    let not_now = was_kept.filter(|promise| !same_now.get(*promise).is_some_and(|verdict| is_kept(verdict)));
    let is_new = |promise: &Promise| !old.get(promise).is_some_and(|verdict| fails(verdict));
    let newly =
        now.iter().filter(|(promise, verdict)| fails(verdict) && is_new(promise)).map(|(promise, _)| promise);
    let names: BTreeSet<String> = not_now.chain(newly).map(|(_, _, name)| name.clone()).collect();
    let unfinished = [same, anew].into_iter().filter_map(|results| results.unfinished.clone());
    names.into_iter().chain(unfinished).collect()
}

/// The promises that are warned of after an edit, and were not before.
pub(crate) fn new_warnings(before: &TargetResults, after: &TargetResults) -> Vec<String> {
    let old = verdicts(before);
    let is_new = |record: &&Record| {
        record.warns() && old.get(&promise(record)).is_none_or(|verdict| **verdict == Verdict::Kept)
    };
    after.records.iter().filter(is_new).map(|record| record.name.clone()).collect()
}

/// What speaks against an edit, by what changes with it.
fn objection(diff: &Diff, allows: &Allowed) -> Option<Objection> {
    let unmeant = diff.new_errors.iter().filter(|error| !allows.covers(error));
    let errors: BTreeSet<String> =
        unmeant.map(|error| format!("{}: {} instead of {}", error.request, error.new, error.old)).collect();
    if !errors.is_empty() {
        return Some(Objection::NewErrors(errors.into_iter().collect()));
    }
    let mut effects = diff.entries.iter().flat_map(|entry| &entry.effects);
    let opens = effects.find(|effect| effect.kind == Kind::Access);
    opens.map(|effect| Objection::OpensTo(format!("{}: {}", effect.request, effect.difference)))
}

impl Objection {
    /// It in a few words.
    pub(crate) fn text(&self) -> String {
        let first = |names: &[String]| match names {
            [] => String::new(),
            [one] => one.clone(),
            [one, rest @ ..] => format!("{one}, and {} more", rest.len()),
        };
        match self {
            Objection::Placeholder => "not tried: the line is filled in from a template".to_owned(),
            Objection::Refused(said) => format!("refused: {}", said.lines().next().unwrap_or_default()),
            Objection::StillBroken => "the promise is broken as before".to_owned(),
            Objection::Loses(names) => format!("it breaks: {}", first(names)),
            Objection::NewErrors(requests) => format!("answered with an error then: {}", first(requests)),
            Objection::OpensTo(what) => format!("lets others in: {what}"),
        }
    }
}
