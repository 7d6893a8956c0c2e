//! The drawing of one server.

use maud::{Markup, html};

use super::layout::{
    Layout, PlacedRoute, ROUTE_HEIGHT, ROUTE_WIDTH, SERVER_HEIGHT, TARGET_LEFT, Target, WIDTH,
};
use super::route_verdict::RouteVerdict;
use crate::columns::width;
use crate::site_map::{MappedServer, SiteMap};

/// So many columns of the larger and the smaller letters fit a route's box.
const ROUTE_COLUMNS: (usize, usize) = (46, 62);

/// The same of what routes lead to.
const TARGET_COLUMNS: (usize, usize) = (46, 58);

pub(super) fn drawing(
    map: &SiteMap,
    server: &MappedServer,
    verdict: &dyn Fn(usize) -> Option<RouteVerdict>,
) -> Markup {
    let layout = Layout::of(map, server);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (layout.height) } role="group" aria-label={ "Routes of " (server.names) } {
            @for placed in &layout.routes { (line(placed, &layout, verdict)) }
            @for (y, text) in &layout.captions { text.m-quiet x="0" y=(y) { (text) } }
            @for target in &layout.targets { (of_target(target)) }
            @for placed in &layout.routes { (of_route(placed, verdict)) }
        }
        @if layout.left_out > 0 { p.quiet.small { "and " (layout.left_out) " more" } }
    }
}

/// The line from a route to what it leads to.
fn line(
    placed: &PlacedRoute<'_>,
    layout: &Layout<'_>,
    verdict: &dyn Fn(usize) -> Option<RouteVerdict>,
) -> Markup {
    let Some(target) = placed.target.and_then(|nth| layout.targets.get(nth)) else { return html! {} };
    let class = verdict(placed.route.number).map_or("", |verdict| verdict.class);
    let (from, to) = (placed.top + ROUTE_HEIGHT / 2, target.middle());
    let (left, right) = (ROUTE_WIDTH, TARGET_LEFT);
    let middle = (left + right) / 2;
    html! {
        path class={ "m-line " (class) } aria-hidden="true"
            d={ "M" (left) " " (from) "C" (middle) " " (from) " " (middle) " " (to) " " (right) " " (to) } {}
    }
}

fn of_route(placed: &PlacedRoute<'_>, verdict: &dyn Fn(usize) -> Option<RouteVerdict>) -> Markup {
    let route = placed.route;
    let verdict = verdict(route.number);
    let class = verdict.as_ref().map_or("none", |verdict| verdict.class);
    let path = if route.path.is_empty() { "(no path is known)" } else { &route.path };
    let notes = route.notes.join(", ");
    let said = verdict.as_ref().map_or_else(String::new, |verdict| format!("{}; ", verdict.words));
    let label =
        format!("{path}: {said}{notes}, {} in {}, leads to {}", route.location, route.place, route.to);
    let mark = verdict.as_ref().map_or("", |verdict| verdict.mark);
    let inside = html! {
        title { (label) }
        rect.m-box x="0.5" y=(placed.top) width=(ROUTE_WIDTH) height=(ROUTE_HEIGHT) rx="7" {}
        rect.m-colour x="0.5" y=(placed.top) width="6" height=(ROUTE_HEIGHT) rx="3" {}
        text.m-name x="18" y=(placed.top + 20) { (shortened(path, ROUTE_COLUMNS.0)) }
        text.m-quiet x="18" y=(placed.top + 37) {
            (shortened(&format!("{notes} · {}", route.location), ROUTE_COLUMNS.1))
        }
        text.m-mark x=(ROUTE_WIDTH - 14) y=(placed.top + 20) text-anchor="end" aria-hidden="true" { (mark) }
    };
    match verdict.and_then(|verdict| verdict.link) {
        Some(link) => html! { a href=(link) class={ "m-route " (class) } aria-label=(label) { (inside) } },
        None => html! { g class={ "m-route " (class) } role="img" aria-label=(label) { (inside) } },
    }
}

fn of_target(target: &Target) -> Markup {
    let left = TARGET_LEFT + 16;
    html! {
        g aria-hidden="true" {
            title { (target.title) }
            rect.m-box x=(TARGET_LEFT) y=(target.top) width=(WIDTH - TARGET_LEFT - 1) height=(target.height) rx="7" {}
            text.m-name x=(left) y=(target.top + 20) { (shortened(&target.title, TARGET_COLUMNS.0)) }
            text.m-quiet x=(left) y=(target.top + 37) { (shortened(&target.subtitle, TARGET_COLUMNS.1)) }
            @for (y, server) in (target.top + 55..).step_by(SERVER_HEIGHT as usize).zip(&target.servers) {
                circle.m-server cx=(left + 4) cy=(y - 4) r="3.5" {}
                text.m-address x=(left + 16) y=(y) { (shortened(server, TARGET_COLUMNS.0)) }
            }
        }
    }
}

/// `text`, cut where it is too long for so many columns.
fn shortened(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    for letter in text.chars() {
        if width(&cut) + width(&letter.to_string()) + 1 > columns {
            break;
        }
        cut.push(letter);
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn what_is_too_long_is_cut_by_the_columns_that_it_takes() {
        assert_eq!(shortened("/api/", 5), "/api/");
        assert_eq!(shortened("/api/items", 6), "/api/…");
        assert_eq!(shortened("/담배/목록", 6), "/담배…");
    }
}
