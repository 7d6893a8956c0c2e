//! Mutation testing: faults made in the configuration on purpose, to see whether the scenarios notice.
//!
//! A [`Fault`] describes a mistake as an edit of directives, and the rule that should notice it. Every place where the edit
//! applies yields a [`Mutant`]: the configuration with that one fault. More are generated from the configuration: each
//! directive removed, each value slightly wrong. A mutant that no scenario notices is a hole in the specification, unless
//! it is *equivalent*: there is nothing to notice.

mod apply;
mod catalogue;
mod elsewhere;
mod expected_rules;
mod generate;
mod killers;
mod place;
mod runner;
mod sample;
mod score;
mod tree;

pub use apply::Mutant;
pub use catalogue::{Catalogue, CatalogueError, Edit, Excuse, Family, Fault, Needs};
pub use elsewhere::{Elsewhere, Said};
pub use expected_rules::{ExpectedRules, REMOVAL_FAMILY, VALUE_FAMILY};
pub use killers::{Killers, KillersError};
pub use place::Place;
pub use runner::{Judgement, Killer, MutantOutcome, MutantRunner};
pub use sample::sample;
pub use score::{MutantResult, Row, Score};

use hopcheck_targets::conf::Source;

/// Why a fault is none here, on a site that is not the document's; `None` where it is one.
fn excuse(elsewhere: &[Elsewhere], mutant: &Mutant, source: &Source) -> Option<String> {
    let mut excuses = elsewhere.iter().filter(|_| !source.as_documented);
    let excuse = excuses.find(|elsewhere| elsewhere.holds(&mutant.name, &mutant.place, source))?;
    Some(format!("no fault here: {}", excuse.because))
}

/// Every mutant of `source`, and the family and name of each fault that does not apply to it.
pub fn mutants(catalogue: &Catalogue, source: &Source) -> (Vec<Mutant>, Vec<(String, String)>) {
    let (mut made, mut missing) = (Vec::new(), Vec::new());
    for family in &catalogue.families {
        for fault in &family.faults {
            let mut of_fault = apply::mutants_of(&family.name, fault, &source.text);
            for mutant in &mut of_fault {
                let excuse = excuse(&fault.elsewhere, mutant, source);
                mutant.equivalent = mutant.equivalent.take().or(excuse);
            }
            if of_fault.is_empty() {
                missing.push((family.name.clone(), fault.name.clone()));
            }
            made.extend(of_fault);
        }
    }
    let mut generated = generate::mutants_of(&source.text, &catalogue.excuses);
    for mutant in &mut generated {
        let excuse = excuse(&catalogue.elsewhere, mutant, source);
        mutant.equivalent = mutant.equivalent.take().or(excuse);
    }
    made.extend(generated);
    // What a file is wrapped in is not its author's.
    let is_in_head = |mutant: &Mutant| {
        let (mutated, original) = (mutant.text.bytes(), source.text.bytes());
        mutated.zip(original).take_while(|(one, other)| one == other).count() < source.head_length()
    };
    made.retain(|mutant| !is_in_head(mutant));
    (made, missing)
}
