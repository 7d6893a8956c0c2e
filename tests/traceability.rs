//! Nothing of the document left out: what it states, the scenarios that promise it, the faults that these notice.

use std::collections::BTreeSet;

use hopcheck_proving::mutants::{Catalogue, Mutant, mutants};
use hopcheck_proving::trace::Trace;
use hopcheck_steps::features::Specification;
use hopcheck_targets::conf::Source;

fn trace() -> Trace {
    Trace::of(Specification::built_in().unwrap()).unwrap()
}

#[test]
fn nothing_is_left_out() {
    let (made, _) = mutants(&Catalogue::built_in().unwrap(), &Source::built_in());
    let holes = trace().holes(&made.iter().map(Mutant::full_name).collect::<BTreeSet<_>>());
    assert!(
        holes.is_empty(),
        "mend it, or say in features/traceability.toml why it must be so; what scenarios notice is found out with `cargo run -- \
         mutants --killers mutants/killers.json`, for some mutants with --name:\n{}",
        holes.join("\n")
    );
}

#[test]
fn each_exception_says_why_in_a_line() {
    for justified in trace().tags.justified {
        let line = &justified.because;
        assert!(!line.is_empty() && line.chars().count() <= 160 && !line.contains('\n'), "{justified:?}");
    }
}

#[test]
fn the_page_is_up_to_date() {
    let kept = std::fs::read_to_string("../../docs/extend/traceability.md").unwrap();
    assert!(kept == trace().markdown(), "run `cargo run -- trace > docs/extend/traceability.md`");
}
