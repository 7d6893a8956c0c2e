//! A site as a picture: its servers, their locations in the order in which nginx tries them, and where they lead.

mod explained;
mod layout;
mod of_run;
mod picture;
mod route_verdict;
mod svg;

use maud::html;

pub(super) use of_run::section;

use super::page;
use crate::site_map::SiteMap;
use picture::{picture, style};

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
            (explained::explained(&map.explained, 0))
            @if !map.explained.is_empty() { (explained::script()) }
        }
    };
    page(&title, &body)
}

#[cfg(test)]
mod tests {
    use super::route_verdict::RouteVerdict;
    use super::*;
    use crate::site_map::ExplainedUrl;
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
    fn a_url_is_looked_up_among_the_examples_without_fetching_anything() {
        let mut map = map(TEXT);
        assert!(!site_map_page("nginx.conf", &map).contains("<script"));
        map.explained = vec![ExplainedUrl {
            method: "GET".to_owned(),
            url: "https://shop.test/api/".to_owned(),
            text: "200 by <app>".to_owned(),
        }];
        let page = site_map_page("nginx.conf", &map);
        assert!(page.contains("<details data-url=\"https://shop.test/api/\">"), "{page}");
        assert!(page.contains("<pre>200 by &lt;app&gt;</pre>"), "{page}");
        assert!(page.contains("<input id=\"url-0\" list=\"urls-0\""), "{page}");
        let fetches = ["fetch(", "eval(", "Function(", "innerHTML", "src=", "import "];
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
