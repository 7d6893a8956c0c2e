//! A site as a picture: its servers, their locations in the order in which nginx tries them, and where they lead.

mod layout;
mod of_run;
mod svg;

use maud::{Markup, PreEscaped, html};

pub(super) use of_run::section;

use super::page;
use crate::site_map::{MappedServer, SiteMap};

const STYLE: &str = include_str!("site_map.css");

/// How a route fared, as the picture shows it.
#[derive(Debug, Clone)]
struct RouteVerdict {
    /// A class of the page's style: `good`, `bad`, `warn` or `quiet`.
    class: &'static str,
    /// A mark, for eyes alone.
    mark: &'static str,
    /// The same in words: `2 of 9 broken`.
    words: String,
    /// What to open for more, such as `#f0-3`.
    link: Option<String>,
}

/// The page of a configuration that was not run.
pub fn site_map_page(name: &str, map: &SiteMap) -> String {
    let title = format!("What {name} serves");
    let body = html! {
        header {
            p.quiet { "hopcheck" }
            h1 { (title) }
            p.quiet { "Each server with its locations, in the order in which nginx tries them, and where they lead." }
        }
        main #main {
            (style())
            (picture(map, &|_| None))
        }
    };
    page(&title, &body)
}

/// What the pictures of a page need.
fn style() -> Markup {
    html! { style { (PreEscaped(STYLE)) } }
}

/// The picture, with what `verdict` says of each route by its number.
fn picture(map: &SiteMap, verdict: &dyn Fn(usize) -> Option<RouteVerdict>) -> Markup {
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

#[cfg(test)]
mod tests {
    use super::*;
    use hopcheck_site::Site;

    fn map(text: &str) -> SiteMap {
        SiteMap::of(&Site::read(text, "nginx.conf", &|_| Vec::new()).unwrap())
    }

    const TEXT: &str = "http { upstream app { ip_hash; server a:1; server b:1; }\n\
                        server { listen 443 ssl; server_name shop.test;\n location /api/ { proxy_pass http://app; }\n\
                        location /old { return 301 \"/<new>\"; } } }";

    #[test]
    fn the_page_has_all_of_the_site_in_words_and_fetches_nothing() {
        let page = site_map_page("nginx.conf", &map(TEXT));
        for text in ["shop.test", "443 ssl", "/api/…", "upstream, ip_hash", "a:1", "b:1", "nginx.conf:3"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(
            page.contains("aria-label=\"/api/…: api, location /api/ in nginx.conf:3, leads to http://app\""),
            "{page}"
        );
        assert!(page.contains("/&lt;new&gt;") && !page.contains("<new>"), "{page}");
        let fetches = ["url(", "@import", "src=", "href=\"http"];
        assert!(!fetches.iter().any(|word| page.contains(word)), "{page}");
    }

    #[test]
    fn a_route_has_the_colour_of_its_verdict_and_leads_to_its_failures() {
        let broken = |number: usize| {
            (number == 0).then(|| RouteVerdict {
                class: "bad",
                mark: "✗",
                words: "1 of 3 broken".to_owned(),
                link: Some("#f0-7".to_owned()),
            })
        };
        let picture = picture(&map(TEXT), &broken).into_string();
        assert!(
            picture.contains(
                "<a href=\"#f0-7\" class=\"m-route bad\" aria-label=\"/api/…: 1 of 3 broken; api, "
            ),
            "{picture}"
        );
        assert_eq!(picture.matches("<a ").count(), 1, "{picture}");
    }

    #[test]
    fn a_server_that_nobody_comes_to_is_told() {
        let text = "http { server { listen 80; return 204; } server { listen 80; return 200; } }";
        let page = site_map_page("nginx.conf", &map(text));
        assert!(page.contains("No client comes here: it has no name to ask for"), "{page}");
    }
}
