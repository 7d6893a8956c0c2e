//! What a report tells.

use hopcheck_site::Line;
use serde::Serialize;

use crate::changes::{Change, Written};
use crate::observation::Kind;

/// What changes between two configurations.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// The name of the old one, and the engine that ran it.
    pub old: Ran,
    /// Those of the new one.
    pub new: Ran,
    /// How many requests both were asked.
    pub requests: usize,
    /// How many directives were changed, whether somebody notices or not.
    pub changes: usize,
    /// What users notice, the gravest first.
    pub entries: Vec<Entry>,
    /// The requests that were answered well, and are answered with an error now that is not the app's own.
    #[serde(skip)]
    pub new_errors: Vec<NewError>,
    /// What differs as it is meant to.
    pub accepted: Vec<AcceptedEffect>,
    /// Accepted differences that are there no more.
    pub gone: Vec<String>,
}

/// A request that is answered with an error, and was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewError {
    /// The request, in a line.
    pub request: String,
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// Whether the app does not answer it as it should: with an error, with a head of some length, or not at all.
    pub app_fails: bool,
    /// The status that it was answered with.
    pub old: u16,
    /// The status that it is answered with.
    pub new: u16,
}

/// A configuration that was run.
#[derive(Debug, Clone, Serialize)]
pub struct Ran {
    /// Its name.
    pub name: String,
    /// The engine, with its version.
    pub engine: String,
}

/// What one change does.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// In what it is noticed first.
    pub kind: Kind,
    /// What changes, for the smallest request that shows it.
    pub summary: String,
    /// For how many of the requests.
    pub requests: usize,
    /// That request, as it is sent.
    pub smallest: String,
    /// The directives that were changed; none if the engines differ.
    pub causes: Vec<Cause>,
    /// All that it does, the gravest first.
    pub effects: Vec<Effect>,
    /// How many effects there are beside these.
    pub more_effects: usize,
}

/// A directive that was changed.
#[derive(Debug, Clone, Serialize)]
pub struct Cause {
    /// What was done, in a few words.
    pub title: String,
    /// The block it is in; empty for the main context.
    pub within: String,
    /// The old line.
    pub old: Option<CauseLine>,
    /// The new line.
    pub new: Option<CauseLine>,
}

/// A directive where it stands.
#[derive(Debug, Clone, Serialize)]
pub struct CauseLine {
    /// Where.
    #[serde(flatten)]
    pub line: Line,
    /// The directive.
    pub text: String,
}

/// One difference.
#[derive(Debug, Clone, Serialize)]
pub struct Effect {
    /// In what.
    pub kind: Kind,
    /// What changes; this is what a list of accepted differences names.
    pub difference: String,
    /// The smallest request that shows it, in a line.
    pub request: String,
    /// For how many requests.
    pub requests: usize,
}

/// A difference that is meant.
#[derive(Debug, Clone, Serialize)]
pub struct AcceptedEffect {
    /// What changes.
    #[serde(flatten)]
    pub effect: Effect,
    /// Why.
    pub reason: String,
}

impl Diff {
    /// Whether users notice something that is not accepted.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What was found, in a line.
    pub fn summary(&self) -> String {
        let requests = format!("{} requests", self.requests);
        let accepted = match self.accepted.len() {
            0 => String::new(),
            count => format!(", {count} accepted"),
        };
        match self.entries.len() {
            0 => format!("no difference in {requests}{accepted}"),
            1 => format!("1 difference in {requests}{accepted}"),
            count => format!("{count} differences in {requests}{accepted}"),
        }
    }
}

impl Cause {
    pub(super) fn of(change: &Change) -> Cause {
        let line = |written: &Written| CauseLine { line: written.line.clone(), text: written.text.clone() };
        Cause {
            title: change.title(),
            within: change.within.last().cloned().unwrap_or_default(),
            old: change.old.as_ref().map(line),
            new: change.new.as_ref().map(line),
        }
    }
}
