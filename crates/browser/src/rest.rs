//! When a page has come to rest.

use std::time::Duration;

use tokio::time::Instant;

use crate::observed::Observed;
use crate::page::Page;
use crate::visit::PageRequest;

/// A page is at rest when nothing has come for so long.
const QUIET: Duration = Duration::from_millis(500);

/// So long after it was loaded a page counts as at rest, whatever it asks for: many ask for ever.
const BUSY: Duration = Duration::from_secs(5);

/// A page that loads itself anew so often goes on for ever.
const MAX_DOCUMENTS: usize = 4;

/// Waits until the page, which was loaded so often `before`, is loaded once more, and quiet.
pub(crate) async fn come_to_rest(page: &Page, before: usize, until: Instant) {
    let contents = page.observed().contents.min(before);
    let is_loaded = |observed: &Observed| observed.loads > before || observed.has_all_but_streams(contents);
    if !page.wait(until, |observed| is_loaded(observed) || is_circling(observed)).await {
        return;
    }
    let until = until.min(Instant::now() + BUSY);
    loop {
        let changed = page.observed().changed;
        let is_under_way = page.observed().under_way().next().is_some();
        // Where nothing is under way, silence is enough; else an answer may still come.
        let quiet = if is_under_way { until } else { until.min(Instant::now() + QUIET) };
        let is_over = !page.wait(quiet, |observed| observed.changed != changed).await;
        if page.failure().is_some() || is_over || Instant::now() >= until || is_circling(&page.observed()) {
            return;
        }
    }
}

/// Whether the page has loaded itself anew too often.
pub(crate) fn is_circling(observed: &Observed) -> bool {
    observed.documents.len() > MAX_DOCUMENTS
}

/// The latest request for the page itself.
pub(crate) fn document(observed: &Observed) -> Option<&PageRequest> {
    observed.requests.iter().rfind(|request| request.is_document)
}
