//! Which promises that the old configuration keeps the new one breaks, and which of the changes between the two does it.
//!
//! As in the comparison itself, no cause is guessed: what is broken is asked again of the old configuration with the changes of
//! one entry alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hopcheck_diff::{BrokenPromise, Diff, Promises};
use hopcheck_report::{Record, TargetResults, Verdict};
use hopcheck_site::Site;
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::Selection;
use hopcheck_targets::stage::Stage;

use crate::bench::{Bench, Promise, promise};

/// The changes of so many entries are tried.
const MAX_TRIALS: usize = 12;

/// No more time is spent on finding out what is broken. Large sites take it where all of their routes differ.
const TIME: Duration = Duration::from_secs(60);

/// Says in `diff` which promises that `old` keeps `new` breaks, and by which entry. Where nothing differs, nothing is run.
pub async fn mark_broken_promises(
    diff: &mut Diff,
    [old, new]: [&Arc<Stage>; 2],
    specification: &Specification,
    selection: &Selection,
) {
    if diff.is_empty() {
        return;
    }
    let bench = |stage: &Arc<Stage>| Bench {
        specification: specification.clone(),
        stage: Arc::clone(stage),
        selection: selection.clone(),
    };
    let (old, new) = (bench(old), bench(new));
    let mut promises = Promises::default();
    let broken = broken_by(&new, &old, Arc::new(diff.touched(&old.stage.source.site)), &mut promises).await;
    let mut open: BTreeSet<Promise> = broken.keys().cloned().collect();
    let count = diff.entries.len();
    for nth in 0..count.min(MAX_TRIALS) {
        if open.is_empty() {
            break;
        }
        let found = match diff.with_only(nth, &old.stage.source) {
            // There is nothing else that could do it.
            _ if count == 1 => std::mem::take(&mut open),
            Some(changed) => failing(&new.run(changed, Some(&open), 0).await, &open),
            None => BTreeSet::new(),
        };
        diff.entries[nth].breaks = found.iter().filter_map(|promise| broken.get(promise).cloned()).collect();
        open.retain(|promise| !found.contains(promise));
    }
    promises.broken = broken.into_values().collect();
    diff.promises = Some(promises);
}

/// The promises that the new configuration breaks and the old one keeps, asked of the routes as they were; but not those that the
/// new one keeps by its own.
async fn broken_by(
    new: &Bench,
    old: &Bench,
    touched: Arc<Site>,
    promises: &mut Promises,
) -> BTreeMap<Promise, BrokenPromise> {
    let mut as_before = new.stage.source.clone();
    let mut before = old.stage.source.clone();
    // What a profile promises is asked for wherever it is served now.
    if as_before.profile.routes.is_empty() {
        as_before.site = Arc::clone(&touched);
        before.site = touched;
    }
    let results = new.run_within(as_before, None, 0, Some(TIME)).await;
    promises.kept = results.count(is_kept);
    promises.unfinished.clone_from(&results.unfinished);
    let mut broken: BTreeSet<Promise> =
        results.records.iter().filter(|record| record.fails()).map(promise).collect();
    for (bench, source, wanted) in [(old, before, true), (new, new.stage.source.clone(), false)] {
        if !broken.is_empty() {
            let asked = bench.run(source, Some(&broken), 1).await;
            let kept: BTreeSet<Promise> =
                asked.records.iter().filter(|record| is_kept(record)).map(promise).collect();
            broken.retain(|promise| kept.contains(promise) == wanted);
        }
    }
    let told = results.records.iter().filter(|record| broken.contains(&promise(record)));
    told.map(|record| (promise(record), told_of(record))).collect()
}

/// Those of `asked` that are broken.
fn failing(results: &TargetResults, asked: &BTreeSet<Promise>) -> BTreeSet<Promise> {
    let broken = results.records.iter().filter(|record| record.fails()).map(promise);
    broken.filter(|promise| asked.contains(promise)).collect()
}

/// What is warned of is kept.
fn is_kept(record: &Record) -> bool {
    matches!(record.verdict, Verdict::Kept | Verdict::Warned(_))
}

fn told_of(record: &Record) -> BrokenPromise {
    let said = record.failed_step().and_then(|failed| failed.message.lines().next()).unwrap_or_default();
    BrokenPromise { promise: record.name.clone(), place: record.place(), message: said.to_owned() }
}
