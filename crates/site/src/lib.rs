//! What an `nginx.conf` serves: its servers, and on each the routes by which requests go to app servers, files or nowhere.
//!
//! Nothing is run, and nothing is refused that nginx has and the reference proxy has not: directives that say nothing of
//! routes are passed over. Which location serves a path is decided by the reference proxy's own choice
//! ([`nginx_conf::locate`]).
//!
//! ```
//! let text = "http { server { listen 80; location /api/ { proxy_pass http://app:8080; } } }";
//! let site = hopcheck_site::Site::read(text, "nginx.conf", &|_| Vec::new())?;
//! let api = &site.servers[0].routes[0];
//! assert_eq!((api.path.as_str(), api.kind, api.to.as_str()), ("/api/", hopcheck_site::Kind::Api, "http://app:8080"));
//! # Ok::<(), nginx_conf::ConfigError>(())
//! ```

mod choose;
mod route;
mod sample;
mod scope;
mod server;
mod tree;

use nginx_conf::ConfigError;
use serde::Serialize;

pub use route::{Kind, Route};
pub use server::{Listen, Server};
pub use tree::Includes;

/// What a configuration serves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its servers, in the order of the file.
    pub servers: Vec<Server>,
}

/// A line of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The file, as its author calls it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}

impl Site {
    /// Reads `text`, which is called `name`, with what it includes.
    ///
    /// # Errors
    ///
    /// Where nginx could not take the text apart, or could not read its `location`s.
    pub fn read(text: &str, name: &str, includes: &Includes<'_>) -> Result<Site, ConfigError> {
        let main = tree::expand(text, name, includes)?;
        let outermost = scope::Scope::of(&main);
        let mut servers = Vec::new();
        for http in main.iter().filter(|node| node.is("http")) {
            let scope = outermost.inside(&http.inner);
            for server in http.inner.iter().filter(|node| node.is("server")) {
                servers.push(Server::read(server, &scope)?);
            }
        }
        server::mark_unreachable(&mut servers);
        Ok(Site { servers })
    }

    /// Every route with its server.
    pub fn routes(&self) -> impl Iterator<Item = (&Server, &Route)> {
        self.servers.iter().flat_map(|server| server.routes.iter().map(move |route| (server, route)))
    }
}
