//! The mutants of the document's file: each beside the file that it was made of.

use hopcheck_diff::DiffError;
use hopcheck_diff::report::CauseLine;
use hopcheck_proving::mutants::{Catalogue, Mutant, mutants, sample};
use hopcheck_targets::conf::Source;
use hopcheck_targets::target::InstalledNginx;

use crate::{Engine, has_all};

/// What came of one mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The change is told, with its line.
    Found,
    /// Something is told, with another line.
    OtherCause,
    /// Nothing is told.
    Missed,
}

async fn outcome(engine: &Engine, original: &Source, mutant: &Mutant) -> Outcome {
    let new = original.clone().with_text(mutant.text.clone());
    match engine.diff(original.clone(), new).await {
        // It does not start: the engine says so, with the line.
        Err(DiffError::NotRun { which: "new", .. } | DiffError::Read { which: "new", .. }) => Outcome::Found,
        Err(error) => panic!("{}: {error}", mutant.title()),
        Ok(diff) if diff.is_empty() => Outcome::Missed,
        Ok(diff) => {
            let lines = diff
                .entries
                .iter()
                .flat_map(|entry| &entry.causes)
                .flat_map(|cause| [&cause.old, &cause.new]);
            let written =
                mutant.text.lines().nth(mutant.line - 1).unwrap_or_default().replace(['\'', '"'], "");
            // Of two lines that are the same, either may be the new one.
            let is_it = |at: &CauseLine| {
                at.line.line == mutant.line || written.contains(&at.text.replace(['\'', '"'], ""))
            };
            let is_there = lines.flatten().any(is_it);
            if is_there { Outcome::Found } else { Outcome::OtherCause }
        }
    }
}

/// Of a sample of the mutants of the document's file; `HOPCHECK_ALL_CHANGES=1` takes all of them, another value
/// those with one of its parts between `|` in their names.
#[tokio::test(flavor = "multi_thread")]
async fn mutants_are_told_with_their_cause() {
    const SAMPLE: usize = 40;
    are_told(&Engine::Reference, (!has_all()).then_some(SAMPLE)).await;
}

/// All of them with nginx, where one is installed.
#[tokio::test(flavor = "multi_thread")]
async fn mutants_are_told_with_their_cause_by_nginx() {
    let Some(program) = InstalledNginx::locate().filter(|_| has_all()) else { return };
    are_told(&Engine::Nginx(program), None).await;
}

async fn are_told(engine: &Engine, of: Option<usize>) {
    let original = Source::built_in();
    let (made, _) = mutants(&Catalogue::built_in().unwrap(), &original);
    let wanted = std::env::var("HOPCHECK_ALL_CHANGES").unwrap_or_default();
    let is_wanted =
        |name: &str| matches!(&*wanted, "" | "1") || wanted.split('|').any(|part| name.contains(part));
    let noticeable = made.into_iter().filter(|mutant| mutant.equivalent.is_none());
    let noticeable: Vec<Mutant> = noticeable.filter(|mutant| is_wanted(&mutant.full_name())).collect();
    let chosen = match of {
        Some(count) => sample(noticeable, count, 1, true),
        None => noticeable,
    };
    let (mut told, mut missed, mut other) = (0, Vec::new(), Vec::new());
    for mutant in &chosen {
        match outcome(engine, &original, mutant).await {
            Outcome::Found => told += 1,
            Outcome::Missed => missed.push(mutant.full_name()),
            Outcome::OtherCause => other.push(mutant.full_name()),
        }
    }
    eprintln!(
        "{} mutants by {engine:?}: {told} told with their cause; other cause: {other:#?}; missed: {missed:#?}",
        chosen.len()
    );
    let percent = |count: usize| 100 * count / chosen.len();
    assert!(percent(told + other.len()) >= 98, "missed: {missed:#?}");
    assert!(percent(told) >= 95, "with another cause: {other:#?}");
}
