//! A sample of the mutants, when there is no time for all.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::Mutant;

/// The family that is always sampled in full: the faults that the document warns of.
const ALWAYS_SAMPLED: &str = "document";

/// Samples `count` mutants that can be noticed (with `slow`, also by `@slow` scenarios), evenly from each family and all that
/// the document warns of. The same `seed` gives the same sample.
pub fn sample(mutants: Vec<Mutant>, count: usize, seed: u64, slow: bool) -> Vec<Mutant> {
    let (mut chosen, others): (Vec<Mutant>, Vec<Mutant>) = mutants
        .into_iter()
        .filter(|mutant| mutant.equivalent.is_none() && (slow || !mutant.slow))
        .partition(|mutant| mutant.family == ALWAYS_SAMPLED);
    let mut families: BTreeMap<String, Vec<Mutant>> = BTreeMap::new();
    for mutant in others {
        families.entry(mutant.family.clone()).or_default().push(mutant);
    }
    for family in families.values_mut() {
        family.sort_by_cached_key(|mutant| Sha256::digest(format!("{seed} {}", mutant.title())).to_vec());
    }
    while chosen.len() < count && families.values().any(|family| !family.is_empty()) {
        let wanted = count - chosen.len();
        chosen.extend(families.values_mut().filter_map(Vec::pop).take(wanted));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::{Catalogue, mutants};
    use hopcheck_targets::conf::Source;

    fn titles(count: usize, seed: u64) -> Vec<String> {
        let (made, _) = mutants(&Catalogue::built_in().unwrap(), &Source::built_in());
        sample(made, count, seed, false).iter().map(Mutant::title).collect()
    }

    #[test]
    fn a_sample_depends_only_on_its_seed() {
        assert_eq!(titles(40, 1).len(), 40);
        assert_eq!(titles(40, 1), titles(40, 1));
        assert_ne!(titles(40, 1), titles(40, 2));
    }
}
