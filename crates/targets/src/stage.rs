//! A configuration with the target that runs it, and why a target may refuse it.

use crate::conf::Source;
use crate::target::Target;

/// A configuration and its target, for all scenarios of a run.
#[derive(Debug)]
pub struct Stage {
    /// The target.
    pub target: Box<dyn Target>,
    /// The configuration.
    pub source: Source,
}

/// Why an engine refuses a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its output, with the original paths.
    pub said: String,
}

/// Part of the reference proxy's message for a directive of nginx that it does not support.
const UNSUPPORTED: &str = "not supported here";

impl Refusal {
    /// Whether the engine lacks a feature, and the configuration may be correct.
    pub fn is_unsupported(&self) -> bool {
        let unknown =
            self.said.split_once("unknown directive \"").and_then(|(_, rest)| rest.split('"').next());
        // A directive of a newer nginx, or of a module that this one does not have.
        self.said.contains(UNSUPPORTED)
            || unknown.is_some_and(nginx_conf::is_known)
            || ["quic", "resolve"]
                .iter()
                .any(|word| self.said.contains(&format!("invalid parameter \"{word}\"")))
    }
}
