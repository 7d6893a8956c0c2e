//! A path of the API that may be read.

use crate::ask::{Asker, kind, told};
use crate::findings::{Field, Findings};
use crate::front_end::Page;
use crate::literals::Mentioned;
use hopcheck_clients::Request;

const PATH: Field = ("api", "path");
const STATUS: Field = ("api", "status");

/// How many paths are tried.
const MOST: usize = 5;

/// Tries the paths that the scripts mention; the one that was found.
pub(super) async fn explore(
    asker: &Asker<'_>,
    page: Option<&Page>,
    mentioned: &Mentioned,
    findings: &mut Findings<'_>,
) -> Option<String> {
    if mentioned.api.is_empty() {
        let why =
            "the page's scripts mention no path below /api; name one that answers GET and changes nothing";
        findings.missing(PATH, why);
        return None;
    }
    let mut tried = Vec::new();
    let mut guarded = None;
    for path in mentioned.api.iter().take(MOST) {
        let answer = asker.ask(&Request::new("GET", path).header("Accept", "application/json")).await;
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
            _ => tried.push(format!("{path} ({})", told(&answer))),
        }
    }
    match guarded {
        Some((path, status)) => {
            findings.found(PATH, path.as_str(), "mentioned by the page's scripts; wants a login");
            let note = "what it says without a login; better give `Authorization` in [headers], and 200 here";
            findings.found(STATUS, i64::from(status), note);
            Some(path)
        }
        None => {
            let why = format!(
                "of what the page's scripts mention nothing can be read: {}; name a path that answers GET and changes nothing",
                tried.join(", ")
            );
            findings.missing(PATH, why);
            None
        }
    }
}
