//! What a browser has seen of a site's page, and what is wrong with it.

use std::time::Instant;

/// A visit of the site's page.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The page's URL, behind all redirects.
    pub url: String,
    /// The origin of the site: `https://shop.example.com`.
    pub site: String,
    /// What came of it.
    pub end: VisitEnd,
    /// Whether its scripts leave no time for anything else.
    pub is_busy: bool,
    /// Whether it is shown as in the days before standards, with style sheets of any type.
    pub is_quirky: bool,
    /// What the page has asked for, itself included.
    pub requests: Vec<PageRequest>,
    /// What the page, and the browser, had to complain about.
    pub complaints: Vec<Complaint>,
    /// The WebSockets that the page did not get, by their URLs, and why.
    pub sockets: Vec<(String, String)>,
    /// Requests that may have changed something, and so were not sent.
    pub held_back: Vec<String>,
    /// What the page's service worker shows.
    pub worker: Worker,
    /// A picture of the page: a PNG in base64.
    pub screenshot: Option<String>,
}

/// What came of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisitEnd {
    /// The page has all that it waits for.
    AtRest,
    /// It still waits for something when its time is over.
    Waiting {
        /// What the site has not answered, as `GET https://shop.example.com/app.js`.
        own: Vec<String>,
        /// What others have not.
        others: Vec<String>,
        /// Whose answer goes on and on.
        streams: Vec<String>,
    },
    /// It loads itself again and again.
    Circling,
    /// There is no page to see, and why.
    Unreachable(String),
    /// The page is that of another site.
    Elsewhere,
    /// It is no page but of this type.
    NoPage(String),
    /// It is answered with an error.
    Error(u16),
}

/// A request of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// What is asked for.
    pub url: String,
    /// The method.
    pub method: String,
    /// What it is for, as the browser says: `Document`, `Script`, `Fetch`.
    pub kind: String,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// Its media type.
    pub media_type: String,
    /// Whether the answer says so itself.
    pub is_declared: bool,
    /// Whether a service worker has answered.
    pub is_from_worker: bool,
    /// Whether it is for the page itself.
    pub is_document: bool,
    /// Whether each part of the answer takes the place of the one before, as the pictures of a camera do.
    pub is_stream: bool,
    /// When it was sent.
    pub begun: Instant,
    /// When some of the answer's body has come.
    pub received: Option<Instant>,
    /// What has become of it.
    pub outcome: Outcome,
}

/// What has become of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has no answer yet.
    UnderWay,
    /// It was answered to the end.
    Finished,
    /// The page itself has given it up.
    Cancelled,
    /// It was not sent to the site, as it may have changed something.
    HeldBack,
    /// The browser keeps it, or its answer, from the page; why.
    Blocked(String),
    /// The network has failed it: `net::ERR_CONNECTION_REFUSED`.
    Failed(String),
}

/// Something that a developer would see in the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What kind of complaint.
    pub kind: ComplaintKind,
    /// What it says.
    pub text: String,
    /// The script or resource that it is about; empty where that is the page.
    pub source: String,
    /// Whether it came after a request was held back, which may be why.
    pub is_after_holding_back: bool,
}

/// What kind of complaint it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComplaintKind {
    /// An exception that no script has caught.
    Uncaught,
    /// A promise that was rejected, to which no script listens.
    Rejected,
    /// What a script, or the browser, has written to the console as an error.
    Logged,
    /// Something that the browser keeps from the page.
    Blocked,
}

/// What a page's service worker shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worker {
    /// The page has none.
    None,
    /// The page that the network has.
    Current,
    /// The page of another build; what that names, and what the network's does.
    Old(String, String),
    /// Nothing is known of it, and why.
    Unknown(String),
}

/// What is wrong with a page, for its owner to mend or only to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What breaks something for visitors.
    pub broken: Vec<String>,
    /// What may be meant, or is another's to mend.
    pub doubtful: Vec<String>,
    /// What may come of a request that was held back.
    pub own_doing: Vec<String>,
}

/// What scripts take for an error that is none: the browser only puts off to tell them of a size.
const HARMLESS: &str = "ResizeObserver loop";

/// What fails requests and is not the site's doing.
const OF_THIS_MACHINE: [&str; 3] = ["ERR_NETWORK_CHANGED", "ERR_INTERNET_DISCONNECTED", "ERR_ABORTED"];

impl Visit {
    /// What the page needs of its site and does not get: its files, answers of an app that is there, and WebSockets.
    pub fn missing(&self) -> Vec<String> {
        let own = || self.requests.iter().filter(|request| self.is_of_site(&request.url));
        let requests = own().filter_map(lacks).chain(own().filter_map(|request| self.unstyled(request)));
        let sockets = self.sockets.iter().filter(|(url, why)| self.is_of_site(url) && is_refusal(why));
        requests.chain(sockets.map(|(url, why)| format!("WebSocket {url} does not open: {why}"))).collect()
    }

