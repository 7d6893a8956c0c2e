//! What all scenarios of a run share.

use std::sync::Arc;

use crate::stage::Stage;
use crate::target::Deployment;
use hopcheck_site::Mask;
use hopcheck_site::profile::Words;

/// What the scenarios of a run take place on.
#[derive(Debug, Clone)]
pub enum Setting {
    /// A stage, with a scene for each scenario.
    Staged(Arc<Stage>),
    /// A live deployment.
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

    /// The name of the configuration; empty if there is none.
    pub fn configuration(&self) -> &str {
        match self {
            Setting::Staged(stage) => &stage.source.name,
            Setting::Live(_) => "",
        }
    }

    /// Describes what is tested, for the head of a report.
    pub fn describe(&self) -> String {
        match self {
            Setting::Staged(stage) => format!("{} by {}", stage.source.name, stage.target.describe()),
            Setting::Live(deployment) => deployment.describe(),
        }
    }

    /// The values of the placeholders for the site.
    pub fn words(&self) -> &Words {
        match self {
            Setting::Staged(stage) => &stage.source.words,
            Setting::Live(deployment) => deployment.words(),
        }
    }

    /// Whether it is a live deployment, so that only `@deployment` scenarios may run.
    pub fn is_live(&self) -> bool {
        matches!(self, Setting::Live(_))
    }

    /// What to mask in any output: of a configuration, what it has as credentials, as all else was made up by the run.
    pub fn mask(&self) -> Mask {
        match self {
            Setting::Staged(stage) => {
                let mut mask = Mask::default();
                mask.learn_configuration(&stage.source.text);
                mask
            }
            Setting::Live(deployment) => deployment.mask().clone(),
        }
    }
}
