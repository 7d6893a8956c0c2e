//! What a report tells.

use std::collections::BTreeSet;
use std::sync::Arc;

use hopcheck_site::{Kind as RouteKind, Line, Node, Site};
use hopcheck_targets::conf::Source;
use serde::Serialize;

use crate::changes::{Change, ChangeId, Merged, Written};
use crate::observation::Kind;

/// So many promises that one cause breaks are told.
pub(super) const MAX_BREAKS: usize = 4;

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
    /// What becomes of the promises that the old one keeps; `None` where the scenarios were not run.
    pub promises: Option<Promises>,
    /// Both configurations as one.
    #[serde(skip)]
    pub(crate) merged: Arc<Merged>,
    /// Where the locations of the old one stand of which something differs.
    #[serde(skip)]
    pub(crate) touched: Vec<Line>,
}

/// What becomes of the promises that the old configuration keeps.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Promises {
    /// How many the new one keeps, asked of the routes as they were.
    pub kept: usize,
    /// Those that the old one keeps, and the new one does not.
    pub broken: Vec<BrokenPromise>,
    /// Why some scenarios were not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<String>,
}

/// A promise that was kept, and is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BrokenPromise {
    /// The promise.
    pub promise: String,
    /// Where its scenario stands.
    pub place: String,
    /// What the scenario says.
    pub message: String,
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
    /// The promises that it breaks, and that were kept.
    pub breaks: Vec<BrokenPromise>,
    /// All that was changed.
    #[serde(skip)]
    pub(crate) changes: BTreeSet<ChangeId>,
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
        let promises = self.promises.as_ref().map_or_else(String::new, Promises::summary);
        match self.entries.len() {
            0 => format!("no difference in {requests}{accepted}"),
            1 => format!("1 difference in {requests}{accepted}{promises}"),
            count => format!("{count} differences in {requests}{accepted}{promises}"),
        }
    }

    /// The old configuration, which is that of `old`, with the changes of one entry alone; `None` where no change does it.
    pub fn with_only(&self, entry: usize, old: &Source) -> Option<Source> {
        let changes = &self.entries.get(entry).filter(|entry| !entry.changes.is_empty())?.changes;
        let text: String = self.merged.making(changes).iter().map(Node::to_string).collect();
        Some(old.clone().with_text(text))
    }

    /// The routes of the old configuration's site of which something differs. Pages stay, as they lead to others.
    pub fn touched(&self, site: &Site) -> Site {
        let mut touched = site.clone();
        for server in &mut touched.servers {
            let server_line = server.line.clone();
            server.routes.retain(|route| {
                let is_page = matches!(
                    route.kind,
                    RouteKind::FrontEnd | RouteKind::Files | RouteKind::App | RouteKind::Redirect
                );
                let line = route.lines.first().unwrap_or(&server_line);
                is_page || self.touched.contains(line) || self.touched.contains(&server_line)
            });
        }
        touched
    }

    /// The broken promises that no entry breaks alone.
    pub(super) fn broken_together(&self) -> impl Iterator<Item = &BrokenPromise> {
        let broken = self.promises.iter().flat_map(|promises| &promises.broken);
        broken.filter(|broken| !self.entries.iter().any(|entry| entry.breaks.contains(broken)))
    }
}

impl Promises {
    fn summary(&self) -> String {
        match (self.kept, self.broken.len()) {
            (0, 0) => String::new(),
            (kept, 0) => format!("; {kept} promises are kept, and none is broken that was"),
            (kept, 1) => format!("; {kept} promises are kept, 1 that was is broken"),
            (kept, broken) => format!("; {kept} promises are kept, {broken} that were are broken"),
        }
    }
}

impl BrokenPromise {
    /// It in a line.
    pub(super) fn title(&self) -> String {
        format!("{} ({})", self.promise, self.place)
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
