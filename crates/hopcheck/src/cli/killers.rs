//! `hopcheck mutants --killers`: what each scenario is for.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::Error;
use super::interrupt::Interrupted;
use super::mutants::ending;
use super::workers::each;
use hopcheck_proving::mutants::{Bench, Catalogue, Fate, Killer, Killers, Mutant, Outcome, mutants};
use hopcheck_targets::conf::Source;

/// Takes up in `file` what `outcomes` say of `made`, and what the scenarios notice that have noticed nothing so far.
pub(super) async fn update(
    file: &Path,
    bench: &Bench,
    made: &[Mutant],
    outcomes: &[Outcome],
    jobs: usize,
) -> Result<(), Error> {
    let mut killers = Killers::read(file)?;
    outcomes.iter().for_each(|outcome| killers.take(outcome));
    let names = names(&bench.stage.source)?;
    let is_scenario =
        |name: &str| bench.specification.scenarios().any(|(_, _, scenario)| scenario.name == name);
    killers.forget(is_scenario, |mutant| names.contains(mutant));
    // Should the rest be interrupted, this much is known.
    killers.write(file)?;

    let left: BTreeSet<String> =
        bench.scenarios().filter(|name| !killers.notices(name)).map(str::to_owned).collect();
    let runs = |outcome: &Outcome| match outcome.fate {
        Fate::Killed(Killer::Scenario { .. }) | Fate::Survived => true,
        Fate::Killed(Killer::Refused { .. })
        | Fate::Equivalent { .. }
        | Fate::NeedsSlow
        | Fate::NotApplicable { .. } => false,
    };
    let others =
        made.iter().zip(outcomes).filter(|(mutant, outcome)| runs(outcome) && !mutant.meant.is_any());
    let others: Vec<Mutant> = others.map(|(mutant, _)| mutant.clone()).collect();
    println!("  {} scenarios noticed nothing so far; {} mutants to try them with", left.len(), others.len());
    for (mutant, scenarios) in noticed_by_others(bench, others, left, jobs).await? {
        killers.add(&mutant, &scenarios);
    }
    let idle: Vec<&str> = bench.scenarios().filter(|name| !killers.notices(name)).collect();
    println!("  {} scenarios noticed none of these mutants", idle.len());
    idle.iter().for_each(|name| println!("    {name}"));
    Ok(killers.write(file)?)
}

/// The full names of all mutants of `source`.
fn names(source: &Source) -> Result<BTreeSet<String>, Error> {
    let (made, _) = mutants(&Catalogue::built_in()?, source);
    Ok(made.iter().map(Mutant::full_name).collect())
}

/// What has been noticed, unless `asked` have all noticed it: that a proxy is out of reach says of nobody what it is for.
fn telling(noticed: BTreeSet<String>, asked: &BTreeSet<String>) -> BTreeSet<String> {
    if noticed.len() > 1 && noticed == *asked { BTreeSet::new() } else { noticed }
}

/// What the scenarios that are left notice. One that has noticed a mutant is not run with those that are begun later.
async fn noticed_by_others(
    bench: &Bench,
    mutants: Vec<Mutant>,
    left: BTreeSet<String>,
    jobs: usize,
) -> Result<Vec<(String, BTreeSet<String>)>, Error> {
    let left = Arc::new(Mutex::new(left));
    let bench = bench.clone();
    let look = async move |mutant: &Mutant| {
        let names = left.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let noticed = bench.noticed(mutant, &names, ending()).await.ok_or_else(|| Interrupted.to_string())?;
        let noticed = telling(noticed, &names);
        left.lock().unwrap_or_else(PoisonError::into_inner).retain(|name| !noticed.contains(name));
        Ok((mutant.full_name(), noticed))
    };
    each(mutants, jobs, look, |_| ()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_notices_tells_nothing_of_anybody() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(telling(names(&["a", "b"]), &names(&["a", "b"])), names(&[]));
        assert_eq!(telling(names(&["a", "b"]), &names(&["a", "b", "c"])), names(&["a", "b"]));
        assert_eq!(telling(names(&["a"]), &names(&["a"])), names(&["a"]));
    }
}
