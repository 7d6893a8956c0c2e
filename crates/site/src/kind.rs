//! What a route is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Asked of app servers.
    Api,
    /// Asked of app servers, and is all of the site: its pages come from there, too.
    App,
    /// Asked of app servers, for WebSockets.
    Socket,
    /// Asked of app servers, for answers that never end (`proxy_buffering off`).
    Events,
    /// Files, with a page for every path that is none.
    #[serde(rename(deserialize = "front end"))]
    FrontEnd,
    /// Files.
    Files,
    /// Another address.
    Redirect,
    /// A fixed answer.
    #[serde(rename(deserialize = "fixed answer"))]
    Fixed,
    /// No access.
    Closed,
    /// Something else: FastCGI, the server's own status.
    Other,
}

impl Kind {
    /// Its name, as tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Api => "api",
            Kind::App => "app",
            Kind::Socket => "socket",
            Kind::Events => "events",
            Kind::FrontEnd => "front end",
            Kind::Files => "files",
            Kind::Redirect => "redirect",
            Kind::Fixed => "fixed answer",
            Kind::Closed => "closed",
            Kind::Other => "other",
        }
    }

    /// Whether app servers are asked.
    pub fn is_proxied(self) -> bool {
        matches!(self, Kind::Api | Kind::App | Kind::Socket | Kind::Events)
    }
}