    /// What is wrong with a style sheet that comes as something else.
    fn unstyled(&self, request: &PageRequest) -> Option<String> {
        let PageRequest { url, method, kind, status, media_type, is_declared, .. } = request;
        let is_refused = *is_declared && !matches!(media_type.as_str(), "text/css" | "text/html" | "");
        (kind == "Stylesheet" && *status == Some(200) && is_refused && !self.is_quirky).then(|| {
            format!("{method} {url} comes as {media_type}, of which browsers take no style: see `types`, and `include mime.types;`")
        })
    }

    /// The first thing that scripts of the page may fail for want of: what the page misses, what is blocked, or a script of another
    /// site that has not come.
    pub fn wanting(&self) -> Option<String> {
        let is_of_another =
            |request: &&PageRequest| request.kind == "Script" && !self.is_of_site(&request.url);
        let others = self.requests.iter().filter(is_of_another);
        let others = others.filter_map(|request| match (&request.outcome, request.status) {
            (Outcome::Failed(why) | Outcome::Blocked(why), _) => Some(format!("{}: {why}", request.url)),
            (Outcome::UnderWay, _) => Some(format!("{} has not come", request.url)),
            (_, Some(status)) if status >= 400 => Some(format!("{} is answered with {status}", request.url)),
            _ => None,
        });
        self.missing().into_iter().chain(self.blocked().broken).chain(others).next()
    }

    /// The exceptions that no script has caught.
    pub fn uncaught(&self) -> Findings {
        self.findings(&[ComplaintKind::Uncaught])
    }

    /// What the browser keeps from the page, but for what is missing anyway.
    pub fn blocked(&self) -> Findings {
        let mut found = self.findings(&[ComplaintKind::Blocked]);
        let missing = self.requests.iter().filter(|request| lacks(request).is_some());
        let missing: Vec<&str> = missing.map(|request| request.url.as_str()).collect();
        found.broken.retain(|line| !missing.iter().any(|url| line.contains(url)));
        found
    }

    /// What the console says else.
    pub fn logged(&self) -> Findings {
        self.findings(&[ComplaintKind::Rejected, ComplaintKind::Logged])
    }

    fn findings(&self, kinds: &[ComplaintKind]) -> Findings {
        let mut found = Findings::default();
        let of_kind = self.complaints.iter().filter(|complaint| kinds.contains(&complaint.kind));
        for Complaint { kind, text, source, is_after_holding_back } in of_kind {
            let is_own = match kind {
                ComplaintKind::Blocked => source.is_empty() || self.is_beside(source),
                _ => !source.starts_with("http") || self.is_of_site(source),
            };
            match (is_own, is_after_holding_back) {
                _ if text.contains(HARMLESS) => {}
                (false, _) => found.doubtful.push(text.clone()),
                (true, true) if *kind != ComplaintKind::Blocked => found.own_doing.push(text.clone()),
                (true, _) => found.broken.push(text.clone()),
            }
        }
        found
    }

    /// What was asked, a line for each: the page first, then what failed, then what was asked of an app.
    pub fn summary(&self) -> Vec<String> {
        let line = |request: &PageRequest| {
            let came = match (&request.outcome, request.status) {
                (Outcome::Blocked(why) | Outcome::Failed(why), _) => why.clone(),
                (Outcome::HeldBack, _) => "not sent, as it may change something".to_owned(),
                (Outcome::Cancelled, _) => "given up by the page".to_owned(),
                (_, Some(status)) => format!("{status} {}", request.media_type),
                (_, None) => "no answer".to_owned(),
            };
            format!("{} {}: {came}", request.method, request.url)
        };
        let is_telling = |request: &&PageRequest| {
            let is_asked_by_script = matches!(&*request.kind, "XHR" | "Fetch" | "EventSource" | "Ping");
            let failed = request.status.is_some_and(|status| status >= 400);
            let came = matches!(request.outcome, Outcome::Finished | Outcome::UnderWay);
            request.is_document || is_asked_by_script || failed || !came
        };
        self.requests.iter().filter(is_telling).map(line).collect()
    }

    fn is_of_site(&self, url: &str) -> bool {
        crate::origin::Origin::of(&self.site).is_some_and(|site| site.has(url))
    }

    fn is_beside(&self, url: &str) -> bool {
        crate::origin::Origin::of(&self.site).is_some_and(|site| site.is_beside(url))
    }
}

/// Whether a handshake was answered with something else, which is not that who asks has no login.
fn is_refusal(why: &str) -> bool {
    why.contains("Unexpected response code") && !why.ends_with(" 401") && !why.ends_with(" 403")
}

