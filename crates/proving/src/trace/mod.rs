//! Nothing left out: from what the document states to the scenarios that promise it, the faults that these notice and the
//! targets on which they run.

mod holes;
mod page;

use serde::Deserialize;
use thiserror::Error;

use crate::mutants::{Killers, KillersError};
use hopcheck_steps::features::Specification;

/// What tags stand for and what need not be traced, beside the features.
const BUILT_IN: &str = include_str!("../../traceability.toml");

/// Tags that are neither a statement nor a standard: nginx's default promises it; it really waits; it is safe on a live system.
const OTHER_TAGS: [&str; 4] = ["default", "slow", "deployment", "document"];

/// All that is traced.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The scenarios.
    pub specification: Specification,
    /// The mutants that each of them notices.
    pub killers: Killers,
    /// What their tags stand for.
    pub tags: Tags,
}

/// What tags stand for, and what need not be traced.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tags {
    /// What the document states, and what it gets wrong.
    #[serde(rename = "statement")]
    pub statements: Vec<Tag>,
    /// Standards that scenarios hold the proxy to.
    #[serde(rename = "standard")]
    pub standards: Vec<Tag>,
    /// The exceptions.
    #[serde(default)]
    pub justified: Vec<Justified>,
}

/// A tag and what it stands for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The tag, without its `@`.
    pub id: String,
    /// What it stands for, in a sentence.
    pub says: String,
}

/// An exception: what need not be traced, and why.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Justified {
    /// What.
    #[serde(flatten)]
    pub what: Loose,
    /// Why, in a line.
    pub because: String,
}

/// What is traced to nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loose {
    /// A statement of this id, for which there is no scenario.
    Statement(String),
    /// The scenarios of a rule of this statement that notice no fault and hold the proxy to no standard.
    Rule(String),
    /// A scenario of this name that notices no fault and holds the proxy to no standard.
    Scenario(String),
    /// A step of this expression that no scenario uses.
    Step(String),
}

/// What is traced cannot be read.
#[derive(Debug, Error)]
pub enum TraceError {
    /// What the tags stand for.
    #[error("features/traceability.toml: {0}")]
    Tags(#[from] toml::de::Error),
    /// What the scenarios notice.
    #[error(transparent)]
    Killers(#[from] KillersError),
}

impl Trace {
    /// What is known of `specification`'s scenarios to this program.
    ///
    /// # Errors
    /// When that has a mistake in it, which the tests of this program exclude.
    pub fn of(specification: Specification) -> Result<Trace, TraceError> {
        Ok(Trace { specification, killers: Killers::built_in()?, tags: toml::from_str(BUILT_IN)? })
    }
}
