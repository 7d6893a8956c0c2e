//! Part of the mutants, when there is no time for all of them.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::Mutant;

/// The family that every sample has all of: the faults that the document itself warns of.
const ALWAYS: &str = "document";

/// So many of `mutants` that can be noticed, with `slow` also of those that only scenarios notice which really wait; in equal
/// parts of each family, and all that the document warns of; the same ones for the same `seed`.
pub fn sample(mutants: Vec<Mutant>, count: usize, seed: u64, slow: bool) -> Vec<Mutant> {
    let (mut chosen, others): (Vec<Mutant>, Vec<Mutant>) = mutants
        .into_iter()
        .filter(|mutant| mutant.equivalent.is_none() && (slow || !mutant.slow))
        .partition(|mutant| mutant.family == ALWAYS);
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
    fn a_sample_is_always_the_same_and_another_seed_is_another_sample() {
        assert_eq!(titles(40, 1).len(), 40);
        assert_eq!(titles(40, 1), titles(40, 1));
        assert_ne!(titles(40, 1), titles(40, 2));
    }
}
