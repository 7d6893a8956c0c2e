//! The request that is asked about.

use std::str::FromStr;

use hopcheck_clients::{Body, Request};
use hopcheck_targets::scene::BROWSER_USER_AGENT;
use thiserror::Error;
use url::Url;

/// A request, as its client would send it.
#[derive(Debug, Clone)]
pub struct Question {
    /// The method.
    pub method: String,
    /// Where to.
    pub url: RequestUrl,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// The body; `None` for none.
    pub body: Option<String>,
    /// Files that are there, by the paths that the configuration has.
    pub files: Vec<String>,
    /// App servers that refuse connections, as the configuration has them.
    pub down: Vec<String>,
    /// The status that app servers answer with; `None` for what they answer by themselves.
    pub app_status: Option<u16>,
}

/// A URL, as far as a client needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestUrl {
    /// `https`.
    pub tls: bool,
    /// The host, an IPv6 address in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The request target: path and query.
    pub target: String,
}

/// Why a text is no such request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuestionError {
    /// No URL.
    #[error("{0:?} is no URL: {1}; write it as http://shop.example.com/path")]
    Url(String, String),
    /// No method.
    #[error("{0:?} is no method, such as GET")]
    Method(String),
    /// No header.
    #[error("{0:?} is no header; write it as 'Name: value'")]
    Header(String),
}

impl FromStr for RequestUrl {
    type Err = QuestionError;

    fn from_str(text: &str) -> Result<RequestUrl, QuestionError> {
        let wrong = |why: &str| QuestionError::Url(text.to_owned(), why.to_owned());
        let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("its scheme is neither http nor https")),
        };
        let host = url.host_str().ok_or_else(|| wrong("it has no host"))?.to_owned();
        let port = url.port_or_known_default().ok_or_else(|| wrong("it has no port"))?;
        Ok(RequestUrl { tls, host, port, target: target(text) })
    }
}

/// Path and query as they were written: dot segments stay, since not every client takes them out; what no client can send
/// is encoded.
fn target(url: &str) -> String {
    let behind_scheme = url.find("//").map_or("", |slashes| &url[slashes + 2..]);
    let begin = behind_scheme.find(['/', '?', '#']).unwrap_or(behind_scheme.len());
    let written = behind_scheme[begin..].split('#').next().unwrap_or_default();
    let mut target = if written.starts_with('/') { String::new() } else { "/".to_owned() };
    for byte in written.bytes() {
        match byte {
            b'!'..=b'~' if !matches!(byte, b'"' | b'<' | b'>') => target.push(char::from(byte)),
            _ => target.push_str(&format!("%{byte:02X}")),
        }
    }
    target
}

impl RequestUrl {
    /// The scheme.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// What a client sends in `Host`.
    pub fn authority(&self) -> String {
        let default = if self.tls { 443 } else { 80 };
        if self.port == default { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl Question {
    /// A request without header fields and body.
    ///
    /// # Errors
    /// When one of the two is not what it should be.
    pub fn new(method: &str, url: &str) -> Result<Question, QuestionError> {
        if method.is_empty() || !method.bytes().all(is_token_byte) {
            return Err(QuestionError::Method(method.to_owned()));
        }
        Ok(Question {
            method: method.to_owned(),
            url: url.parse()?,
            headers: Vec::new(),
            body: None,
            files: Vec::new(),
            down: Vec::new(),
            app_status: None,
        })
    }

    /// With one more field, `Name: value`.
    ///
    /// # Errors
    /// When it is none.
    pub fn header(mut self, field: &str) -> Result<Question, QuestionError> {
        let wrong = || QuestionError::Header(field.to_owned());
        let (name, value) = field.split_once(':').ok_or_else(wrong)?;
        if name.is_empty() || !name.bytes().all(is_token_byte) || value.contains(['\r', '\n', '\0']) {
            return Err(wrong());
        }
        self.headers.push((name.to_owned(), value.trim().to_owned()));
        Ok(self)
    }

    /// As it is sent: with the `Host` of the URL and a browser's `User-Agent`, unless it has its own.
    pub(crate) fn request(&self) -> Request {
        let mut request = Request::new(&self.method, &self.url.target);
        request.headers.clone_from(&self.headers);
        for (name, value) in [("User-Agent", BROWSER_USER_AGENT.to_owned()), ("Host", self.url.authority())] {
            if !request.has(name) {
                request.headers.insert(0, (name.to_owned(), value));
            }
        }
        match &self.body {
            Some(body) => request.body(Body::Sized(body.clone().into_bytes())),
            None => request,
        }
    }
}

/// Whether a byte may be part of a token (RFC 9110 §5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_tells_where_to_and_what_for() {
        let url = |text: &str| text.parse::<RequestUrl>();
        let of = |text: &str| {
            let url = url(text).unwrap();
            (url.tls, url.authority(), url.port, url.target)
        };
        assert_eq!(of("http://a.test"), (false, "a.test".to_owned(), 80, "/".to_owned()));
        assert_eq!(
            of("https://A.test:8443/x/../y?a=%20b c#d"),
            (true, "a.test:8443".to_owned(), 8443, "/x/../y?a=%20b%20c".to_owned())
        );
        assert_eq!(of("http://[::1]/é?"), (false, "[::1]".to_owned(), 80, "/%C3%A9?".to_owned()));
        assert_eq!(of("http://a.test?q").3, "/?q");
        for wrong in ["", "/path", "a.test/x", "ftp://a.test/", "http://", "http://a b/"] {
            let error = url(wrong).unwrap_err().to_string();
            assert!(error.lines().count() == 1 && error.contains("is no URL"), "{wrong}: {error}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        assert!(Question::new("GE T", "http://a.test/").is_err());
        let question = Question::new("GET", "http://a.test/").unwrap();
        assert!(question.clone().header("no header").is_err());
        assert!(question.clone().header("A: b\r\nC: d").is_err());
        let request = question.header("Host: b.test").unwrap().request();
        let hosts: Vec<_> = request.headers.iter().filter(|(name, _)| name == "Host").collect();
        assert_eq!(hosts, [&("Host".to_owned(), "b.test".to_owned())]);
    }
}
