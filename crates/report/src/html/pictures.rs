//! What a browser has shown of a live site.

use maud::{Markup, html};

use super::super::model::{Picture, Report};

/// The pictures of every target.
pub(super) fn section(report: &Report) -> Markup {
    if report.targets.iter().all(|target| target.pictures.is_empty()) {
        return html! {};
    }
    html! {
        section aria-labelledby="browser" {
            h2 id="browser" { "In a browser" }
            @for target in &report.targets {
                @for Picture { caption, notes, png } in &target.pictures {
                    figure.panel.picture {
                        figcaption { (caption) span.badge { (target.name) } }
                        @if !png.is_empty() {
                            img src={ "data:image/png;base64," (png) } alt=(caption);
                        }
                        @if !notes.is_empty() {
                            details {
                                summary { "What the page asked for" }
                                pre { @for note in notes { (note) "\n" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_picture_is_part_of_the_page() {
        let mut report = sample::report(Vec::new());
        assert_eq!(section(&report).into_string(), "");
        report.targets[0].pictures.push(Picture {
            caption: "The page".to_owned(),
            notes: vec!["GET / <b>".to_owned()],
            png: "iVBORw0KGgo=".to_owned(),
        });
        let page = section(&report).into_string();
        assert!(page.contains("src=\"data:image/png;base64,iVBORw0KGgo=\" alt=\"The page\""), "{page}");
        assert!(page.contains("GET / &lt;b&gt;"), "{page}");
    }
}
