//! What all scenarios of a run share: what is asked, and where.

use std::sync::Arc;

use crate::stage::Stage;
use crate::target::Deployment;
use hopcheck_site::profile::Words;

/// Where the scenarios of a run take place.
#[derive(Debug, Clone)]
pub enum Setting {
    /// Each in a scene of its own, set for it.
    Staged(Arc<Stage>),
    /// All on one system that others use.
    Live(Arc<Deployment>),
}

impl Setting {
    /// The target's name.
    pub fn name(&self) -> &str {
        match self {
            Setting::Staged(stage) => stage.target.name(),
            Setting::Live(deployment) => deployment.name(),
        }
    }

    /// The configuration, as its author calls it; empty where there is none.
    pub fn configuration(&self) -> &str {
        match self {
            Setting::Staged(stage) => &stage.source.name,
            Setting::Live(_) => "",
        }
    }

    /// What is tested, for the head of a report.
    pub fn describe(&self) -> String {
        match self {
            Setting::Staged(stage) => format!("{} by {}", stage.source.name, stage.target.describe()),
            Setting::Live(deployment) => deployment.describe(),
        }
    }

    /// What the site calls its own.
    pub fn words(&self) -> &Words {
        match self {
            Setting::Staged(stage) => &stage.source.words,
            Setting::Live(deployment) => deployment.words(),
        }
    }

    /// Whether others use it, so that only what is `@deployment` may be run.
    pub fn is_live(&self) -> bool {
        matches!(self, Setting::Live(_))
    }

    /// Texts that must not be seen in any output.
    pub fn secrets(&self) -> &[String] {
        match self {
            Setting::Staged(_) => &[],
            Setting::Live(deployment) => deployment.secrets(),
        }
    }
}
