//! Traceability: from the document's statements to the scenarios that check them, the faults these notice and the targets
//! they run on.

mod holes;
mod page;

use serde::Deserialize;
use thiserror::Error;

use crate::mutants::{Killers, KillersError};
use hopcheck_steps::features::Specification;

/// The meaning of tags, and exceptions from tracing.
const BUILT_IN: &str = include_str!("../../traceability.toml");

/// Tags that are neither a statement nor a standard.
const OTHER_TAGS: [&str; 13] = [
    "default",
    "slow",
    "deployment",
    "document",
    "warning",
    "routine",
    "everybody",
    "first",
    "http1",
    "serial",
    "socket",
    "browser",
    "sockjs",
];

/// The input of a trace.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The scenarios.
    pub specification: Specification,
    /// The mutants that each scenario notices.
    pub killers: Killers,
    /// The meaning of their tags.
    pub tags: Tags,
}

/// The meaning of tags, and exceptions from tracing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tags {
    /// Statements of the document, and its mistakes.
    #[serde(rename = "statement")]
    pub statements: Vec<Tag>,
    /// Standards that scenarios check.
    #[serde(rename = "standard")]
    pub standards: Vec<Tag>,
    /// The exceptions.
    #[serde(default)]
    pub justified: Vec<TraceException>,
}

/// A tag and its meaning.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The tag, without its `@`.
    pub id: String,
    /// Its meaning, in a sentence.
    pub says: String,
}

/// An exception: something that need not be traced, and why.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TraceException {
    /// The gap.
    #[serde(flatten)]
    pub what: TraceGap,
    /// Why, in a line.
    pub because: String,
}

/// Something that is not traced.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TraceGap {
    /// A statement without a scenario.
    Statement(String),
    /// A rule whose scenarios notice no fault and check no standard.
    Rule(String),
    /// A scenario that notices no fault and checks no standard.
    Scenario(String),
    /// A step that no scenario uses.
    Step(String),
}

/// The input of a trace is invalid.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The meaning of tags.
    #[error("features/traceability.toml: {0}")]
    Tags(#[from] toml::de::Error),
    /// The killers.
    #[error(transparent)]
    Killers(#[from] KillersError),
}

impl Trace {
    /// The trace of `specification`.
    ///
    /// # Errors
    /// When the built-in input is invalid, which the tests rule out.
    pub fn of(specification: Specification) -> Result<Trace, TraceError> {
        Ok(Trace { specification, killers: Killers::built_in()?, tags: toml::from_str(BUILT_IN)? })
    }
}