/// What a page lacks for want of this answer.
fn lacks(request: &PageRequest) -> Option<String> {
    let PageRequest { url, method, kind, status, media_type, outcome, .. } = request;
    let is_file = matches!(kind.as_str(), "Script" | "Stylesheet" | "Image" | "Font" | "Media");
    let is_asked_by_script = matches!(kind.as_str(), "XHR" | "Fetch" | "EventSource");
    let what = match (outcome, *status) {
        // The network of this machine has changed, or the page has gone on.
        (Outcome::Failed(why), _) if OF_THIS_MACHINE.iter().any(|machine| why.contains(machine)) => {
            return None;
        }
        (Outcome::Failed(why), _) if is_file || is_asked_by_script => format!("fails: {why}"),
        (_, Some(status)) if is_file && status >= 400 => format!("is answered with {status}"),
        // What a visitor without a login may not have, or has not yet, is the app's affair.
        (_, Some(status)) if is_asked_by_script && status >= 500 => format!("is answered with {status}"),
        (_, Some(_)) if matches!(kind.as_str(), "Script" | "Stylesheet") && media_type == "text/html" => {
            "is answered with a page, text/html: is the file there? see `try_files` of this location"
                .to_owned()
        }
        _ => return None,
    };
    Some(format!("{method} {url} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, kind: &str, status: u16, media_type: &str) -> PageRequest {
        PageRequest {
            url: url.to_owned(),
            method: "GET".to_owned(),
            kind: kind.to_owned(),
            status: Some(status),
            media_type: media_type.to_owned(),
            is_declared: true,
            is_from_worker: false,
            is_document: false,
            is_stream: false,
            begun: Instant::now(),
            received: None,
            outcome: Outcome::Finished,
        }
    }

    fn visit(requests: Vec<PageRequest>, complaints: Vec<Complaint>) -> Visit {
        Visit {
            url: "https://shop.example.com/".to_owned(),
            site: "https://shop.example.com".to_owned(),
            end: VisitEnd::AtRest,
            is_busy: false,
            is_quirky: false,
            requests,
            complaints,
            sockets: Vec::new(),
            held_back: Vec::new(),
            worker: Worker::None,
            screenshot: None,
        }
    }

    #[test]
    fn what_a_page_needs_of_its_site_is_missed_and_nothing_else() {
        let site = "https://shop.example.com";
        let visit = visit(
            vec![
                request(&format!("{site}/app.js"), "Script", 404, "text/html"),
                request(&format!("{site}/old.js"), "Script", 200, "text/html"),
                request(&format!("{site}/api/me"), "Fetch", 401, "application/json"),
                request(&format!("{site}/api/cart"), "XHR", 404, "application/json"),
                request(&format!("{site}/api/items"), "Fetch", 502, "text/html"),
                request("https://fonts.example.net/a.woff2", "Font", 404, "text/html"),
                request(&format!("{site}/app.css"), "Stylesheet", 200, "text/css"),
            ],
            Vec::new(),
        );
        let missing = visit.missing();
        let about: Vec<&str> = missing.iter().filter_map(|line| line.split(' ').nth(1)).collect();
        assert_eq!(about, [format!("{site}/app.js"), format!("{site}/old.js"), format!("{site}/api/items")]);
    }

    #[test]
    fn a_script_of_another_site_that_does_not_come_may_be_what_others_want() {
        let mut script = request("https://cdn.example.net/jquery.js", "Script", 200, "text/javascript");
        assert_eq!(visit(vec![script.clone()], Vec::new()).wanting(), None);
        script.outcome = Outcome::Failed("net::ERR_NAME_NOT_RESOLVED".to_owned());
        let visit = visit(vec![script], Vec::new());
        assert!(visit.missing().is_empty());
        let why = "https://cdn.example.net/jquery.js: net::ERR_NAME_NOT_RESOLVED";
        assert_eq!(visit.wanting().as_deref(), Some(why));
    }

    #[test]
    fn complaints_are_the_site_s_another_s_or_of_our_own_doing() {
        let complaint = |kind, text: &str, source: &str, is_after_holding_back| Complaint {
            kind,
            text: text.to_owned(),
            source: source.to_owned(),
            is_after_holding_back,
        };
        let uncaught = ComplaintKind::Uncaught;
        let visit = visit(
            Vec::new(),
            vec![
                complaint(uncaught, "a", "https://shop.example.com/app.js", false),
                complaint(uncaught, "b", "https://ads.example.net/a.js", false),
                complaint(uncaught, "c", "", true),
                complaint(uncaught, "ResizeObserver loop limit exceeded", "", false),
                complaint(ComplaintKind::Blocked, "d", "https://api.example.com/", true),
            ],
        );
        let list = |text: &str| vec![text.to_owned()];
        assert_eq!(
            visit.uncaught(),
            Findings { broken: list("a"), doubtful: list("b"), own_doing: list("c") }
        );
        assert_eq!(visit.blocked().broken, list("d"));
    }
}
