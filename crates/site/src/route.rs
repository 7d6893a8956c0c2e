//! A route: paths that are served in one way.

use serde::Serialize;

use crate::authorization::Authorization;
use crate::gate::Admission;
use crate::kind::Kind;
use crate::line::Line;
use crate::pools::Pool;
use crate::profile::Size;
use crate::uri::Uri;

/// Paths that are served in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// A path of it. Empty where none could be found, or another location takes them all.
    pub path: String,
    /// Whether longer paths that begin so belong to it, too.
    pub open: bool,
    /// What it is: [`Kind::Closed`] for files that only some may read.
    pub kind: Kind,
    /// What it is to a client that is let in, if a run has one: else as [`Route::kind`].
    #[serde(skip)]
    pub content: Kind,
    /// The upstreams and hosts that its requests may be sent to, its own first, then those that an `error_page` or the like falls
    /// back on. `None` where there are none, or only a run can tell.
    #[serde(skip)]
    pub destinations: Option<Vec<String>>,
    /// Those among them that are asked, by the same method, once another has broken down (`error_page 502 = @fallback`).
    #[serde(skip)]
    pub second_destinations: Vec<String>,
    /// The upstreams that a `map` chooses among for its requests, and what leads to each.
    #[serde(skip)]
    pub pools: Vec<Pool>,
    /// Whether a WebSocket is meant to be opened here: `Upgrade` is passed on, or the name says so.
    pub socket: bool,
    /// The location as it is written; `server` where there is none.
    pub location: String,
    /// Where it leads: a URL, a directory, a status.
    pub to: String,
    /// For files: what is sent where there is no such file, as `/index.html`.
    pub fallback: Option<String>,
    /// For files: what else that may be, and for which path: `/de/index.html` for `/de/`, another way that the pattern of the location
    /// has; for this path, where it has a variable, one for each value.
    #[serde(skip)]
    pub other_pages: Vec<(String, String)>,
    /// For files: whether `alias` puts their directory in place of the location's name.
    pub alias: bool,
    /// For files: their directory, with each value that a variable in it is given. None where only a run can tell.
    #[serde(skip)]
    pub roots: Vec<String>,
    /// For files in a directory of their own: whether a path that is none of them is answered with a page that is elsewhere.
    pub falls_back_elsewhere: bool,
    /// Whether `proxy_pass` takes the path of the location away, and app servers are asked as if they were at `/`.
    pub strips_prefix: bool,
    /// Whether something is said of the redirects or cookies of app servers that know nothing of such a path: `proxy_redirect off`,
    /// `proxy_cookie_path`.
    pub names_own_paths: bool,
    /// Whether answers are kept (`proxy_cache`).
    pub is_cached: bool,
    /// Whether a location of its own answers preflights (`if ($request_method = OPTIONS) { return … }`).
    pub answers_preflights: bool,
    /// Whether its app servers are external: they get a fixed `Host`, or use https.
    pub is_elsewhere: bool,
    /// Whether answers are kept for everybody on purpose: in a cache that takes cookies away, or is told whose to leave alone.
    pub is_public: bool,
    /// Whether `Access-Control-Allow-Origin` is added to what app servers answer.
    pub adds_cors: bool,
    /// Whether the location itself says so, and has not got it from the server around it.
    #[serde(skip)]
    pub shows_cors: bool,
    /// How the path is handed on to app servers. `None` where there are none, or only a run can tell.
    pub uri: Option<Uri>,
    /// How long app servers may take to answer (`proxy_read_timeout`), in seconds. `None` where there are none.
    pub read_timeout: Option<u64>,
    /// Whether answers of app servers are held back until there is enough of them (`proxy_buffering`).
    pub is_buffered: bool,
    /// How large the largest upload may be, as it is written (`client_max_body_size`).
    pub largest_body: Option<String>,
    /// Headers with a fixed value that are added to its answers (`add_header`), by name.
    pub headers: Vec<String>,
    /// The request headers that are set for the app servers, those for the connection itself left out.
    pub forwards: Vec<String>,
    /// Those that the server around it sets for its app servers. A location that sets some of its own loses them.
    pub server_forwards: Vec<String>,
    /// The version that app servers are asked in, as it is written (`proxy_http_version`).
    pub http_version: Option<String>,
    /// What keeps strangers out, as `auth_basic`.
    pub gate: Option<String>,
    /// By what a client of a run can be let in nevertheless.
    #[serde(skip)]
    pub admission: Option<Admission>,
    /// Whether everybody is asked for a password who has none, and told so by 401.
    #[serde(skip)]
    pub asks_for_password: bool,
    /// The methods that are for everybody, if that is `limit_except`.
    pub open_methods: Vec<String>,
    /// The methods that an `if` answers with an error.
    #[serde(skip)]
    pub refused_methods: Vec<String>,
    /// Whether files are answered with `Expires` (`expires`).
    #[serde(skip)]
    pub sends_expires: bool,
    /// The media types that are compressed for who can read it (`gzip_types`).
    #[serde(skip)]
    pub compressed: Vec<String>,
    /// If that is `auth_request`: who says whom it lets in, if the file tells.
    #[serde(skip)]
    pub authorization: Option<Authorization>,
    /// The argument of that `auth_request`.
    #[serde(skip)]
    pub(crate) asks_for_leave_at: Option<String>,
    /// The lines that say so, the location's first.
    pub lines: Vec<Line>,
    /// The number of its location, counted in the order of the file; `None` for the server itself.
    #[serde(skip)]
    pub(crate) number: Option<usize>,
}

