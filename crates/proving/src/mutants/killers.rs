//! Which mutants each scenario notices: what it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Outcome;

/// Those of the document's configuration, as `hopcheck mutants --killers` last wrote them.
const BUILT_IN: &str = include_str!("../../mutants/killers.json");

/// The mutants that each scenario notices, by the scenario's name. A mutant is `family: its name in its place`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Killers {
    /// The mutants that a scenario notices.
    pub of: BTreeMap<String, BTreeSet<String>>,
}

/// A list of killers cannot be had, or not be kept.
#[derive(Debug, Error)]
pub enum KillersError {
    /// It is not what `hopcheck mutants --killers` writes.
    #[error("{file}: {error}")]
    Json {
        /// Which.
        file: String,
        /// Why.
        error: serde_json::Error,
    },
    /// It cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Killers {
    /// Those of the document's configuration, as they were when this program was built.
    ///
    /// # Errors
    /// When the list has a mistake in it, which the tests of this program exclude.
    pub fn built_in() -> Result<Killers, KillersError> {
        Killers::parse("mutants/killers.json", BUILT_IN)
    }

    /// The list in `path`; an empty one if there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read, or is no such list.
    pub fn read(path: &Path) -> Result<Killers, KillersError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Killers::parse(&path.display().to_string(), &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Killers::default()),
            Err(error) => Err(KillersError::File { path: path.to_owned(), error }),
        }
    }

    /// Writes the list: a line for each mutant of each scenario, sorted.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), KillersError> {
        let failed = |error| KillersError::File { path: path.to_owned(), error };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        std::fs::write(path, text + "\n").map_err(failed)
    }

    /// Takes up who noticed a mutant this time, in place of whoever did before.
    pub fn take(&mut self, outcome: &Outcome) {
        let mutant = outcome.full_name();
        self.of.values_mut().for_each(|mutants| {
            mutants.remove(&mutant);
        });
        self.add(&mutant, &outcome.noticed_by);
    }

    /// Takes up that these scenarios, too, noticed a mutant.
    pub fn add(&mut self, mutant: &str, scenarios: &BTreeSet<String>) {
        for scenario in scenarios {
            self.of.entry(scenario.clone()).or_default().insert(mutant.to_owned());
        }
    }

    /// Forgets scenarios and mutants that there are no more, and scenarios that notice nothing.
    pub fn forget(&mut self, scenario: impl Fn(&str) -> bool, mutant: impl Fn(&str) -> bool) {
        self.of.values_mut().for_each(|mutants| mutants.retain(|name| mutant(name)));
        self.of.retain(|name, mutants| scenario(name) && !mutants.is_empty());
    }

    /// Whether a scenario notices anything.
    pub fn notices(&self, scenario: &str) -> bool {
        self.of.get(scenario).is_some_and(|mutants| !mutants.is_empty())
    }

    fn parse(file: &str, text: &str) -> Result<Killers, KillersError> {
        serde_json::from_str(text).map_err(|error| KillersError::Json { file: file.to_owned(), error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::{Fate, Killer};

    fn outcome(mutant: &str, noticed_by: &[&str]) -> Outcome {
        Outcome {
            family: "f".to_owned(),
            mutant: mutant.to_owned(),
            line: 1,
            mistake: String::new(),
            written: String::new(),
            fate: Fate::Killed(Killer::Refused { said: String::new() }),
            noticed_by: noticed_by.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn what_is_noticed_now_replaces_what_was_and_leaves_other_mutants_alone() {
        let mut killers = Killers::default();
        [outcome("x", &["A", "B"]), outcome("y", &["A"]), outcome("x", &["C"])]
            .iter()
            .for_each(|outcome| killers.take(outcome));
        killers.forget(|scenario| scenario != "D", |mutant| mutant != "f: z");
        let told = serde_json::to_string(&killers).unwrap();
        assert_eq!(told, r#"{"A":["f: y"],"C":["f: x"]}"#);
    }
}
