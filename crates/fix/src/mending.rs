//! One fault after the other: proposed, tried, and shown only if it is proven.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use hopcheck_report::{Record, TargetResults, Verdict, broken_by_cause};
use hopcheck_targets::conf::Source;

use crate::advice::advice;
use crate::bench::{Bench, Objection, Promise, Proof, new_warnings, promise};
use crate::conf::Conf;
use crate::error::FixError;
use crate::fault::{Fault, State};
use crate::files::Files;
use crate::model::{Fix, Mend, Tried, Unmended};
use crate::patch;
use crate::proposal::Proposal;
use crate::refusal;
use crate::rules::proposals;

/// More mends are not looked for in one run.
const MAX_MENDS: usize = 20;

/// More edits are not tried in one run.
const MAX_TRIALS: usize = 150;

/// More effects of one mend are not told.
const MAX_EFFECTS: usize = 6;

/// What is being done, for who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// All scenarios are run.
    Running,
    /// An edit is tried, of so many, for the sake of a promise.
    Trying {
        /// Which, from 1.
        nth: usize,
        /// Of how many.
        of: usize,
        /// What it does.
        title: &'a str,
    },
}

/// Looks for mends of what is broken in the configuration at `conf`, which `bench` has been read from. Nothing is written.
///
/// # Errors
/// When it cannot be read or run.
pub async fn fix(
    conf: &Path,
    here: &Path,
    bench: &Bench,
    tell: &mut dyn FnMut(Step<'_>),
) -> Result<Fix, FixError> {
    let source = &bench.stage.source;
    if source.origin.is_made() && conf.is_dir() {
        return Err(FixError::Template(source.name.clone()));
    }
    let written = Files::read(conf, source)?;
    let (state, mends) = start(bench, here, written.clone(), source.clone()).await?;
    tell(Step::Running);
    let results = bench.whole(&state.source).await?;
    let trials = mends.len();
    let (unmended, given_up) = (Vec::new(), BTreeSet::new());
    let objections = Vec::new();
    let mut mending =
        Mending { bench, here, written, state, results, trials, mends, unmended, given_up, objections };
    loop {
        let alike = mending.next();
        if alike.is_empty() {
            return Ok(mending.end());
        }
        mending.mend(&alike, tell).await?;
    }
}

/// Mends that for which the engine refuses the configuration: nothing else can be asked of it before.
async fn start(
    bench: &Bench,
    here: &Path,
    mut files: Files,
    mut source: Source,
) -> Result<(State, Vec<Mend>), FixError> {
    let mut mends = Vec::new();
    let mut refused = bench.refusal(&source).await?;
    while let Some(said) = refused.take() {
        let first = said.lines().next().unwrap_or_default().to_owned();
        let changed = refusal::mended(&said, &files, &source);
        let not_run = || FixError::NotRun(format!("{} is refused:\n{said}", source.name));
        let may_be_made =
            |changed: &BTreeMap<String, String>| mends.len() < MAX_MENDS && is_writable(&files, changed);
        let (title, changed) = changed.filter(|(_, changed)| may_be_made(changed)).ok_or_else(not_run)?;
        let mut texts = files.texts.clone();
        texts.extend(changed);
        let mended = source.with_files(&texts);
        refused = bench.refusal(&mended).await?;
        // It may be refused for something else then.
        if refused.as_ref().is_some_and(|now| now.starts_with(&first)) {
            return Err(not_run());
        }
        let promise = format!("{} starts; it said: {first}", bench.stage.target.describe());
        mends.push(Mend { promise, title, patch: patches(&files, &texts, here), ..Mend::default() });
        (files, source) = (files.with(texts), mended);
    }
    Ok((state(files, source)?, mends))
}

/// Whether each of these texts can be written as the user would: not so where a line with a placeholder is another.
fn is_writable(files: &Files, texts: &BTreeMap<String, String>) -> bool {
    texts.iter().all(|(name, text)| files.as_written(name, text).is_some())
}

/// The files that an edit changes, as patches.
fn patches(files: &Files, texts: &BTreeMap<String, String>, here: &Path) -> String {
    let changed = texts.iter().filter(|(name, text)| files.text(name) != **text);
    let patches = changed.filter_map(|(name, text)| {
        let (old, new) = (files.as_written(name, files.text(name))?, files.as_written(name, text)?);
        Some(patch::unified(files.path(name)?, here, &old, &new))
    });
    patches.collect()
}

/// Reads the directives of `files`.
fn state(files: Files, source: Source) -> Result<State, FixError> {
    let unreadable = || FixError::NotRun(format!("{} cannot be taken apart", source.name));
    let conf = Conf::read(&files, &source).ok_or_else(unreadable)?;
    Ok(State { files, conf, source })
}

/// Mends so far.
struct Mending<'a> {
    bench: &'a Bench,
    here: &'a Path,
    /// The files as they are on disk.
    written: Files,
    /// The configuration with the mends so far.
    state: State,
    /// Its results.
    results: TargetResults,
    trials: usize,
    mends: Vec<Mend>,
    unmended: Vec<Unmended>,
    given_up: BTreeSet<Promise>,
    /// What speaks against edits of this state, whatever promise they are for.
    objections: Vec<(Proposal, Objection)>,
}

