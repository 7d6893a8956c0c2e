//! Which mutants each scenario notices.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::MutantResult;

/// The killers for the document's configuration, as written by `hopcheck mutants --killers`.
const BUILT_IN: &str = include_str!("../../mutants/killers.json");

/// The mutants that each scenario notices, by the scenario's name. A mutant is `family: its name in its place`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Killers {
    /// The mutants that a scenario notices.
    pub of: BTreeMap<String, BTreeSet<String>>,
}

/// A list of killers cannot be read or written.
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
    /// The killers for the document's configuration built into this program.
    ///
    /// # Errors
    /// When the list is invalid, which the tests rule out.
    pub fn built_in() -> Result<Killers, KillersError> {
        Killers::parse("mutants/killers.json", BUILT_IN)
    }

    /// The list in `path`; an empty one if there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read, or is not such a list.
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

    /// Replaces the scenarios that notice a mutant.
    pub fn take(&mut self, result: &MutantResult) {
        let mutant = result.full_name();
        self.of.values_mut().for_each(|mutants| {
            mutants.remove(&mutant);
        });
        self.add(&mutant, &result.noticed_by);
    }

    /// Adds scenarios that notice a mutant.
    pub fn add(&mut self, mutant: &str, scenarios: &BTreeSet<String>) {
        for scenario in scenarios {
            self.of.entry(scenario.clone()).or_default().insert(mutant.to_owned());
        }
    }

    /// Removes scenarios and mutants that no longer exist, and scenarios that notice nothing.
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
    use crate::mutants::{Killer, MutantOutcome};

    fn result(mutant: &str, noticed_by: &[&str]) -> MutantResult {
        MutantResult {
            family: "f".to_owned(),
            mutant: mutant.to_owned(),
            line: 1,
            mistake: String::new(),
            written: String::new(),
            outcome: MutantOutcome::Killed(Killer::Refused { said: String::new() }),
            noticed_by: noticed_by.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn new_killers_replace_old_ones_of_the_same_mutant() {
        let mut killers = Killers::default();
        [result("x", &["A", "B"]), result("y", &["A"]), result("x", &["C"])]
            .iter()
            .for_each(|result| killers.take(result));
        killers.forget(|scenario| scenario != "D", |mutant| mutant != "f: z");
        let told = serde_json::to_string(&killers).unwrap();
        assert_eq!(told, r#"{"A":["f: y"],"C":["f: x"]}"#);
    }
}
