//! What no edit can decide: who is meant to do it, for whom, how much. The profile says so, and then it can be mended.

use hopcheck_site::profile::FILE;
use serde::Serialize;

use crate::fault::Fault;

/// Something that a person must choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What is to be chosen.
    pub question: String,
    /// What the profile would say; empty where it cannot.
    pub profile: String,
}

/// What a person must choose before the promise can be mended.
pub(crate) fn advice(fault: &Fault<'_>) -> Option<Choice> {
    let path = fault.route?.path.as_str();
    if !fault.mentions("Access-Control-Allow-Origin") {
        return None;
    }
    Some(match fault.promised_cors() {
        None => Choice {
            question: format!("who does CORS for {path}: the app, the proxy, or nobody? In {FILE}:"),
            profile: format!("[[routes]]\npath = \"{path}\"\ncors = \"app\"  # or \"proxy\", \"nobody\"\n"),
        },
        Some(_) => Choice {
            question: format!("which origins may read {path}, by which methods and with which headers?"),
            profile: String::new(),
        },
    })
}
