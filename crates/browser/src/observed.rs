//! What happens on a page, event by event.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::Value;

use crate::blocked::{blocked_reason, cors_error};
use crate::connection::Event;
use crate::gate::text;
use crate::visit::{Complaint, ComplaintKind, Outcome, PageRequest};

/// So many requests and complaints of a page are kept.
const MAX_REQUESTS: usize = 2000;
const MAX_COMPLAINTS: usize = 200;

/// So many characters of a URL are kept, and of another text.
const MAX_URL: usize = 4096;
const MAX_TEXT: usize = 500;

/// The media type of answers whose parts each take the place of the one before.
const REPLACING: &str = "multipart/x-mixed-replace";

/// What has happened so far.
#[derive(Debug)]
pub(crate) struct Observed {
    /// The session of the page itself.
    session: String,
    /// The frame of the page itself.
    frame: String,
    /// Every request, in order.
    pub(crate) requests: Vec<PageRequest>,
    /// Where a request stands, by its session and number.
    places: HashMap<(String, String), usize>,
    /// The requests of the page's own documents, by their numbers, in order.
    pub(crate) documents: Vec<String>,
    /// How often the page was loaded with all it needs.
    pub(crate) loads: usize,
    /// How often the page was there, whether or not its pictures were.
    pub(crate) contents: usize,
    /// Every complaint, in order.
    pub(crate) complaints: Vec<Complaint>,
    /// Requests that may have changed something, as `POST /api/visits`.
    pub(crate) held_back: Vec<String>,
    /// What went wrong with WebSockets, by their URLs.
    pub(crate) sockets: Vec<(String, String)>,
    /// The URLs of WebSockets by their numbers.
    socket_urls: HashMap<String, String>,
    /// When the network was last heard of.
    pub(crate) changed: Instant,
}

impl Observed {
    /// Of the page with this session and frame.
    pub(crate) fn of(session: &str, frame: &str) -> Observed {
        Observed {
            session: session.to_owned(),
            frame: frame.to_owned(),
            requests: Vec::new(),
            places: HashMap::new(),
            documents: Vec::new(),
            loads: 0,
            contents: 0,
            complaints: Vec::new(),
            held_back: Vec::new(),
            sockets: Vec::new(),
            socket_urls: HashMap::new(),
            changed: Instant::now(),
        }
    }

    /// Takes note of an event.
    pub(crate) fn note(&mut self, event: &Event) {
        let Event { session, method, params } = event;
        let is_own = *session == self.session;
        match method.as_str() {
            "Network.requestWillBeSent" => self.sent(session, params),
            "Network.responseReceived" => {
                let response = &params["response"];
                let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
                let is_from_worker = response["fromServiceWorker"].as_bool().unwrap_or_default();
                let headers = response["headers"].as_object();
                let media_type = |headers: &serde_json::Map<String, Value>| {
                    let is_it = |(name, _): &(&String, &Value)| name.eq_ignore_ascii_case("content-type");
                    headers.iter().find(is_it).map(|(_, value)| text(value).to_ascii_lowercase())
                };
                let media_type = headers.map(media_type);
                let is_declared = media_type.as_ref().is_none_or(Option::is_some);
                let is_stream = media_type.flatten().is_some_and(|kind| kind.starts_with(REPLACING));
                self.change(session, params, |request| {
                    request.status = status;
                    request.media_type = short(text(&response["mimeType"]));
                    request.is_declared = is_declared;
                    request.is_from_worker = is_from_worker;
                    request.is_stream |= is_stream;
                });
            }
            "Network.loadingFinished" => self.change(session, params, |request| {
                request.outcome = Outcome::Finished;
            }),
            "Network.dataReceived" => {
                let place = (session.clone(), text(&params["requestId"]).to_owned());
                let request = self.places.get(&place).and_then(|place| self.requests.get_mut(*place));
                request.into_iter().for_each(|request| request.received = Some(Instant::now()));
            }
            "Network.loadingFailed" => self.failed(session, params),
            "Network.webSocketCreated" => {
                self.socket_urls.insert(text(&params["requestId"]).to_owned(), short(text(&params["url"])));
            }
            "Network.webSocketFrameError" => {
                if let Some(url) = self.socket_urls.get(text(&params["requestId"])) {
                    self.sockets.push((url.clone(), short(text(&params["errorMessage"]))));
                    self.sockets.truncate(MAX_COMPLAINTS);
                }
            }
            "Page.domContentEventFired" if is_own => self.contents += 1,
            "Page.loadEventFired" if is_own => self.loads += 1,
            "Runtime.exceptionThrown" if is_own => self.exception(&params["exceptionDetails"]),
            "Runtime.consoleAPICalled" if is_own && matches!(text(&params["type"]), "error" | "assert") => {
                let frames = &params["stackTrace"]["callFrames"];
                let arguments = params["args"].as_array().into_iter().flatten().map(shown);
                let said = arguments.collect::<Vec<_>>().join(" ");
                self.complain(ComplaintKind::Logged, &said, text(&frames[0]["url"]));
            }
            "Log.entryAdded" if is_own => self.logged(&params["entry"]),
            "Audits.issueAdded" if is_own => self.issue(&params["issue"]),
            _ => {}
        }
    }

