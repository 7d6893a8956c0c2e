//! What was found: mends that are proven, and what is left to a person.

use std::sync::Arc;

use serde::Serialize;

use crate::advice::Choice;
use crate::files::Files;

/// What `hopcheck fix` tells.
#[derive(Debug, Clone, Serialize)]
pub struct Fix {
    /// The configuration.
    pub name: String,
    /// The engine that ran it, with its version.
    pub engine: String,
    /// How many scenarios were asked for.
    pub checked: usize,
    /// The mends, in the order in which they were made: each goes on from the one before.
    pub mends: Vec<Mend>,
    /// Broken promises for which no edit was proven.
    pub unmended: Vec<Unmended>,
    /// Broken promises that were not looked at, as the number of trials has a bound.
    pub not_looked_at: Vec<String>,
    /// How many edits were tried.
    pub trials: usize,
    /// The files as they were read.
    #[serde(skip)]
    pub(crate) written: Arc<Files>,
    /// The files with every mend.
    #[serde(skip)]
    pub(crate) mended: Arc<Files>,
}

/// An edit that is proven.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Mend {
    /// The promise that it mends.
    pub promise: String,
    /// Where its scenario stands; empty where the engine had refused the configuration.
    pub place: String,
    /// What it does, in the imperative.
    pub title: String,
    /// Other promises that were broken, and are kept with it.
    pub also: Vec<String>,
    /// How many promises are kept with it.
    pub kept: usize,
    /// Promises that are kept, and warned of with it.
    pub warned: Vec<String>,
    /// How many requests were compared with and without it.
    pub requests: usize,
    /// What else users notice, the gravest first.
    pub effects: Vec<String>,
    /// How many effects there are beside these.
    pub more_effects: usize,
    /// The edit, as a unified diff.
    pub patch: String,
}

/// A promise that stays broken.
#[derive(Debug, Clone, Serialize)]
pub struct Unmended {
    /// The promise.
    pub promise: String,
    /// Where its scenario stands.
    pub place: String,
    /// Other promises that are broken for the same reason.
    pub also: Vec<String>,
    /// What the scenario said.
    pub message: String,
    /// What to look at.
    pub hint: String,
    /// What a person must choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// What was tried, and why it is not shown.
    pub tried: Vec<Tried>,
}

/// An edit that was tried and is not shown.
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    /// What it does.
    pub title: String,
    /// Why it is not shown.
    pub objection: String,
}

impl Fix {
    /// Whether a promise stays broken.
    pub fn leaves_broken(&self) -> bool {
        self.left() > 0
    }

    /// How many promises stay broken.
    pub fn left(&self) -> usize {
        let unmended = self.unmended.iter().map(|unmended| 1 + unmended.also.len()).sum::<usize>();
        unmended + self.not_looked_at.len()
    }

    /// For other programs.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
