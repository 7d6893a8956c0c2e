//! Mutation testing: faults made in the configuration on purpose, to see whether the scenarios notice.
//!
//! A [`Fault`] describes a mistake as an edit of directives, and the rule that should notice it. Every place where the edit
//! applies yields a [`Mutant`]: the configuration with that one fault. More are generated from the configuration: each
//! directive removed, each value slightly wrong. A mutant that no scenario notices is a hole in the specification, unless
//! it is *equivalent*: there is nothing to notice.

mod apply;
mod catalogue;
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
pub use expected_rules::{ExpectedRules, REMOVAL_FAMILY, VALUE_FAMILY};
pub use killers::{Killers, KillersError};
pub use place::Place;
pub use runner::{Judgement, Killer, MutantOutcome, MutantRunner};
pub use sample::sample;
pub use score::{MutantResult, Row, Score};

use hopcheck_targets::conf::Source;

/// Every mutant of `source`, and the family and name of each fault that does not apply to it.
pub fn mutants(catalogue: &Catalogue, source: &Source) -> (Vec<Mutant>, Vec<(String, String)>) {
    let (mut made, mut missing) = (Vec::new(), Vec::new());
    for family in &catalogue.families {
        for fault in &family.faults {
            let of_fault = apply::mutants_of(&family.name, fault, &source.text);
            if of_fault.is_empty() {
                missing.push((family.name.clone(), fault.name.clone()));
            }
            made.extend(of_fault);
        }
    }
    made.extend(generate::mutants_of(&source.text, &catalogue.excuses));
    (made, missing)
}
