//! A configuration compared with the routes and upstreams that its profile promises.
//!
//! Routes are compared by what clients notice, not by how they are written: a promised path is looked up as nginx would, and
//! the location that serves it must do what the profile says. So a prefix may become a regular expression, two locations may
//! become one, and an upstream may get another name; nothing is different then.

mod app_servers;
mod difference;
mod fields;
mod listens;
mod servers;

use std::collections::BTreeMap;

use crate::profile::{Profile, PromisedRoute};
use crate::serve::longer;
use crate::{Route, Server, Site};

pub use difference::Difference;

/// A configuration beside its profile.
#[derive(Debug)]
pub struct Comparison<'a> {
    site: &'a Site,
    profile: &'a Profile,
    /// What serves each promised route.
    served: Vec<Option<&'a Route>>,
    /// Upstreams that are promised and have another name here.
    renamed: Vec<(String, String)>,
}

/// How a configuration differs from what its profile promises.
#[derive(Debug, Clone, Default)]
pub struct Differences {
    routes: BTreeMap<String, Difference>,
    upstreams: BTreeMap<String, Difference>,
    /// Where clients find nobody, by the address as the profile has it.
    listens: BTreeMap<String, String>,
    /// App servers that are not where the profile says.
    app_servers: Vec<String>,
}

impl Differences {
    /// The difference of the promised route with this title, if there is one.
    pub fn route(&self, title: &str) -> Option<&Difference> {
        self.routes.get(title)
    }

    /// The difference of the promised upstream of this name, if there is one.
    pub fn upstream(&self, name: &str) -> Option<&Difference> {
        self.upstreams.get(name)
    }

    /// Why clients who come to this address of the profile find nobody, or not what they speak, if so.
    pub fn listen(&self, address: &str) -> Option<&str> {
        self.listens.get(address).map(String::as_str)
    }

    /// The app servers that are not where the profile says, each in a line.
    pub fn app_servers(&self) -> &[String] {
        &self.app_servers
    }
}

impl<'a> Comparison<'a> {
    /// Compares them.
    pub fn of(site: &'a Site, profile: &'a Profile) -> Comparison<'a> {
        let served = |renamed: &[(String, String)]| {
            profile.routes.iter().map(|promised| serving(site, promised, renamed)).collect()
        };
        let mut comparison = Comparison { site, profile, served: served(&[]), renamed: Vec::new() };
        // Whether an upstream has another name is known once it is known what serves its routes.
        comparison.renamed = comparison.find_renamed();
        comparison.served = served(&comparison.renamed);
        comparison
    }

    /// All that differs.
    pub fn differences(&self) -> Differences {
        let routes = self.profile.routes.iter().zip(&self.served).filter_map(|(promised, served)| {
            Some((promised.title(), self.difference_of(promised, *served)?))
        });
        let upstreams = self.profile.upstreams.keys();
        let listens = self.profile.clients.listen.iter();
        Differences {
            listens: listens
                .filter_map(|listen| {
                    Some((listen.to_string(), listens::difference(self.site, self.profile, listen)?))
                })
                .collect(),
            app_servers: app_servers::strangers(self.site, self.profile),
            routes: routes.collect(),
            upstreams: upstreams.filter_map(|name| Some((name.clone(), self.upstream(name)?))).collect(),
        }
    }

    fn difference_of(&self, promised: &PromisedRoute, served: Option<&'a Route>) -> Option<Difference> {
        let moved_to = || {
            let new = self.moved_to(promised)?;
            Some((vec![format!("it has moved to {}", shown_path(new))], new))
        };
        let (what, shown) = match served {
            Some(route) => {
                let mut what = fields::differences(promised, route, &self.renamed);
                what.extend(self.missing_upstreams(promised));
                if what.is_empty() {
                    return None;
                }
                match if is_at(route, promised) { None } else { Some(moved_to()) } {
                    None => (what, Some(route)),
                    Some(Some((what, new))) => (what, Some(new)),
                    Some(None) => {
                        what.insert(
                            0,
                            format!("it has no location of its own: `{}` serves it", route.location),
                        );
                        (what, Some(route))
                    }
                }
            }
            None => match moved_to() {
                Some((what, new)) => (what, Some(new)),
                None => (vec!["nothing serves it".to_owned()], None),
            },
        };
        Some(Difference::of_route(what, self.profile, promised, shown))
    }

    /// The upstreams of a promise that the configuration does not have.
    fn missing_upstreams(&self, promised: &'a PromisedRoute) -> Option<String> {
        let is_here = |name: &&str| {
            let of_routes = self.site.routes().flat_map(|(_, route)| route.destinations.iter().flatten());
            let upstreams = self.site.upstreams.iter().map(|upstream| &upstream.name);
            of_routes.chain(upstreams).any(|known| known.eq_ignore_ascii_case(name))
        };
        let missing: Vec<&str> =
            self.upstreams_of(promised).into_iter().filter(|name| !is_here(name)).collect();
        (!missing.is_empty()).then(|| format!("there is no upstream {}", missing.join(", ")))
    }

    fn upstream(&self, name: &str) -> Option<Difference> {
        let promised = self.profile.upstreams.get(name)?;
        let now = fields::current_name(name, &self.renamed);
        let found = self.site.upstreams.iter().find(|upstream| upstream.name == now);
        let what = match found {
            Some(found) => fields::upstream_differences(promised, found),
            None => vec!["there is no upstream of this name".to_owned()],
        };
        let is_kept = what.is_empty();
        (!is_kept).then(|| Difference::of_upstream(what, self.profile, name, promised, found))
    }

    /// Where each promised route is, in the order of the profile, though it may not be as promised; `None` where the site has
    /// none of its own for it.
    pub fn places(&self) -> impl Iterator<Item = Option<&'a Route>> {
        self.profile.routes.iter().zip(&self.served).map(|(promised, served)| {
            served.filter(|route| is_at(route, promised)).or_else(|| self.moved_to(promised))
        })
    }

    /// What serves each promised route, in the order of the profile; `None` where nothing does.
    pub fn served(&self) -> impl Iterator<Item = Option<&'a Route>> {
        self.served.iter().copied()
    }

    /// The upstreams that a promised route's requests may reach, as they are called here. None where the profile names none.
    pub fn upstreams_of(&self, promised: &'a PromisedRoute) -> Vec<&str> {
        let named = promised.upstreams.iter().flatten();
        named.map(|name| fields::current_name(name, &self.renamed)).collect()
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
        // Of routes with so little said of them any other could be the one.
        promised.to.as_ref()?;
        let mut new = self.unpromised().map(|(_, route)| route);
        new.find(|new| fields::differences(promised, new, &self.renamed).is_empty())
    }

    /// Upstreams that are promised and have another name here: all routes that led to the one lead to the other.
    fn find_renamed(&self) -> Vec<(String, String)> {
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