impl Mending<'_> {
    /// The next broken promise that was not looked at, and those that are broken for the same reason.
    fn next(&self) -> Vec<Record> {
        if self.mends.len() >= MAX_MENDS || self.trials >= MAX_TRIALS {
            return Vec::new();
        }
        let is_open = |record: &&Record| !self.given_up.contains(&promise(record));
        let causes = broken_by_cause(&self.results.records).into_iter();
        let open = causes.map(|alike| alike.into_iter().filter(is_open).cloned().collect::<Vec<_>>());
        open.into_iter().find(|alike| !alike.is_empty()).unwrap_or_default()
    }

    /// Looks for a mend of broken promises, the first of them above all.
    async fn mend(&mut self, alike: &[Record], tell: &mut dyn FnMut(Step<'_>)) -> Result<(), FixError> {
        let Some(fault) = Fault::of(alike, &self.state) else { return Ok(()) };
        let record = &alike[0];
        // What is not broken when it is asked alone would be mended by anything.
        if self.bench.keeps(&self.state.source, &promise(record)).await {
            self.given_up.extend(alike.iter().map(promise));
            return Ok(());
        }
        let (choice, proposed) = (advice(&fault), proposals(&fault));
        let of = proposed.len();
        let mut tried = Vec::new();
        for (nth, proposal) in proposed.into_iter().enumerate() {
            if self.trials >= MAX_TRIALS {
                break;
            }
            let mut texts = self.state.files.texts.clone();
            let Some(changed) = proposal.edit.applied(&self.state.files) else { continue };
            if !is_writable(&self.state.files, &changed) {
                tried.push(told(&proposal, &Objection::Placeholder));
                continue;
            }
            let known = self.objections.iter().find(|(other, _)| other.does_as(&proposal));
            if let Some((_, objection)) = known {
                tried.push(told(&proposal, objection));
                continue;
            }
            texts.extend(changed);
            self.trials += 1;
            tell(Step::Trying { nth: nth + 1, of, title: &proposal.title });
            let wanted = promise(record);
            let source = &self.state.source;
            match self.bench.try_edit(source, &self.results, &wanted, &texts, &proposal).await {
                Ok(proof) => return self.accept(record, &proposal, proof, texts),
                Err(objection) => {
                    tried.push(told(&proposal, &objection));
                    if objection != Objection::StillBroken {
                        self.objections.push((proposal, objection));
                    }
                }
            }
        }
        self.given_up.extend(alike.iter().map(promise));
        self.unmended.push(Unmended {
            promise: record.name.clone(),
            place: record.place(),
            also: alike.iter().skip(1).map(|other| other.name.clone()).collect(),
            message: said(record).to_owned(),
            hint: record.hint.clone(),
            choice,
            tried,
        });
        Ok(())
    }

    /// Takes a mend that is proven, and goes on from there.
    fn accept(
        &mut self,
        record: &Record,
        proposal: &Proposal,
        proof: Proof,
        texts: BTreeMap<String, String>,
    ) -> Result<(), FixError> {
        let patch = patches(&self.state.files, &texts, self.here);
        let now: BTreeSet<Promise> =
            proof.results.records.iter().filter(|record| record.fails()).map(promise).collect();
        let broken = self.results.records.iter().filter(|record| record.fails());
        let also = broken.filter(|other| !now.contains(&promise(other)) && promise(other) != promise(record));
        let effects = proof.diff.entries.iter().flat_map(|entry| &entry.effects);
        let effects: Vec<String> =
            effects.map(|effect| format!("{}: {}", effect.request, effect.difference)).collect();
        self.mends.push(Mend {
            promise: record.name.clone(),
            place: record.place(),
            title: proposal.title.clone(),
            also: also.map(|other| other.name.clone()).collect(),
            kept: proof.results.count(|record| record.verdict == Verdict::Kept),
            warned: new_warnings(&self.results, &proof.results),
            requests: proof.diff.requests,
            more_effects: effects.len().saturating_sub(MAX_EFFECTS),
            effects: effects.into_iter().take(MAX_EFFECTS).collect(),
            patch,
        });
        let source = self.state.source.with_files(&texts);
        let files = self.state.files.with(texts);
        self.state = state(files, source)?;
        self.results = proof.results;
        self.objections.clear();
        // What could not be mended may be kept by the way.
        let is_broken = |promise: &Promise| now.contains(promise);
        self.given_up.retain(is_broken);
        let names: BTreeSet<&String> = self.given_up.iter().map(|(_, _, name)| name).collect();
        self.unmended.retain(|unmended| names.contains(&unmended.promise));
        Ok(())
    }

    fn end(self) -> Fix {
        let not_looked_at = self.results.records.iter().filter(|record| record.fails());
        let not_looked_at: Vec<String> = not_looked_at
            .filter(|record| !self.given_up.contains(&promise(record)))
            .map(|record| record.name.clone())
            .collect();
        Fix {
            name: self.state.source.name.clone(),
            engine: self.bench.stage.target.describe(),
            checked: self.results.records.len(),
            mends: self.mends,
            unmended: self.unmended,
            not_looked_at,
            trials: self.trials,
            written: Arc::new(self.written),
            mended: Arc::new(self.state.files),
        }
    }
}

/// What a broken promise's scenario said.
fn said(record: &Record) -> &str {
    record.failed_step().map_or("", |failed| failed.message.as_str())
}

fn told(proposal: &Proposal, objection: &Objection) -> Tried {
    Tried { title: proposal.title.clone(), objection: objection.text() }
}