impl Route {
    /// Whether a session here may be several requests: long polling of SockJS or socket.io.
    pub fn polls(&self) -> bool {
        self.kind.is_proxied() && is_of_a_library(&self.path)
    }

    /// What keeps strangers out, in words: `behind deny, which its preflights pass`.
    ///
    /// An `if` that answers preflights itself comes before any of nginx's checks of who may come. That is right for a password,
    /// which browsers do not send with a preflight.
    pub fn behind(&self) -> Option<String> {
        let gate = self.gate.as_ref()?;
        let is_passed = self.answers_preflights && !gate.starts_with("auth_");
        let passed = match self.open_methods.is_empty() {
            false => format!(" but for {}", self.open_methods.join(" and ")),
            true if is_passed => ", which its preflights pass".to_owned(),
            true => String::new(),
        };
        let asked = match self.admission {
            Some(Admission::Password) => ", asked with a stand-in's password",
            Some(Admission::Address) => ", asked from an address that is let in",
            Some(Admission::PasswordAndAddress) => {
                ", asked with a stand-in's password from an address that is let in"
            }
            None => "",
        };
        Some(format!("behind {gate}{passed}{asked}"))
    }

    /// The largest upload in bytes; `None` where there is no limit, or none that can be read.
    pub fn upload_limit(&self) -> Option<u64> {
        match self.largest_body.as_deref() {
            None => Some(DEFAULT_UPLOAD_LIMIT),
            Some("0") => None,
            Some(written) => Size::of(written).map(|Size(bytes)| bytes),
        }
    }

    /// The headers that are added to its answers, by name, with those that `expires` adds.
    pub fn added_headers(&self) -> Vec<String> {
        let expires = self.sends_expires.then(|| "Expires".to_owned());
        self.headers.iter().cloned().chain(expires).collect()
    }

    /// Whether clients of a run are let in, whatever keeps strangers out.
    pub fn admits_clients(&self) -> bool {
        self.gate.is_none() || self.admission.is_some() || self.authorization.is_some()
    }

    /// Forgets what is behind the gate, as a run has nobody who is let in.
    pub(crate) fn close(&mut self) {
        self.content = Kind::Closed;
        self.alias = false;
        self.roots.clear();
    }

    /// Whether a page is shown here, from a directory that is known: at `/`, or below a path of its own.
    pub fn is_front_page(&self) -> bool {
        let below = format!("{}/", self.path.trim_end_matches('/'));
        let is_own = || self.open && self.fallback.as_ref().is_some_and(|page| page.starts_with(&below));
        self.content == Kind::FrontEnd && !self.roots.is_empty() && (self.path == "/" || is_own())
    }

    /// Whether a page of its own may be meant to be shown here, and another is: of a directory of its own, with one as the index,
    /// what is no file is answered with the page of another location.
    pub fn is_second_front_end(&self) -> bool {
        let is_of_files = || self.path.split('/').any(|part| FILE_NAMES.contains(&part));
        let has_path = self.open && self.path.len() > 1 && !self.location.contains('~');
        self.content == Kind::FrontEnd && has_path && self.falls_back_elsewhere && !is_of_files()
    }

