//! Where everything stands in the picture of a server, in user units.

use crate::site_map::{MappedRoute, MappedServer, SiteMap, Turn};

/// The width of the picture.
pub(super) const WIDTH: u32 = 1000;

/// The width of a route's box.
pub(super) const ROUTE_WIDTH: u32 = 440;

/// The left edge of what routes lead to.
pub(super) const TARGET_LEFT: u32 = 580;

/// The height of a route's box.
pub(super) const ROUTE_HEIGHT: u32 = 46;

/// The height of a line that says when locations are tried.
const CAPTION_HEIGHT: u32 = 26;

/// The height of the first line of what a route leads to, with its margins.
const TARGET_HEIGHT: u32 = 46;

/// The height of each server below it.
pub(super) const SERVER_HEIGHT: u32 = 19;

const GAP: u32 = 8;

/// More routes than this are not drawn: nobody could take them in.
const MAX_ROUTES: usize = 200;

/// The picture of one server.
pub(super) struct Layout<'a> {
    /// What is said of the routes below: when they are tried.
    pub(super) captions: Vec<(u32, &'static str)>,
    pub(super) routes: Vec<PlacedRoute<'a>>,
    pub(super) targets: Vec<Target>,
    pub(super) height: u32,
    /// How many routes are not drawn.
    pub(super) left_out: usize,
}

/// A route in its place.
pub(super) struct PlacedRoute<'a> {
    pub(super) route: &'a MappedRoute,
    pub(super) top: u32,
    /// What it leads to, as an index; `None` where that is nothing.
    pub(super) target: Option<usize>,
}

/// What routes lead to: an upstream, an app server, a directory, a status.
pub(super) struct Target {
    pub(super) title: String,
    pub(super) subtitle: String,
    /// The servers of an upstream.
    pub(super) servers: Vec<String>,
    pub(super) top: u32,
    pub(super) height: u32,
}

impl Target {
    /// Where lines end that lead to it.
    pub(super) fn middle(&self) -> u32 {
        self.top + TARGET_HEIGHT / 2
    }
}

impl<'a> Layout<'a> {
    pub(super) fn of(map: &SiteMap, server: &'a MappedServer) -> Layout<'a> {
        let mut layout = Layout {
            captions: Vec::new(),
            routes: Vec::new(),
            targets: Vec::new(),
            height: 0,
            left_out: server.routes.len().saturating_sub(MAX_ROUTES),
        };
        let (mut top, mut turn) = (0, None);
        for route in server.routes.iter().take(MAX_ROUTES) {
            if turn.replace(route.turn) != Some(route.turn) {
                layout.captions.push((top + 17, caption(route.turn)));
                top += CAPTION_HEIGHT;
            }
            let target = layout.target_of(map, route);
            layout.routes.push(PlacedRoute { route, top, target });
            top += ROUTE_HEIGHT + GAP;
        }
        layout.height = top.max(layout.place_targets());
        layout
    }

    /// What a route leads to, which others may, too.
    fn target_of(&mut self, map: &SiteMap, route: &MappedRoute) -> Option<usize> {
        let kind = route.notes.first().map_or("", String::as_str);
        let upstream = route
            .upstream
            .as_ref()
            .and_then(|name| map.upstreams.iter().find(|upstream| upstream.name == *name));
        let (title, subtitle, servers) = match (upstream, kind) {
            (Some(upstream), _) => {
                (upstream.name.clone(), format!("upstream, {}", upstream.balancing), upstream.servers.clone())
            }
            (None, "api" | "app" | "socket" | "events") => {
                (route.to.clone(), "app server".to_owned(), Vec::new())
            }
            (None, "redirect") => (route.to.clone(), "clients are sent there".to_owned(), Vec::new()),
            (None, "fixed answer") => (route.to.clone(), "nginx answers by itself".to_owned(), Vec::new()),
            (None, "files" | "front end" | "closed") if route.to.starts_with('/') => {
                (route.to.clone(), "files".to_owned(), Vec::new())
            }
            (None, _) => (route.to.clone(), String::new(), Vec::new()),
        };
        if title.is_empty() {
            return None;
        }
        let known =
            self.targets.iter().position(|target| target.title == title && target.subtitle == subtitle);
        Some(known.unwrap_or_else(|| {
            let height = TARGET_HEIGHT + SERVER_HEIGHT * u32::try_from(servers.len()).unwrap_or(0);
            self.targets.push(Target { title, subtitle, servers, top: 0, height });
            self.targets.len() - 1
        }))
    }

    /// Puts each target beside the routes that lead to it, as far as there is room. Returns where the last one ends.
    fn place_targets(&mut self) -> u32 {
        let wanted = |nth: usize, target: &Target| {
            let tops: Vec<u32> =
                self.routes.iter().filter(|route| route.target == Some(nth)).map(|route| route.top).collect();
            let count = u32::try_from(tops.len()).unwrap_or(1).max(1);
            (tops.iter().sum::<u32>() / count + ROUTE_HEIGHT / 2).saturating_sub(target.height / 2)
        };
        let mut order: Vec<(u32, usize)> =
            self.targets.iter().enumerate().map(|(nth, target)| (wanted(nth, target), nth)).collect();
        order.sort_unstable();
        let mut free = 0;
        for (wanted, nth) in order {
            let target = &mut self.targets[nth];
            target.top = wanted.max(free);
            free = target.top + target.height + GAP;
        }
        free
    }
}

/// When nginx tries locations, in words.
fn caption(turn: Turn) -> &'static str {
    match turn {
        Turn::Server => "the server itself, before any location",
        Turn::Exact => "this path and no other (=)",
        Turn::FinalPrefix => "prefixes that end the search (^~), the longest first",
        Turn::Pattern => "regular expressions, the first that matches",
        Turn::Prefix => "prefixes, the longest first",
        Turn::Rest => "what no location has",
    }
}
