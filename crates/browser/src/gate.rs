//! What pages may send: every request of a page waits here before a byte of it is sent, except the handshakes of WebSockets, which
//! the browser lets nobody hold.
//!
//! A page of the site asks what it asks of any visitor, of whatever host: its fonts and scripts are part of how it works. What may
//! change something is held back, and what goes to the site keeps its pace and has the headers of the profile. A page that is made
//! up here, to ask from another origin, asks nobody but the site.

use hopcheck_clients::{Request, Route};
use serde_json::{Value, json};

use crate::origin::{Origin, path_of};

/// Methods that change nothing (RFC 9110 §9.2.1).
const SAFE_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// A page that is made up.
const BLANK: &str = "PCFkb2N0eXBlIGh0bWw+PHRpdGxlPmhvcGNoZWNrPC90aXRsZT4="; // <!doctype html><title>hopcheck</title>

/// Which requests go through.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    /// Where the site is.
    pub(crate) site: Origin,
    /// How it is asked.
    pub(crate) route: Route,
    /// The origin whose page is made up; `None` for a page of the site.
    pub(crate) made_up: Option<Origin>,
}

/// What becomes of a request: the command for the browser.
#[derive(Debug, PartialEq)]
pub(crate) struct Decision {
    /// The command.
    pub(crate) method: &'static str,
    /// What it says.
    pub(crate) params: Value,
    /// Whether it is one of the page that is held back.
    pub(crate) is_held_back: bool,
}

impl Gate {
    /// Decides on a `Fetch.requestPaused`, once the request may be sent.
    pub(crate) async fn decide(&self, paused: &Value) -> Decision {
        let id = &paused["requestId"];
        let decision = |method, params| Decision { method, params, is_held_back: false };
        let block = || json!({"requestId": id, "errorReason": "BlockedByClient"});
        let (url, method) = (text(&paused["request"]["url"]), text(&paused["request"]["method"]));
        if let Some(origin) = &self.made_up {
            if paused["resourceType"] == "Document" && origin.has(url) {
                let head = json!([{"name": "Content-Type", "value": "text/html"}]);
                let page =
                    json!({"requestId": id, "responseCode": 200, "responseHeaders": head, "body": BLANK});
                return decision("Fetch.fulfillRequest", page);
            }
            if !self.site.has(url) {
                return decision("Fetch.failRequest", block());
            }
        }
        if !SAFE_METHODS.contains(&method) {
            return Decision { method: "Fetch.failRequest", params: block(), is_held_back: true };
        }
        if !self.site.has(url) {
            return decision("Fetch.continueRequest", json!({"requestId": id}));
        }
        let request = Request::new(method, &path_of(url));
        if let Some(policy) = self.route.policy() {
            // Only the pace: a page may have streams that stay open, and each of them would be one in flight.
            match policy.acquire(&request).await {
                Ok(permit) => drop(permit),
                Err(_) => {
                    return Decision { method: "Fetch.failRequest", params: block(), is_held_back: true };
                }
            }
        }
        decision("Fetch.continueRequest", self.with_headers(id, &paused["request"]["headers"], &request))
    }

    /// Lets a request go on, with the profile's headers if there are any.
    fn with_headers(&self, id: &Value, headers: &Value, request: &Request) -> Value {
        let common = self.route.with_common_headers(request).headers;
        // The browser says itself who it is.
        let ours: Vec<_> =
            common.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("user-agent")).collect();
        if ours.is_empty() {
            return json!({"requestId": id});
        }
        let is_ours = |name: &str| ours.iter().any(|(ours, _)| ours.eq_ignore_ascii_case(name));
        let theirs = headers.as_object().into_iter().flatten().filter(|(name, _)| !is_ours(name));
        let all: Vec<Value> = theirs
            .map(|(name, value)| json!({"name": name, "value": value}))
            .chain(ours.iter().map(|(name, value)| json!({"name": name, "value": value})))
            .collect();
        json!({"requestId": id, "headers": all})
    }
}

/// A text of a message; empty where there is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(made_up: Option<&str>) -> Gate {
        let headers = vec![
            ("User-Agent".to_owned(), "hopcheck".to_owned()),
            ("Authorization".to_owned(), "Basic YTpi".to_owned()),
        ];
        let address = "127.0.0.1:80".parse().unwrap();
        let route = Route::to_site(address, None, "shop.example", headers);
        let site = Origin::of("https://shop.example").unwrap();
        Gate { site, route, made_up: made_up.and_then(Origin::of) }
    }

    async fn decide(gate: &Gate, method: &str, url: &str, kind: &str) -> (String, Decision) {
        let request =
            json!({"url": url, "method": method, "headers": {"Accept": "*/*", "authorization": "x"}});
        let decision =
            gate.decide(&json!({"requestId": "7", "resourceType": kind, "request": request})).await;
        (decision.method.to_owned(), decision)
    }

    #[tokio::test]
    async fn a_page_of_the_site_asks_whom_it_likes_and_changes_nothing() {
        let gate = gate(None);
        let (method, own) = decide(&gate, "GET", "https://shop.example/a", "Script").await;
        assert_eq!(method, "Fetch.continueRequest");
        let headers = own.params["headers"].to_string();
        assert!(headers.contains("Basic YTpi") && headers.contains("*/*") && !headers.contains("hopcheck"));
        assert!(!headers.contains("\"x\""), "{headers}");
        let (method, other) = decide(&gate, "GET", "https://fonts.example/a", "Font").await;
        assert_eq!((&*method, &other.params["headers"]), ("Fetch.continueRequest", &Value::Null));
        for url in ["https://shop.example/a", "https://counter.example/a"] {
            let (method, decision) = decide(&gate, "POST", url, "XHR").await;
            assert!(method == "Fetch.failRequest" && decision.is_held_back, "{url}");
        }
    }

    #[tokio::test]
    async fn a_page_that_is_made_up_asks_the_site_alone() {
        let gate = gate(Some("https://app.example"));
        for (url, kind, expected) in [
            ("https://app.example/", "Document", "Fetch.fulfillRequest"),
            ("https://app.example/favicon.ico", "Other", "Fetch.failRequest"),
            ("https://shop.example/api", "Fetch", "Fetch.continueRequest"),
            ("https://fonts.example/", "Fetch", "Fetch.failRequest"),
        ] {
            assert_eq!(decide(&gate, "GET", url, kind).await.0, expected, "{url}");
        }
    }
}
