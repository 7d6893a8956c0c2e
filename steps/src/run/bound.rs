//! A scenario with a path or a name in place of a word in braces.

use gherkin::{Scenario, Step};

/// A scenario that is asked, of the route with this number, or why it is not.
pub(super) enum Bound {
    Asked(Scenario, Option<usize>),
    NotAsked(Scenario, String),
}

/// The scenario with all its texts as `put` has them.
pub(super) fn put_into(scenario: &Scenario, put: impl Fn(&str) -> String) -> Scenario {
    let mut bound = scenario.clone();
    bound.name = put(&bound.name);
    bound.description = bound.description.as_deref().map(&put);
    for step in &mut bound.steps {
        step.value = put(&step.value);
        step.docstring = step.docstring.as_deref().map(&put);
        for cell in step.table.iter_mut().flat_map(|table| table.rows.iter_mut().flatten()) {
            *cell = put(cell);
        }
    }
    bound
}

/// A word as scenarios have it.
pub(super) fn braced(word: &str) -> String {
    format!("{{{word}}}")
}

/// Whether a step speaks of `word`.
pub(super) fn contains(step: &Step, word: &str) -> bool {
    let braced = braced(word);
    let cells = || step.table.iter().flat_map(|table| table.rows.iter().flatten());
    step.value.contains(&braced)
        || step.docstring.as_ref().is_some_and(|text| text.contains(&braced))
        || cells().any(|cell| cell.contains(&braced))
}