    /// Takes note of a request that is held back.
    pub(crate) fn hold_back(&mut self, request: String) {
        if self.held_back.len() < MAX_COMPLAINTS {
            self.held_back.push(short(&request));
        }
    }

    /// The requests that are under way: all but streams.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = &PageRequest> {
        self.requests.iter().filter(|request| {
            let is_stream = request.is_stream || request.kind == "EventSource";
            request.outcome == Outcome::UnderWay && !is_stream
        })
    }

    /// Whether the page, which was there so often `before`, has all but the pictures of streams, which never end.
    pub(crate) fn has_all_but_streams(&self, before: usize) -> bool {
        let streams = |request: &PageRequest| request.is_stream && request.outcome == Outcome::UnderWay;
        self.contents > before && self.requests.iter().any(streams) && self.under_way().next().is_none()
    }

    fn sent(&mut self, session: &str, params: &Value) {
        let number = text(&params["requestId"]).to_owned();
        let (url, method) = (text(&params["request"]["url"]), text(&params["request"]["method"]));
        let kind = text(&params["type"]);
        if url.starts_with("data:") || url.starts_with("blob:") {
            return;
        }
        self.changed = Instant::now();
        let is_document = session == self.session
            && kind == "Document"
            && params["frameId"] == self.frame.as_str()
            && params["loaderId"] == number.as_str();
        if is_document && params["redirectResponse"].is_null() {
            self.documents.push(number.clone());
        }
        // A redirect is another request of the same number.
        self.change(session, params, |request| request.outcome = Outcome::Finished);
        if self.requests.len() < MAX_REQUESTS {
            self.places.insert((session.to_owned(), number), self.requests.len());
            self.requests.push(PageRequest {
                url: url.chars().take(MAX_URL).collect(),
                method: short(method),
                kind: kind.to_owned(),
                status: None,
                media_type: String::new(),
                is_declared: false,
                is_from_worker: false,
                is_document,
                is_stream: false,
                begun: Instant::now(),
                received: None,
                outcome: Outcome::UnderWay,
            });
        }
    }

    fn failed(&mut self, session: &str, params: &Value) {
        let cors = &params["corsErrorStatus"];
        let blocked = text(&params["blockedReason"]);
        let outcome = if let Some(error) = cors["corsError"].as_str() {
            Outcome::Blocked(cors_error(error, text(&cors["failedParameter"])))
        } else if blocked == "inspector" {
            Outcome::HeldBack
        } else if !blocked.is_empty() {
            Outcome::Blocked(blocked_reason(blocked).to_owned())
        } else if params["canceled"].as_bool().unwrap_or_default() {
            Outcome::Cancelled
        } else {
            Outcome::Failed(short(text(&params["errorText"])))
        };
        let mut blocked = None;
        self.change(session, params, |request| {
            if let Outcome::Blocked(why) = &outcome {
                blocked = Some((why.clone(), request.url.clone()));
            }
            request.outcome = outcome;
        });
        if let Some((why, url)) = blocked {
            // Of mixed content it is the page that is at fault, whoever has it.
            let source = if blocked_is_mixed(params) { "" } else { &*url };
            self.complain(ComplaintKind::Blocked, &format!("{}: {why}", short(&url)), source);
        }
    }

    fn change(&mut self, session: &str, params: &Value, change: impl FnOnce(&mut PageRequest)) {
        let place = (session.to_owned(), text(&params["requestId"]).to_owned());
        if let Some(request) = self.places.get(&place).and_then(|place| self.requests.get_mut(*place)) {
            change(request);
            self.changed = Instant::now();
        }
    }

    fn exception(&mut self, details: &Value) {
        let is_rejection = text(&details["text"]).contains("in promise");
        let kind = if is_rejection { ComplaintKind::Rejected } else { ComplaintKind::Uncaught };
        let thrown = &details["exception"];
        let said = match text(&thrown["description"]).lines().next() {
            Some(line) if !line.is_empty() => line.to_owned(),
            _ => format!("{} {}", text(&details["text"]), shown(thrown)),
        };
        let frame = text(&details["stackTrace"]["callFrames"][0]["url"]);
        let script = if frame.is_empty() { text(&details["url"]) } else { frame };
        let line = details["lineNumber"].as_u64().unwrap_or_default() + 1;
        let place = if script.is_empty() { String::new() } else { format!(" ({}:{line})", short(script)) };
        self.complain(kind, &format!("{said}{place}"), script);
    }

    /// What the browser itself puts into the console; what it says of the network is known already.
    fn logged(&mut self, entry: &Value) {
        let (said, url) = (text(&entry["text"]), text(&entry["url"]));
        let is_error = text(&entry["level"]) == "error" && text(&entry["source"]) != "network";
        if !is_error || said.contains("eport Only") || said.contains("eport-only") {
            return;
        }
        // What is in quotes is what is blocked; a script within the page has no URL.
        let quoted = said.split('\'').skip(1).step_by(2).find(|quoted| quoted.contains("://"));
        if said.contains("Content Security Policy") {
            self.complain(ComplaintKind::Blocked, said, quoted.unwrap_or_default());
        } else if said.contains("MIME type") {
            let source = quoted.unwrap_or(url);
            let place = if said.contains(source) { String::new() } else { format!(" ({})", short(source)) };
            self.complain(ComplaintKind::Blocked, &format!("{said}{place}"), source);
        } else {
            self.complain(ComplaintKind::Logged, said, url);
        }
    }

    fn issue(&mut self, issue: &Value) {
        let mixed = &issue["details"]["mixedContentIssueDetails"];
        if text(&mixed["resolutionStatus"]) == "MixedContentBlocked" {
            let url = text(&mixed["insecureURL"]);
            let said = format!("{}: {}", short(url), blocked_reason("mixed-content"));
            self.complain(ComplaintKind::Blocked, &said, "");
        }
    }

    fn complain(&mut self, kind: ComplaintKind, said: &str, source: &str) {
        let complaint = Complaint {
            kind,
            text: short(said),
            source: source.to_owned(),
            is_after_holding_back: !self.held_back.is_empty(),
        };
        let is_known = self.complaints.iter().any(|other| other.text == complaint.text && other.kind == kind);
        if self.complaints.len() < MAX_COMPLAINTS && !is_known {
            self.complaints.push(complaint);
        }
    }
}

