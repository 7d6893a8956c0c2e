//! What browsers add to a request by themselves.

use crate::Request;

/// What a browser asks for (Fetch standard, "destination"), which it says in header fields of its own (Fetch Metadata).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// A page that somebody opens.
    Document,
    /// A script of a page.
    Script,
    /// What a page's script asks its own site for.
    OwnApi,
    /// What a page's script asks another site for, and the preflight before that.
    OtherApi,
}

impl Destination {
    /// Field by field. `User-Agent` is ours, and no encoding is accepted: answers are read as they come.
    const fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Destination::Document => &[
                ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
                ("Accept-Language", "en-US,en;q=0.5"),
                ("Upgrade-Insecure-Requests", "1"),
                ("Sec-Fetch-Dest", "document"),
                ("Sec-Fetch-Mode", "navigate"),
                ("Sec-Fetch-Site", "none"),
                ("Sec-Fetch-User", "?1"),
            ],
            Destination::Script => &[
                ("Accept", "*/*"),
                ("Accept-Language", "en-US,en;q=0.5"),
                ("Sec-Fetch-Dest", "script"),
                ("Sec-Fetch-Mode", "no-cors"),
                ("Sec-Fetch-Site", "same-origin"),
            ],
            Destination::OwnApi => &[
                ("Accept", "application/json, text/plain, */*"),
                ("Accept-Language", "en-US,en;q=0.5"),
                ("Sec-Fetch-Dest", "empty"),
                ("Sec-Fetch-Mode", "cors"),
                ("Sec-Fetch-Site", "same-origin"),
            ],
            Destination::OtherApi => &[
                ("Accept", "*/*"),
                ("Accept-Language", "en-US,en;q=0.5"),
                ("Sec-Fetch-Dest", "empty"),
                ("Sec-Fetch-Mode", "cors"),
                ("Sec-Fetch-Site", "cross-site"),
            ],
        }
    }
}

impl Request {
    /// The same as from a browser that asks for this: with the fields that it adds, except those that are there.
    #[must_use]
    pub fn as_from_a_browser(self, destination: Destination) -> Request {
        let add = |request: Request, (name, value): &(&str, &str)| match request.has(name) {
            true => request,
            false => request.header(name, value),
        };
        destination.fields().iter().fold(self, add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_says_itself_stays() {
        let request = Request::new("GET", "/").header("accept", "text/css");
        let request = request.as_from_a_browser(Destination::Script);
        let accepts = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("accept"));
        assert_eq!(accepts.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["text/css"]);
        assert!(request.headers.contains(&("Sec-Fetch-Dest".to_owned(), "script".to_owned())));
    }
}
