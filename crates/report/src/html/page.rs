//! What every page has in common.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Colours, light and dark, and what a phone, a keyboard and paper need.
const STYLE: &str = include_str!("style.css");

/// A page that is whole in itself: nothing is fetched, so that it can be sent to a colleague and read offline.
///
/// `body` holds a `header` and a `main` with the id `main`, which the link to skip the header leads to. Besides plain
/// elements the style knows `.panel`, `.note`, `.quiet`, `.small`, `.good`, `.bad`, `.warn`, `.mark` and `.unseen` (for
/// screen readers alone), and the colours as `var(--good-fill)`, `--bad-fill`, `--warn-fill`, `--none-fill`, `--line`,
/// `--ink`, `--quiet`. More style goes into a `style` element of the body's own.
pub fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the results" }
                (body)
                footer { "Made by hopcheck " (env!("CARGO_PKG_VERSION")) "." }
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_fetches_nothing_and_escapes_its_title() {
        let page = page("<b> & co", &html! { main #main { "m" } });
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{page}");
        assert!(page.contains("<title>&lt;b&gt; &amp; co</title>"), "{page}");
        assert!(
            !["http:", "https:", "url(", "@import", "src="].iter().any(|word| page.contains(word)),
            "{page}"
        );
    }
}
