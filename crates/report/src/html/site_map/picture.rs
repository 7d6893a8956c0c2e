//! The picture of a site, as a part of a page.

use maud::{Markup, PreEscaped, html};

use super::route_verdict::RouteVerdict;
use super::svg;
use crate::site_map::{MappedServer, SiteMap};

const STYLE: &str = include_str!("site_map.css");

/// What the pictures of a page need.
pub(super) fn style() -> Markup {
    html! { style { (PreEscaped(STYLE)) } }
}

/// The picture, with what `verdict` says of each route by its number.
pub(super) fn picture(map: &SiteMap, verdict: &dyn Fn(usize) -> Option<RouteVerdict>) -> Markup {
    html! {
        @if map.servers.is_empty() { p { "It has no server." } }
        @for server in &map.servers { (of_server(map, server, verdict)) }
    }
}

fn of_server(
    map: &SiteMap,
    server: &MappedServer,
    verdict: &dyn Fn(usize) -> Option<RouteVerdict>,
) -> Markup {
    html! {
        div.panel.site-map {
            h3 {
                (server.names)
                @for listen in &server.listen { " " span.badge { (listen) } }
            }
            p.quiet.small { (server.place) }
            @if let Some(why) = &server.unreachable {
                p.note { "No client comes here: " (why) "." }
            } @else if server.routes.is_empty() {
                p { "It has no routes." }
            } @else {
                div.wide role="region" tabindex="0" aria-label={ "Routes of " (server.names) } {
                    (svg::drawing(map, server, verdict))
                }
            }
        }
    }
}
