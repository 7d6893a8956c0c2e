//! Finds a path of the API that can be read.

use crate::client::{SiteClient, describe, kind};
use crate::findings::{Field, Findings};
use crate::front_end::Page;
use crate::literals::PathHints;
use hopcheck_clients::{Destination, Request};

const PATH: Field = ("api", "path");
const STATUS: Field = ("api", "status");

/// The most paths to try.
const MAX_PATHS: usize = 5;

/// Tries the paths in the scripts. Returns the one that was found.
pub(super) async fn explore(
    client: &SiteClient<'_>,
    page: Option<&Page>,
    hints: &PathHints,
    findings: &mut Findings<'_>,
) -> Option<String> {
    if hints.api.is_empty() {
        let why =
            "the page's scripts mention no path of an API; name one that answers GET and has no side effects";
        findings.missing(PATH, why);
        return None;
    }
    let mut tried = Vec::new();
    let mut guarded = None;
    for path in hints.api.iter().take(MAX_PATHS) {
        let answer = client
            .ask(Request::new("GET", path).header("Accept", "application/json"), Destination::OwnApi)
            .await;
        match &answer {
            Ok(response) if response.status == 200 && !page.is_some_and(|page| page.is(response)) => {
                let note = format!("mentioned by the page's scripts; answers with 200 {}", kind(response));
                findings.found(PATH, path.as_str(), note.trim_end());
                return Some(path.clone());
            }
            Ok(response) if response.status == 200 => tried.push(format!("{path} (the front end's page)")),
            Ok(response) if matches!(response.status, 401 | 403) => {
                guarded.get_or_insert((path.clone(), response.status));
            }
            _ => tried.push(format!("{path} ({})", describe(&answer))),
        }
    }
    match guarded {
        Some((path, status)) => {
            findings.found(PATH, path.as_str(), "mentioned by the page's scripts; requires a login");
            let note = "the response without a login; better set `Authorization` in [headers], and 200 here";
            findings.found(STATUS, i64::from(status), note);
            Some(path)
        }
        None => {
            let why = format!(
                "none of the paths in the page's scripts can be read: {}; name one that answers GET and has no side effects",
                tried.join(", ")
            );
            findings.missing(PATH, why);
            None
        }
    }
}
