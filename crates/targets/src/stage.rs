//! A configuration with the target that runs it, and why a target may refuse it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::conf::{Scratch, Source};
use crate::target::{Proxy, Target, TargetError, Verdict};

/// A configuration and its target, for all scenarios of a run.
#[derive(Debug)]
pub struct Stage {
    /// The target.
    pub target: Box<dyn Target>,
    /// The configuration.
    pub source: Source,
}

impl Stage {
    /// The same target with another configuration.
    #[must_use]
    pub fn with_source(self: &Arc<Stage>, source: Source) -> Arc<Stage> {
        Arc::new(Stage { target: Box::new(SharedTarget(Arc::clone(self))), source })
    }
}

/// The target of another stage.
#[derive(Debug)]
struct SharedTarget(Arc<Stage>);

#[async_trait]
impl Target for SharedTarget {
    fn name(&self) -> &str {
        self.0.target.name()
    }

    fn describe(&self) -> String {
        self.0.target.describe()
    }

    fn scratch_parent(&self) -> &Path {
        self.0.target.scratch_parent()
    }

    async fn start(&self, scratch: &Scratch) -> Result<Box<dyn Proxy>, TargetError> {
        self.0.target.start(scratch).await
    }

    async fn test(&self, scratch: &Scratch) -> Result<Verdict, TargetError> {
        self.0.target.test(scratch).await
    }
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
