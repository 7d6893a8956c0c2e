//! What steps are made of.

use serde::{Deserialize, Serialize};

/// A directive of the configuration, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Directive {
    /// The file, by the path under which it was opened.
    pub file: String,
    /// The line of its first word, counted from 1.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// How many of that name stand before it on the line.
    pub nth: usize,
    /// Its words, without the `;` or the block.
    pub text: String,
}

/// A field of a head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A field of a request to an app server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenField {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The `proxy_set_header` that it comes from; `None` if it is the client's or the proxy's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directive: Option<Directive>,
    /// Whether the client has sent it.
    #[serde(default)]
    pub is_clients: bool,
}

/// Why a server takes a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerChoice {
    /// It has that very name.
    Exact,
    /// It has the longest name with a `*` in front that fits.
    LeadingWildcard,
    /// It has the longest name with a `*` at the end that fits.
    TrailingWildcard,
    /// It has the first expression that matches.
    Regex,
    /// No server of the address has the name, and it is the default one.
    Default,
}

/// A location that was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The `location`.
    pub directive: Directive,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of considering a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The URI is its very name, which ends the search.
    Exact,
    /// The URI lacks only its last slash, which ends the search.
    LacksSlash,
    /// It is the longest prefix of its level.
    LongestPrefix,
    /// The same, and with `^~`: no expression is tried.
    LongestPrefixFinal,
    /// It is a prefix, but there is a longer one.
    ShorterPrefix,
    /// Its expression matches, which ends the search.
    Matches,
    /// Its expression does not match.
    DoesNotMatch,
    /// It was not tried: the search had ended.
    NotTried,
    /// The URI is not its name, or does not begin with it.
    DoesNotFit,
}

/// nginx's phases, as far as a request may end in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Server rewrite, find location and rewrite.
    Rewrite,
    /// Limits.
    Preaccess,
    /// Who is let in.
    Access,
    /// `try_files` and `mirror`.
    Precontent,
}

/// Why a header that is configured is not in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Omission {
    /// A block further in has directives of this name, so that it is not inherited.
    NotInherited,
    /// It lacks `always`, and the status is an error.
    Status,
    /// Its value is empty.
    Empty,
}

/// What is done to a field of an app server's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderChange {
    /// It is not passed on.
    Hidden,
    /// It has another value.
    Rewritten(String),
}
