//! Whose a URL is.

use url::Url;

/// The origin of a page (RFC 6454): scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(Url);

impl Origin {
    /// That of `url`, if it has one.
    pub(crate) fn of(url: &str) -> Option<Origin> {
        Url::parse(url).ok().filter(Url::has_host).map(Origin)
    }

    /// As headers have it: `https://shop.example.com`.
    pub(crate) fn text(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The URL of a path there.
    pub(crate) fn at(&self, path: &str) -> String {
        self.text() + path
    }

    /// The URL of a WebSocket there.
    pub(crate) fn websocket_at(&self, path: &str) -> String {
        self.at(path).replacen("http", "ws", 1)
    }

    /// Whether this is a URL of the same scheme, host and port; of WebSockets, as `https` for `wss`.
    pub(crate) fn has(&self, url: &str) -> bool {
        let url = if url.starts_with("ws") { url.replacen("ws", "http", 1) } else { url.to_owned() };
        Origin::of(&url).is_some_and(|other| other.0.origin() == self.0.origin())
    }

    /// Whether this is a URL of the same people's, as `api.example.com` and `www.example.com` are: the host is the same, or is one
    /// beside it or below it.
    pub(crate) fn is_beside(&self, url: &str) -> bool {
        let Some(other) = Url::parse(url).ok().and_then(|url| url.domain().map(str::to_owned)) else {
            return Origin::of(url).is_some_and(|other| other.0.host() == self.0.host());
        };
        let Some(own) = self.0.domain() else { return false };
        let parent = |host: &str| host.split_once('.').map(|(_, parent)| parent.to_owned());
        let is_below = |one: &str, of: &str| one.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'));
        let have_one_parent =
            || parent(own).is_some_and(|own| own.contains('.') && parent(&other) == Some(own));
        own == other || is_below(&other, own) || is_below(own, &other) || have_one_parent()
    }
}

/// The path of a URL, with its query.
pub(crate) fn path_of(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
        Err(_) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_beside_each_other_are_the_same_people_s() {
        let shop = Origin::of("https://www.example.com/").unwrap();
        for (url, has, is_beside) in [
            ("https://www.example.com/a?b", true, true),
            ("wss://www.example.com/ws", true, true),
            ("https://www.example.com:8443/", false, true),
            ("http://www.example.com/", false, true),
            ("https://api.example.com/", false, true),
            ("https://example.com/", false, true),
            ("https://example.org/", false, false),
            ("https://cdn.example.net/", false, false),
            ("https://evilexample.com/", false, false),
            ("data:text/plain,a", false, false),
            ("not a URL", false, false),
        ] {
            assert_eq!((shop.has(url), shop.is_beside(url)), (has, is_beside), "{url}");
        }
        let local = Origin::of("http://127.0.0.1:8080").unwrap();
        assert!(local.is_beside("http://127.0.0.1:9090/") && !local.is_beside("http://127.0.0.2/"));
        assert_eq!(local.websocket_at("/ws"), "ws://127.0.0.1:8080/ws");
    }
}
