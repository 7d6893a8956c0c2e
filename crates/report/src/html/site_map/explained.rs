//! Where a URL goes: a box to type one, and what was found out about the routes' own examples.
//!
//! Everything is in the page. Without scripts the box is not there, and the examples can be read one by one.

use maud::{Markup, PreEscaped, html};

use crate::site_map::ExplainedUrl;

const SCRIPT: &str = include_str!("explained.js");

/// The box, with an id of its own if there are several.
pub(super) fn explained(urls: &[ExplainedUrl], nth: usize) -> Markup {
    if urls.is_empty() {
        return html! {};
    }
    let (id, list) = (format!("url-{nth}"), format!("urls-{nth}"));
    html! {
        div.urls {
            h3 { "Where does a URL go?" }
            p hidden {
                label for=(id) { "A URL, or a path of it: " }
                input id=(id) list=(list) type="text" autocomplete="off" spellcheck="false" placeholder=(urls[0].url);
                datalist id=(list) { @for one in urls { option value=(one.url) {} } }
                " " span.quiet role="status" {}
            }
            @for one in urls {
                details data-url=(one.url) { summary { (one.method) " " (one.url) } pre { (one.text) } }
            }
        }
    }
}

/// What makes the boxes work.
pub(super) fn script() -> Markup {
    html! { script { (PreEscaped(SCRIPT)) } }
}
