//! A probe: one request that both configurations are asked, and how the app servers answer it.

use hopcheck_site::Admission;
use serde::{Deserialize, Serialize};

/// A request, and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Probe {
    /// The port that it is sent to, as the configuration has it.
    pub(crate) port: String,
    /// `Host`; `None` to send none.
    pub(crate) host: Option<String>,
    /// The method.
    pub(crate) method: String,
    /// The request target.
    pub(crate) target: String,
    /// The version of HTTP.
    pub(crate) version: Version,
    /// Other headers.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, with `Content-Length`.
    pub(crate) body: Option<String>,
    /// How app servers answer.
    pub(crate) answer: AppAnswer,
    /// What is done with it.
    pub(crate) way: Way,
    /// Whether it comes from an address that is allowed wherever some are.
    pub(crate) is_admitted: bool,
}

/// What a client sends who knows a password of the run.
pub(crate) const BASIC_CREDENTIALS: &str = "Basic dXNlcjpwYXNz";

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// HTTP/1.1
    Http11,
    /// HTTP/1.0
    Http10,
}

/// How app servers answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AppAnswer {
    /// 200 with JSON.
    Json,
    /// 200 with a page.
    Page,
    /// 200 with CORS headers of its own.
    Cors,
    /// A status.
    Status(u16),
    /// 200 with the headers that apps often send.
    ManyHeaders,
    /// 302 to where the app believes to be.
    Redirect,
    /// 200 with a header of so many bytes.
    LongHeader(u16),
    /// No answer: the connection is closed.
    Closed,
    /// No answer of the first server of each upstream; 200 of the others.
    FirstClosed,
    /// A WebSocket.
    Socket,
}

/// What is done with a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// Sent once.
    Once,
    /// The same twice in a row; the second answer counts.
    Twice,
    /// Only its head, with the length of a body that would follow: does the proxy want it?
    Announced(u64),
    /// A WebSocket's handshake.
    Upgrade,
    /// So many in a row, to see which app servers take turns, by a proxy that has been asked nothing before.
    Turns(usize),
    /// Once, by a proxy that has been asked nothing before: app servers that fail are remembered.
    Fresh,
    /// Not sent: what holds for it in the configuration is compared.
    Read,
}

impl Probe {
    /// `GET target` of this host and port.
    pub(crate) fn get(port: &str, host: &str, target: &str) -> Probe {
        Probe {
            port: port.to_owned(),
            host: Some(host.to_owned()),
            method: "GET".to_owned(),
            target: target.to_owned(),
            version: Version::Http11,
            headers: Vec::new(),
            body: None,
            answer: AppAnswer::Json,
            way: Way::Once,
            is_admitted: false,
        }
    }

    /// With another method.
    #[must_use]
    pub(crate) fn method(mut self, method: &str) -> Probe {
        self.method = method.to_owned();
        self
    }

    /// With one more header.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: &str) -> Probe {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body of JSON.
    #[must_use]
    pub(crate) fn json(mut self, body: &str) -> Probe {
        self.body = Some(body.to_owned());
        self.header("Content-Type", "application/json")
    }

    /// With another answer of the app servers.
    #[must_use]
    pub(crate) fn answered(mut self, answer: AppAnswer) -> Probe {
        self.answer = answer;
        self
    }

    /// By somebody who is let in in any of these ways: with a password of the run, unless it has credentials or is a preflight, or
    /// from an address that is allowed.
    #[must_use]
    pub(crate) fn admitted(mut self, admissions: &[Admission]) -> Probe {
        let has = |wanted: &str| self.headers.iter().any(|(name, _)| name == wanted);
        let is_complete = has("Authorization") || has("Access-Control-Request-Method");
        self.is_admitted = admissions.iter().any(|admission| admission.by_address());
        match !is_complete && admissions.iter().any(|admission| admission.by_password()) {
            true => self.header("Authorization", BASIC_CREDENTIALS),
            false => self,
        }
    }

    /// In another way.
    #[must_use]
    pub(crate) fn way(mut self, way: Way) -> Probe {
        self.way = way;
        self
    }

    /// The path, without the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// How much there is to it: of several the least is shown.
    pub(crate) fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| 20 + name.len() + value.len()).sum();
        let way = match self.way {
            Way::Once => 0,
            Way::Twice => 10,
            Way::Upgrade | Way::Announced(_) => 20,
            Way::Read => 1_000,
            Way::Turns(_) | Way::Fresh => 100,
        };
        let answer = if self.answer == AppAnswer::Json { 0 } else { 30 };
        let version = if self.version == Version::Http11 { 0 } else { 30 };
        let method = if self.method == "GET" { 0 } else { 5 };
        // A name as it stands in the file says more than another spelling, or one that is nowhere.
        let is_odd = |host: &String| {
            host.contains("unknown") || host.bytes().any(|b| b == b':' || b.is_ascii_uppercase())
        };
        let host = if self.host.as_ref().is_none_or(is_odd) { 40 } else { 0 };
        self.target.len()
            + host
            + headers
            + self.body.as_ref().map_or(0, |body| body.len() + 10)
            + way
            + answer
            + method
            + version
            + if self.is_admitted { 10 } else { 0 }
    }

    /// In a line: `POST /api/items with Origin: https://a.test`.
    pub(crate) fn title(&self) -> String {
        let mut title = format!("{} {}", self.method, shortened(&self.target));
        if self.is_admitted {
            title += " from an allowed address";
        }
        let mut with: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {}", shortened(value))).collect();
        if self.version == Version::Http10 {
            with.push("HTTP/1.0".to_owned());
        }
        match self.way {
            Way::Announced(size) => with.push(format!("a body of {size} bytes")),
            Way::Twice => with.push("the same request before it".to_owned()),
            Way::Turns(count) => with.push(format!("{count} times in a row")),
            Way::Once | Way::Upgrade | Way::Fresh | Way::Read => {}
        }
        if !with.is_empty() {
            title += &format!(" with {}", with.join(", "));
        }
        match self.answer {
            AppAnswer::Json
            | AppAnswer::Page
            | AppAnswer::Cors
            | AppAnswer::ManyHeaders
            | AppAnswer::Socket => {}
            AppAnswer::Status(status) => title += &format!(", if the app answers {status}"),
            AppAnswer::Redirect => title += ", if the app answers with a redirect",
            AppAnswer::LongHeader(size) => {
                title += &format!(", if the app answers with a header of {size} bytes")
            }
            AppAnswer::Closed => title += ", if the app does not answer",
            AppAnswer::FirstClosed => title += ", if the first app server does not answer",
        }
        title
    }

    /// The request as it is sent, for a person.
    pub(crate) fn text(&self) -> String {
        let version = if self.version == Version::Http10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let mut text = format!("{} {} {version}\n", self.method, shortened(&self.target));
        if let Some(host) = &self.host {
            text += &format!("Host: {host}\n");
        }
        for (name, value) in &self.headers {
            text += &format!("{name}: {}\n", shortened(value));
        }
        if let Some(body) = &self.body {
            text += &format!("Content-Length: {}\n\n{}\n", body.len(), shortened(body));
        }
        text
    }
}

/// As much of a text as fits in a line.
pub(crate) fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 100;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