    /// For files: the directories of those that it serves, one for each value of a variable.
    pub fn directories(&self) -> Vec<String> {
        if self.roots.is_empty() { vec![self.to.clone()] } else { self.directories_of(&self.path) }
    }

    fn directories_of(&self, path: &str) -> Vec<String> {
        let is_below = self.is_front_page() || self.is_second_front_end();
        let of_root = |root: &String| match self.alias || !is_below {
            true => root.clone(),
            false => format!("{}{}", root.trim_end_matches('/'), path.trim_end_matches('/')),
        };
        self.roots.iter().map(of_root).collect()
    }

    /// For a front page: each directory that a build is deployed to, and the name of the page in it, by which it is fallen back on;
    /// empty for none.
    pub fn builds(&self) -> Vec<(String, String)> {
        let own =
            self.directories().into_iter().map(|one| (one, self.fallback.as_deref(), self.path.as_str()));
        let others = self.other_pages.iter().filter(|_| !self.alias).flat_map(|(page, way)| {
            self.directories_of(way).into_iter().map(|one| (one, Some(page.as_str()), way.as_str()))
        });
        let named = own.chain(others).map(|(directory, page, path)| {
            let page = page.unwrap_or_default().split('?').next().unwrap_or_default();
            let page = if page.ends_with('/') { format!("{page}index.html") } else { page.to_owned() };
            let name = page.strip_prefix(path.trim_end_matches('/')).unwrap_or(&page).to_owned();
            (directory, Some(name).filter(|name| name.ends_with(".html") && !name.contains('$')))
        });
        named.map(|(directory, name)| (directory, name.unwrap_or_default())).collect()
    }
}

/// `client_max_body_size` unless said otherwise.
const DEFAULT_UPLOAD_LIMIT: u64 = 1 << 20;

/// Names by which people call the paths of files that no page goes with.
const FILE_NAMES: [&str; 18] = [
    "assets",
    "css",
    "dist",
    "downloads",
    "files",
    "fonts",
    "icons",
    "images",
    "img",
    "js",
    "libs",
    "media",
    "photos",
    "pictures",
    "public",
    "static",
    "uploads",
    "vendor",
];

/// Names by which people call the paths of WebSockets.
pub(crate) const SOCKET_NAMES: [&str; 9] =
    ["ws", "wss", "websocket", "websockets", "socket", "sockets", "cable", "socket.io", "sockjs"];

/// Whether a path is that of a library for WebSockets, which makes do with long polling where there is none.
pub(crate) fn is_of_a_library(path: &str) -> bool {
    ["/socket.io", "/sockjs"].iter().any(|name| path.contains(name))
}

/// Whether a path is that of a whole API, whose WebSockets are below it: `/api/`, `/v1`.
pub(crate) fn is_for_all(path: &str, named: bool) -> bool {
    let is_version = |part: &str| part.strip_prefix('v').is_some_and(|n| n.parse::<u8>().is_ok());
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    !named && parts.all(|part| is_version(part) || ["api", "rest", "backend"].contains(&part))
}

#[cfg(test)]
mod tests {
    use crate::Site;

    fn behind(inside: &str) -> Option<String> {
        let text = format!("http {{ server {{ location /api/ {{ {inside} proxy_pass http://app:1; }} }} }}");
        Site::read(&text, "nginx.conf", &|_| Vec::new()).unwrap().servers[0].routes[0].behind()
    }

    #[test]
    fn preflights_that_the_proxy_answers_pass_what_goes_by_address() {
        const ANSWERS: &str = "if ($request_method = OPTIONS) { return 204; }";
        assert_eq!(behind("deny all;").as_deref(), Some("behind deny"));
        assert_eq!(
            behind(&format!("deny all; {ANSWERS}")).as_deref(),
            Some("behind deny, which its preflights pass")
        );
        assert_eq!(
            behind(&format!("auth_basic Shop; {ANSWERS}")).as_deref(),
            Some("behind auth_basic, asked with a stand-in's password")
        );
        assert_eq!(behind(ANSWERS), None);
        assert_eq!(
            behind("limit_except GET { deny all; }").as_deref(),
            Some("behind limit_except but for GET and HEAD")
        );
    }
}