/// Whether a request failed for being mixed content.
fn blocked_is_mixed(params: &Value) -> bool {
    params["blockedReason"] == "mixed-content"
}

/// The beginning of a text, in one line.
fn short(text: &str) -> String {
    let line = text.replace(['\n', '\r', '\0'], " ");
    match line.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// A value of JavaScript, as the console shows it.
fn shown(value: &Value) -> String {
    match (&value["value"], text(&value["description"])) {
        (Value::String(text), _) => short(text),
        (Value::Null, description) => short(description.lines().next().unwrap_or_default()),
        (value, _) => short(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn observed(events: &[(&str, Value)]) -> Observed {
        let mut observed = Observed::of("S", "F");
        for (method, params) in events {
            let event = Event { session: "S".into(), method: (*method).to_owned(), params: params.clone() };
            observed.note(&event);
        }
        observed
    }

    fn sent(number: &str, kind: &str, url: &str) -> (&'static str, Value) {
        let request = json!({"url": url, "method": "GET"});
        let params =
            json!({"requestId": number, "loaderId": "1", "frameId": "F", "type": kind, "request": request});
        ("Network.requestWillBeSent", params)
    }

    #[test]
    fn requests_are_followed_to_their_end() {
        let observed = observed(&[
            sent("1", "Document", "https://a/"),
            (
                "Network.responseReceived",
                json!({"requestId": "1", "response": {"status": 200, "mimeType": "text/html"}}),
            ),
            ("Network.loadingFinished", json!({"requestId": "1"})),
            sent("2", "Fetch", "https://b/"),
            (
                "Network.loadingFailed",
                json!({"requestId": "2", "corsErrorStatus": {"corsError": "MissingAllowOriginHeader"}}),
            ),
            sent("3", "EventSource", "https://a/events"),
            sent("4", "Image", "data:image/png;base64,"),
            ("Page.loadEventFired", json!({})),
        ]);
        assert_eq!((observed.requests.len(), observed.documents.len(), observed.loads), (3, 1, 1));
        assert_eq!(observed.under_way().count(), 0);
        assert_eq!(observed.complaints[0].text, "https://b/: the answer has no Access-Control-Allow-Origin");
    }

    #[test]
    fn errors_are_told_with_their_place_once() {
        let thrown = json!({"exceptionDetails": {"text": "Uncaught", "lineNumber": 6, "url": "https://a/app.js",
                            "exception": {"description": "TypeError: no\n    at f"}}});
        let rejected =
            json!({"exceptionDetails": {"text": "Uncaught (in promise)", "exception": {"value": "no"}}});
        let network = json!({"entry": {"level": "error", "source": "network", "text": "404"}});
        let observed = observed(&[
            ("Runtime.exceptionThrown", thrown.clone()),
            ("Runtime.exceptionThrown", thrown),
            ("Runtime.exceptionThrown", rejected),
            ("Log.entryAdded", network),
            ("Runtime.consoleAPICalled", json!({"type": "error", "args": [{"value": "a"}, {"value": 7}]})),
        ]);
        let told: Vec<(ComplaintKind, &str)> =
            observed.complaints.iter().map(|complaint| (complaint.kind, &*complaint.text)).collect();
        assert_eq!(
            told,
            [
                (ComplaintKind::Uncaught, "TypeError: no (https://a/app.js:7)"),
                (ComplaintKind::Rejected, "Uncaught (in promise) no"),
                (ComplaintKind::Logged, "a 7"),
            ]
        );
    }
}
