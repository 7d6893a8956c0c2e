//! What a page reaches: a WebSocket of its site, an API of another origin.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::BrowserError;
use crate::gate::text;
use crate::page::Page;
use crate::visit::Outcome;

/// Opens a WebSocket and closes it again; the page's own policy holds for it.
const OPEN: &str = "new Promise(done => {
  let socket, open = false;
  try { socket = new WebSocket(URL, PROTOCOLS); } catch (error) { done({ refused: String(error) }); return; }
  socket.onopen = () => { open = true; socket.close(1000); setTimeout(() => done({ open, protocol: socket.protocol }), 3000); };
  socket.onclose = event => done(open ? { open, protocol: socket.protocol } : { code: event.code });
})";

/// Reads an API.
const READ: &str = "fetch(URL, { credentials: CREDENTIALS, headers: HEADERS, cache: 'no-store' }).then(
  answer => ({ status: answer.status }), error => ({ refused: String(error) }))";

/// How long the reason of a refusal may come after it.
const REASON: Duration = Duration::from_millis(500);

/// What came of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEnd {
    /// It was open, with this subprotocol.
    Open(String),
    /// It was not, and why.
    Refused(String),
}

/// What came of reading an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// The page may read the answer, which has this status.
    Status(u16),
    /// It may not, and why.
    Blocked(String),
    /// There is no answer, and why.
    Failed(String),
}

/// Opens a WebSocket at `url` from `page`, and closes it.
pub(crate) async fn open_socket(
    page: &Page,
    url: &str,
    protocols: &[&str],
    limit: Duration,
) -> Result<SocketEnd, BrowserError> {
    let (sockets, complaints) = {
        let observed = page.observed();
        (observed.sockets.len(), observed.complaints.len())
    };
    let script = OPEN.replace("PROTOCOLS", &json!(protocols).to_string());
    let script = script.replace("URL", &json!(url).to_string());
    let came = match page.evaluate(&script, limit).await {
        Err(BrowserError::Timeout { limit, .. }) => {
            return Ok(SocketEnd::Refused(format!("no answer for {} s", limit.as_secs())));
        }
        came => came?,
    };
    if came["open"] == true {
        return Ok(SocketEnd::Open(text(&came["protocol"]).to_owned()));
    }
    if let Some(refused) = came["refused"].as_str() {
        return Ok(SocketEnd::Refused(refused.to_owned()));
    }
    let is_told = page
        .wait(Instant::now() + REASON, |observed| {
            observed.sockets.len() > sockets || observed.complaints.len() > complaints
        })
        .await;
    let observed = page.observed();
    let of_socket =
        observed.sockets.iter().skip(sockets).find(|(at, _)| at == url).map(|(_, why)| why.clone());
    let of_page = observed.complaints.get(complaints..).and_then(|new| new.last());
    let why = of_socket.or_else(|| of_page.map(|complaint| complaint.text.clone())).filter(|_| is_told);
    Ok(SocketEnd::Refused(why.unwrap_or_else(|| format!("it was closed with {}", came["code"]))))
}

/// Reads `url` from `page`.
pub(crate) async fn read(
    page: &Page,
    url: &str,
    with_credentials: bool,
    headers: &[(&str, &str)],
    limit: Duration,
) -> Result<Read, BrowserError> {
    let headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let credentials = if with_credentials { "'include'" } else { "'omit'" };
    let script = READ.replace("CREDENTIALS", credentials);
    let script = script.replace("HEADERS", &Value::from(headers).to_string());
    let script = script.replace("URL", &json!(url).to_string());
    let came = match page.evaluate(&script, limit).await {
        Err(BrowserError::Timeout { limit, .. }) => {
            return Ok(Read::Failed(format!("no answer for {} s", limit.as_secs())));
        }
        came => came?,
    };
    if let Some(status) = came["status"].as_u64().and_then(|status| u16::try_from(status).ok()) {
        return Ok(Read::Status(status));
    }
    let is_over = |outcome: &Outcome| matches!(outcome, Outcome::Blocked(_) | Outcome::Failed(_));
    let of_url = |observed: &crate::observed::Observed| {
        observed.requests.iter().rfind(|request| request.url == url && is_over(&request.outcome)).cloned()
    };
    page.wait(Instant::now() + REASON, |observed| of_url(observed).is_some()).await;
    let request = of_url(&page.observed());
    Ok(match request.map(|request| request.outcome) {
        Some(Outcome::Blocked(why)) => Read::Blocked(why),
        Some(Outcome::Failed(why)) => Read::Failed(why),
        _ => Read::Failed(text(&came["refused"]).to_owned()),
    })
}
