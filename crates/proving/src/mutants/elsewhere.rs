//! Which faults of the document's site are none of another, and why.

use hopcheck_site::profile::{Profile, PromisedRoute};
use hopcheck_site::{Kind, Route, Server};
use hopcheck_targets::conf::Source;
use serde::Deserialize;

/// Why a fault of the document's site is none of any other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Elsewhere {
    /// Why.
    pub because: String,
    /// The mutants that this holds of: those with one of these texts in their names, in which `…` is any. None: all.
    #[serde(default)]
    pub of: Vec<String>,
    /// The kinds of locations with the fault that it holds of. None: all.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Whether it holds only where no upstream has several servers.
    #[serde(default)]
    pub of_one_server: bool,
    /// Whether it holds only where the file has one `server`.
    #[serde(default)]
    pub of_one_name: bool,
    /// Whether it holds only of a location whose page is served by another.
    #[serde(default)]
    pub of_page_elsewhere: bool,
    /// It holds only where no path begins so.
    pub without: Option<String>,
    /// It holds only where the profile does not say this.
    pub unless_said: Option<Said>,
}

/// What a profile may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// `[clients] listen`.
    Listen,
    /// `[app-servers] deployed-at`.
    DeployedAt,
    /// `largest-upload` of a route.
    LargestUpload,
    /// `compressed` of a route.
    Compressed,
    /// `headers` of a route.
    Headers,
    /// `refuses` of a route.
    Refuses,
}

impl Said {
    fn is_in(self, profile: &Profile) -> bool {
        let of_a_route = |is: fn(&PromisedRoute) -> bool| profile.routes.iter().any(is);
        match self {
            Said::LargestUpload => of_a_route(|route| route.largest_upload.is_some()),
            Said::Compressed => of_a_route(|route| route.compressed.is_some()),
            Said::Headers => of_a_route(|route| route.headers.is_some()),
            Said::Refuses => of_a_route(|route| route.refuses.is_some()),
            Said::Listen => !profile.clients.listen.is_empty(),
            Said::DeployedAt => !profile.app_servers.deployed_at.is_empty(),
        }
    }
}

impl Elsewhere {
    /// Whether it holds of the mutant `name` in the location `place` of a configuration.
    pub(super) fn holds(&self, name: &str, place: &str, source: &Source) -> bool {
        let site = &source.site;
        let has_several = || site.upstreams.iter().any(|upstream| upstream.servers.len() > 1);
        let is_there = |path: &String| site.routes().any(|(_, route)| route.path.starts_with(path.as_str()));
        let place = site.routes().find(|(_, route)| route.location == place);
        let is_of = |kind: &Kind| place.is_some_and(|(_, route)| route.kind == *kind);
        (self.of.is_empty() || self.of.iter().any(|text| has(name, text)))
            && (self.kinds.is_empty() || self.kinds.iter().any(is_of))
            && !(self.of_one_server && has_several())
            && !(self.of_one_name && site.servers.len() > 1)
            && (!self.of_page_elsewhere || place.is_some_and(|(server, route)| is_elsewhere(server, route)))
            && !self.without.as_ref().is_some_and(is_there)
            && !self.unless_said.is_some_and(|said| said.is_in(&source.profile))
    }
}

/// Whether `name` has all parts of `text` in it, in their order.
fn has(name: &str, text: &str) -> bool {
    let mut rest = Some(name);
    for part in text.split('…') {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
    }
    rest.is_some()
}

/// Whether the page of a route is served by another.
fn is_elsewhere(server: &Server, route: &Route) -> bool {
    let page = route.fallback.as_deref().and_then(|page| server.route_of(page));
    page.is_some_and(|other| !std::ptr::eq(other, route))
}

#[cfg(test)]
mod tests {
    use super::has;

    #[test]
    fn a_text_may_leave_something_out() {
        let name = "`server app:80` with `app:81` for `app:80`";
        for (text, found) in [("`server …with", true), ("with `…server", false), ("app:81", true)] {
            assert_eq!(has(name, text), found, "{text}");
        }
    }
}
