//! What was seen of a probe: fields of several kinds, each with a value as a text.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// In what two configurations differ, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Who answers: an app server, a file, the proxy itself.
    Who,
    /// The status.
    Status,
    /// Who is let in, by address; compared as values.
    Access,
    /// The headers of the answer.
    Headers,
    /// The body of the answer.
    Body,
    /// What the app server sees.
    App,
    /// How the connection is used, and TLS.
    Connection,
    /// Limits of time, rate and size that a single request does not show; compared as values.
    Limits,
    /// What is logged; compared as values.
    Logs,
}

/// Every kind, the gravest first.
pub const KINDS: [Kind; 9] = [
    Kind::Who,
    Kind::Status,
    Kind::Access,
    Kind::Headers,
    Kind::Body,
    Kind::App,
    Kind::Connection,
    Kind::Limits,
    Kind::Logs,
];

impl Kind {
    /// Its name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Who => "who",
            Kind::Status => "status",
            Kind::Access => "access",
            Kind::Headers => "headers",
            Kind::Body => "body",
            Kind::App => "app",
            Kind::Connection => "connection",
            Kind::Limits => "limits",
            Kind::Logs => "logs",
        }
    }

    /// What it is, as in a report.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Who => "who answers",
            Kind::Status => "status",
            Kind::Access => "who is let in",
            Kind::Headers => "headers",
            Kind::Body => "body",
            Kind::App => "what the app server sees",
            Kind::Connection => "connection",
            Kind::Limits => "limits of time, rate and size",
            Kind::Logs => "logs",
        }
    }
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Field {
    pub(crate) kind: Kind,
    /// Which of that kind: a header in lower case; empty where there is only one.
    pub(crate) name: String,
}

impl Field {
    pub(crate) fn new(kind: Kind, name: &str) -> Field {
        Field { kind, name: name.to_owned() }
    }
}

/// All that was seen of one probe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Observation(pub(crate) BTreeMap<Field, String>);

impl Observation {
    pub(crate) fn set(&mut self, kind: Kind, name: &str, value: impl Into<String>) {
        self.0.insert(Field::new(kind, name), value.into());
    }

    pub(crate) fn get(&self, field: &Field) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// The fields of which the two do not have the same value.
    pub(crate) fn unlike(&self, other: &Observation) -> BTreeSet<Field> {
        let fields = self.0.keys().chain(other.0.keys());
        fields.filter(|field| self.get(field) != other.get(field)).cloned().collect()
    }
}

/// A value of a field before and after.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Changed {
    pub(crate) field: Field,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}
