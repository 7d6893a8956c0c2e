//! A configuration compared with the routes and upstreams that its profile promises.
//!
//! Routes are compared by what clients notice, not by how they are written: a promised path is looked up as nginx would, and
//! the location that serves it must do what the profile says. So a prefix may become a regular expression, two locations may
//! become one, and an upstream may get another name; nothing is different then.

mod difference;
mod fields;
mod servers;

use crate::profile::{Profile, PromisedRoute};
use crate::route::longer;
use crate::{Route, Server, Site};

pub use difference::Difference;

/// A configuration beside its profile.
#[derive(Debug)]
pub struct Comparison<'a> {
    site: &'a Site,
    profile: &'a Profile,
    /// What serves each promised route.
    served: Vec<Option<&'a Route>>,
}

impl<'a> Comparison<'a> {
    /// Compares them.
    pub fn of(site: &'a Site, profile: &'a Profile) -> Comparison<'a> {
        let mut comparison = Comparison { site, profile, served: Vec::new() };
        comparison.served = profile.routes.iter().map(|promised| serving(site, promised, &[])).collect();
        // Whether an upstream has another name is known once it is known what serves its routes.
        let renamed = comparison.renamed();
        comparison.served = profile.routes.iter().map(|promised| serving(site, promised, &renamed)).collect();
        comparison
    }

    /// The difference of a promised route, if there is one.
    pub fn route(&self, title: &str) -> Option<Difference> {
        let nth = self.profile.routes.iter().position(|promised| promised.title() == title)?;
        let (promised, served) = (&self.profile.routes[nth], self.served[nth]);
        let Some(route) = served else {
            let moved = self.moved_to(promised).map(|new| format!("it has moved to {}", shown_path(new)));
            let what = moved.unwrap_or_else(|| "nothing serves it".to_owned());
            return Some(Difference::of_route(vec![what], self.profile, promised, None));
        };
        let mut what = fields::differences(promised, route, &self.renamed());
        if what.is_empty() {
            return None;
        }
        let mut shown = route;
        if !is_at(route, promised) {
            match self.moved_to(promised) {
                Some(new) => {
                    what = vec![format!("it has moved to {}", shown_path(new))];
                    shown = new;
                }
                None => {
                    what.insert(0, format!("it has no location of its own: `{}` serves it", route.location))
                }
            }
        }
        Some(Difference::of_route(what, self.profile, promised, Some(shown)))
    }

    /// Where a promised route is, though it may not be as promised; `None` where the site has none of its own for it.
    pub fn place_of(&self, title: &str) -> Option<&'a Route> {
        let nth = self.profile.routes.iter().position(|promised| promised.title() == title)?;
        let promised = &self.profile.routes[nth];
        self.served[nth].filter(|route| is_at(route, promised)).or_else(|| self.moved_to(promised))
    }

    /// The difference of a promised upstream, if there is one.
    pub fn upstream(&self, name: &str) -> Option<Difference> {
        let promised = self.profile.upstreams.get(name)?;
        let renamed = self.renamed();
        let now = renamed.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new.as_str());
        let found = self.site.upstreams.iter().find(|upstream| upstream.name == now);
        let what = match found {
            Some(found) => fields::upstream_differences(promised, found),
            None => vec!["there is no upstream of this name".to_owned()],
        };
        let is_kept = what.is_empty();
        (!is_kept).then(|| Difference::of_upstream(what, self.profile, name, promised, found))
    }

    /// The routes that clients can come to and that the profile does not promise, nor has moved there. None where it promises no
    /// route at all.
    pub fn new_routes(&self) -> Vec<(&'a Server, &'a Route)> {
        if self.profile.routes.is_empty() {
            return Vec::new();
        }
        let promised = self.profile.routes.iter().zip(&self.served);
        let gone = promised.filter(|(promised, served)| served.is_none_or(|route| !is_at(route, promised)));
        let moved: Vec<&Route> = gone.filter_map(|(promised, _)| self.moved_to(promised)).collect();
        let is_moved = |route: &Route| moved.iter().any(|moved| std::ptr::eq(*moved, route));
        self.unpromised().filter(|(_, route)| !is_moved(route)).collect()
    }

    /// The routes that clients can come to and that serve no promised path.
    fn unpromised(&self) -> impl Iterator<Item = (&'a Server, &'a Route)> {
        let serves_a_promise =
            |route: &Route| self.served.iter().flatten().any(|served| std::ptr::eq(*served, route));
        self.site.routes().filter(move |(server, route)| {
            server.unreachable.is_none() && !route.path.is_empty() && !serves_a_promise(route)
        })
    }

    /// What the profile promises of a route.
    pub fn promise_of(&self, route: &Route) -> Option<&'a PromisedRoute> {
        let served = || self.profile.routes.iter().zip(&self.served);
        let is_it = |served: &Option<&Route>| served.is_some_and(|served| std::ptr::eq(served, route));
        let all = || served().filter(|(_, served)| is_it(served)).map(|(promised, _)| promised);
        all().find(|promised| is_at(route, promised)).or_else(|| all().next())
    }

    /// A route that does what was promised, but elsewhere.
    fn moved_to(&self, promised: &PromisedRoute) -> Option<&'a Route> {
        let renamed = self.renamed();
        // Of routes with so little said of them any other could be the one.
        promised.to.as_ref()?;
        let mut new = self.unpromised().map(|(_, route)| route);
        new.find(|new| fields::differences(promised, new, &renamed).is_empty())
    }

    /// Upstreams that are promised and have another name here: all routes that led to the one lead to the other.
    fn renamed(&self) -> Vec<(String, String)> {
        let has = |name: &str| self.site.upstreams.iter().any(|upstream| upstream.name == name);
        let mut renamed = Vec::new();
        for old in self.profile.upstreams.keys().filter(|name| !has(name)) {
            let routes = self.profile.routes.iter().zip(&self.served);
            let led_there = routes.filter(|(promised, _)| {
                promised.to.as_ref().is_some_and(|to| fields::host_of(to) == Some(old.as_str()))
            });
            let mut now: Vec<Option<&str>> =
                led_there.map(|(_, served)| served.and_then(|served| fields::host_of(&served.to))).collect();
            now.dedup();
            if let [Some(new)] = now[..]
                && has(new)
                && !self.profile.upstreams.contains_key(new)
            {
                renamed.push((old.clone(), new.to_owned()));
            }
        }
        renamed
    }
}

/// What serves a promised route: of several servers the one that keeps the promise, if one does.
fn serving<'a>(site: &'a Site, promised: &PromisedRoute, renamed: &[(String, String)]) -> Option<&'a Route> {
    let path = if promised.exact { promised.path.clone() } else { longer(&promised.path) };
    let asked = servers::asked(site, promised.server.as_deref()).into_iter();
    let all: Vec<&Route> = asked.filter_map(|server| server.route_of(&path)).collect();
    let kept = all.iter().find(|route| fields::differences(promised, route, renamed).is_empty());
    kept.or_else(|| all.iter().find(|route| is_at(route, promised))).or_else(|| all.first()).copied()
}

/// Whether a route is of the promised path, and not of others that this one is among.
fn is_at(route: &Route, promised: &PromisedRoute) -> bool {
    route.path == promised.path && route.open != promised.exact
}

/// A route's path as tables have it.
fn shown_path(route: &Route) -> String {
    format!("{}{}", route.path, if route.open { "…" } else { "" })
}

#[cfg(test)]
mod tests;
