//! Faults put into the configuration on purpose, to see whether the scenarios notice.
//!
//! A [`Fault`] says what a person did wrong, as an edit of directives, and which rule must notice. Wherever a configuration
//! has what the edit is about, there is a [`Mutant`]: the same configuration with that one fault. More come from the
//! configuration itself: each directive left out, each value slightly wrong. A mutant that no scenario notices is a hole
//! in the specification, unless it is *equivalent*: nobody could notice.

mod apply;
mod bench;
mod catalogue;
mod expected;
mod generate;
mod killers;
mod place;
mod sample;
mod score;
mod tree;

pub use apply::Mutant;
pub use bench::{Bench, Fate, Judged, Killer};
pub use catalogue::{Catalogue, CatalogueError, Edit, Excuse, Family, Fault, Needs};
pub use expected::{ExpectedRules, REMOVALS, VALUES};
pub use killers::{Killers, KillersError};
pub use place::Place;
pub use sample::sample;
pub use score::{Outcome, Row, Score};

use hopcheck_targets::conf::Source;

/// Every mutant of `source`, and the faults for which it has no place: family and name.
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
