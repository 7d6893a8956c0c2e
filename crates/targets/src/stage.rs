//! A configuration with the target that runs it, and why a target may not take one.

use crate::conf::Source;
use crate::target::Target;

/// A configuration and what runs it, for all scenarios of a run.
#[derive(Debug)]
pub struct Stage {
    /// What runs it.
    pub target: Box<dyn Target>,
    /// The configuration.
    pub source: Source,
}

/// Why an engine does not take a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it said, with paths as the configuration's author wrote them.
    pub said: String,
}

/// What the reference proxy says of a directive that is nginx's, but beyond it.
const UNSUPPORTED: &str = "not supported here";

impl Refusal {
    /// Whether it is the engine that lacks something, and the configuration that is right as far as it can tell.
    pub fn is_a_lack(&self) -> bool {
        let unknown =
            self.said.split_once("unknown directive \"").and_then(|(_, rest)| rest.split('"').next());
        // One that nginx has, but not this nginx: a newer one, or one with another module.
        self.said.contains(UNSUPPORTED)
            || unknown.is_some_and(nginx_conf::is_known)
            || self.said.contains("invalid parameter \"quic\"")
    }
}
