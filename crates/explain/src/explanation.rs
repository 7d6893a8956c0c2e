//! What is told of a request.

use reference_proxy::trace::{Directive, Field, Omission, TracedStep};
use serde::Serialize;

/// The way of a request. Its JSON is what `--format json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The configuration.
    pub configuration: String,
    /// The request.
    pub request: AskedRequest,
    /// Why there is no answer; `None` if there is one.
    pub unanswered: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Its header fields, each with where it comes from.
    pub headers: Vec<AnsweredField>,
    /// Headers that are configured, or that the app server has sent, and that are not in the answer.
    pub lost: Vec<Lost>,
    /// What happened, step by step.
    pub steps: Vec<TracedStep>,
    /// What reached the app servers, in order.
    pub arrived: Vec<Arrived>,
    /// What a reader should know of the run.
    pub notes: Vec<String>,
    /// What another engine does, if one was asked, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// The header fields that the client has received; those of `headers` are what the proxy told.
    #[serde(skip)]
    pub received: Vec<Field>,
}

/// What another engine does with the same request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// The engine.
    pub engine: String,
    /// The status of its answer.
    pub status: Option<u16>,
    /// The locations that it has chosen, if it tells.
    pub locations: Option<String>,
    /// In what it differs.
    pub differences: Vec<Difference>,
}

/// Something that is not the same by both engines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub what: String,
    /// What it is by the reference proxy; `None` for nothing.
    pub reference: Option<String>,
    /// What it is by the other engine.
    pub other: Option<String>,
}

/// The request, as it was sent.
#[derive(Debug, Clone, Serialize)]
pub struct AskedRequest {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The `listen` address that it came to; `None` if nobody listens on the port.
    pub listen: Option<String>,
    /// The header fields.
    pub headers: Vec<Field>,
}

/// Where a header of the answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A directive has set or changed it.
    Directive,
    /// The app server has sent it.
    App,
    /// It describes the file.
    File,
    /// The proxy writes it unasked.
    Proxy,
}

/// A header of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnsweredField {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The directive, if it is one.
    pub directive: Option<Directive>,
}

/// A header that is not in the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Lost {
    /// An `add_header`.
    Configured {
        /// It.
        directive: Directive,
        /// Why.
        why: Omission,
        /// The directive that is in force in place of it, if that is why.
        instead: Option<Directive>,
    },
    /// A header of the app server's.
    Hidden {
        /// The header.
        field: Field,
        /// The `proxy_hide_header`; `None` if nginx hides it unasked.
        directive: Option<Directive>,
    },
}

/// A request that reached an app server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrived {
    /// The app server, as the configuration has it.
    pub address: String,
    /// The request line.
    pub line: String,
    /// The header fields.
    pub headers: Vec<Field>,
}
