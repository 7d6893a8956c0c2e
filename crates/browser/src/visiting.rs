//! A visit: the page is opened, comes to rest, and is looked at.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::observed::Observed;
use crate::origin::Origin;
use crate::page::Page;
use crate::rest::{come_to_rest, document, is_circling};
use crate::site::BrowserSite;
use crate::visit::{PageRequest, Visit, VisitEnd, Worker};
use crate::{BrowserError, screenshot, worker};

/// How long a page may take to say how it is shown.
const MODE_TIMEOUT: Duration = Duration::from_secs(5);

/// An answer of which something has come within this time goes on.
const STREAM_PAUSE: Duration = Duration::from_secs(3);

/// Visits the page of `site`.
pub(crate) async fn visit(page: &Page, site: &BrowserSite, origin: &Origin) -> Result<Visit, BrowserError> {
    let until = Instant::now() + site.limit;
    let refused = match page.go(&origin.at("/"), site.limit).await {
        Ok(refused) => refused,
        Err(BrowserError::Timeout { .. }) => None,
        Err(error) => return Err(error),
    };
    if refused.is_none() {
        come_to_rest(page, 0, until).await;
    }
    page.failure().map_or(Ok(()), Err)?;
    let (url, end) = {
        let observed = page.observed();
        let url = document(&observed).map_or_else(|| origin.at("/"), |document| document.url.clone());
        let end = refused.map_or_else(|| end(&observed, origin, &url), VisitEnd::Unreachable);
        (url, end)
    };
    let mode = page.evaluate("document.compatMode", MODE_TIMEOUT).await;
    let mut visit = {
        let observed = page.observed();
        Visit {
            url,
            site: origin.text(),
            end,
            is_busy: matches!(mode, Err(BrowserError::Timeout { .. })),
            is_quirky: mode.is_ok_and(|mode| mode == "BackCompat"),
            requests: observed.requests.clone(),
            complaints: observed.complaints.clone(),
            sockets: observed.sockets.clone(),
            held_back: observed.held_back.clone(),
            worker: Worker::None,
            screenshot: None,
        }
    };
    // What has failed because the browser did is no fault of the page.
    page.failure().map_or(Ok(()), Err)?;
    if !visit.is_busy && !matches!(visit.end, VisitEnd::Unreachable(_)) {
        visit.screenshot = screenshot::take(page, &site.mask).await;
    }
    if visit.is_busy {
        visit.worker = Worker::Unknown("the scripts of the page leave no time for it".to_owned());
    } else if visit.end == VisitEnd::AtRest {
        // What was seen before stays so, whatever becomes of the browser.
        let compared = worker::compare(page, site, &visit.url).await;
        visit.worker = compared.unwrap_or_else(|error| Worker::Unknown(error.to_string()));
    } else {
        let _ = page.call("Page.stopLoading", json!({})).await;
    }
    Ok(visit)
}

fn end(observed: &Observed, origin: &Origin, url: &str) -> VisitEnd {
    let goes_on = |request: &&PageRequest| request.received.is_some_and(|last| last.elapsed() < STREAM_PAUSE);
    let waiting = || {
        let (streams, silent): (Vec<_>, Vec<_>) = observed.under_way().partition(goes_on);
        let (own, others): (Vec<_>, Vec<_>) =
            silent.into_iter().partition(|request| origin.has(&request.url));
        let lines = |requests: Vec<&PageRequest>| {
            requests.iter().map(|request| format!("{} {}", request.method, request.url)).collect()
        };
        VisitEnd::Waiting { own: lines(own), others: lines(others), streams: lines(streams) }
    };
    let Some(document) = document(observed) else { return waiting() };
    match document.status {
        _ if is_circling(observed) => VisitEnd::Circling,
        _ if !origin.has(url) => VisitEnd::Elsewhere,
        Some(status) if status >= 400 => VisitEnd::Error(status),
        Some(_) if !matches!(&*document.media_type, "text/html" | "application/xhtml+xml") => {
            VisitEnd::NoPage(document.media_type.clone())
        }
        _ if observed.loads == 0 && !observed.has_all_but_streams(0) => waiting(),
        _ => VisitEnd::AtRest,
    }
}
