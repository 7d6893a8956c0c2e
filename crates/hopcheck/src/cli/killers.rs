//! `hopcheck mutants --killers`: which mutants each scenario notices.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::exit::Error;
use super::interrupt::{Interrupted, until_interrupted};
use super::workers::run_each;
use hopcheck_proving::mutants::{
    Catalogue, Killer, Killers, Mutant, MutantOutcome, MutantResult, MutantRunner, mutants,
};
use hopcheck_targets::conf::Source;

/// Updates `file` with `outcomes` of `made`, and with what scenarios notice that have noticed nothing so far.
pub(super) async fn update(
    file: &Path,
    runner: &MutantRunner,
    made: &[Mutant],
    outcomes: &[MutantResult],
    jobs: usize,
) -> Result<(), Error> {
    let mut killers = Killers::read(file)?;
    outcomes.iter().for_each(|result| killers.take(result));
    let names = names(&runner.stage.source)?;
    let is_scenario =
        |name: &str| runner.specification.scenarios().any(|(_, _, scenario)| scenario.name == name);
    killers.forget(is_scenario, |mutant| names.contains(mutant));
    // Keep this much if the rest is interrupted.
    killers.write(file)?;

    let left: BTreeSet<String> =
        runner.scenarios().filter(|name| !killers.notices(name)).map(str::to_owned).collect();
    let runs = |result: &MutantResult| match result.outcome {
        MutantOutcome::Killed(Killer::Scenario { .. })
        | MutantOutcome::Warned(_)
        | MutantOutcome::Survived => true,
        MutantOutcome::Killed(Killer::Refused { .. })
        | MutantOutcome::Equivalent { .. }
        | MutantOutcome::NeedsSlow
        | MutantOutcome::NotApplicable { .. } => false,
    };
    let others = made.iter().zip(outcomes).filter(|(mutant, result)| runs(result) && !mutant.meant.is_any());
    let others: Vec<Mutant> = others.map(|(mutant, _)| mutant.clone()).collect();
    println!("  {} scenarios noticed nothing so far; {} mutants to try them with", left.len(), others.len());
    for (mutant, scenarios) in noticed_by_others(runner, others, left, jobs).await? {
        killers.add(&mutant, &scenarios);
    }
    let idle: Vec<&str> = runner.scenarios().filter(|name| !killers.notices(name)).collect();
    println!("  {} scenarios noticed none of these mutants", idle.len());
    idle.iter().for_each(|name| println!("    {name}"));
    Ok(killers.write(file)?)
}

/// The full names of all mutants of `source`.
fn names(source: &Source) -> Result<BTreeSet<String>, Error> {
    let (made, _) = mutants(&Catalogue::built_in()?, source);
    Ok(made.iter().map(Mutant::full_name).collect())
}

/// The scenarios in `noticed`, unless all of `asked` are: a proxy that is down says nothing about any scenario.
fn distinctive(noticed: BTreeSet<String>, asked: &BTreeSet<String>) -> BTreeSet<String> {
    if noticed.len() > 1 && noticed == *asked { BTreeSet::new() } else { noticed }
}

/// What the remaining scenarios notice. One that has noticed a mutant is not run on later ones.
async fn noticed_by_others(
    runner: &MutantRunner,
    mutants: Vec<Mutant>,
    left: BTreeSet<String>,
    jobs: usize,
) -> Result<Vec<(String, BTreeSet<String>)>, Error> {
    let left = Arc::new(Mutex::new(left));
    let runner = runner.clone();
    let look = async move |mutant: &Mutant| {
        let names = left.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let noticed = runner
            .noticed(mutant, &names, until_interrupted())
            .await
            .ok_or_else(|| Interrupted.to_string())?;
        let noticed = distinctive(noticed, &names);
        left.lock().unwrap_or_else(PoisonError::into_inner).retain(|name| !noticed.contains(name));
        Ok((mutant.full_name(), noticed))
    };
    run_each(mutants, jobs, look, |_| ()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_that_all_scenarios_notice_is_not_distinctive() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(distinctive(names(&["a", "b"]), &names(&["a", "b"])), names(&[]));
        assert_eq!(distinctive(names(&["a", "b"]), &names(&["a", "b", "c"])), names(&["a", "b"]));
        assert_eq!(distinctive(names(&["a"]), &names(&["a"])), names(&["a"]));
    }
}
