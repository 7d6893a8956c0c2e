//! The report as a page that is whole in itself.

use maud::{DOCTYPE, Markup, html};

use super::markdown::engines;
use super::model::{BrokenPromise, Diff};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;\
    background:#fff}h1{font-size:1.4rem}h2{font-size:1.05rem;margin:2rem 0 .2rem}pre{background:#f4f4f4;padding:.6rem;\
    overflow-x:auto;border-radius:4px;margin:.4rem 0}.quiet{color:#666}.old{color:#a40000}.new{color:#00611c}\
    @media(prefers-color-scheme:dark){body{color:#ddd;background:#161616}pre{background:#242424}.quiet{color:#999}\
    .old{color:#ff8a80}.new{color:#7ddc8f}}";

pub(super) fn of(diff: &Diff) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "hopcheck diff: " (diff.summary()) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { (diff.summary()) }
                p.quiet { (diff.old.name) " → " (diff.new.name) ", by " (engines(diff)) }
                @for (nth, entry) in diff.entries.iter().enumerate() {
                    section {
                        h2 { (nth + 1) ". " (entry.summary) }
                        p.quiet { (entry.kind.title()) " · " (entry.requests) " of " (diff.requests) " requests" }
                        @if !entry.causes.is_empty() {
                            pre {
                                @for cause in &entry.causes {
                                    @if let Some(at) = &cause.old {
                                        span.old { "- " (at.line.file) ":" (at.line.line) "  " (at.text) "\n" }
                                    }
                                    @if let Some(at) = &cause.new {
                                        span.new { "+ " (at.line.file) ":" (at.line.line) "  " (at.text) "\n" }
                                    }
                                }
                            }
                        }
                        @if entry.effects.len() > 1 {
                            ul {
                                @for effect in entry.effects.iter().skip(1) {
                                    li { (effect.request) ": " (effect.difference) span.quiet { " (" (effect.requests) ")" } }
                                }
                                @if entry.more_effects > 0 { li { "and " (entry.more_effects) " more" } }
                            }
                        }
                        @if !entry.breaks.is_empty() { (promises("Breaks what was kept", &mut entry.breaks.iter())) }
                        details { summary { "The smallest request that shows it" } pre { (entry.smallest) } }
                    }
                }
                @if diff.broken_together().next().is_some() {
                    h2 { "Promises that no change breaks alone" }
                    (promises("Broken", &mut diff.broken_together()))
                }
                @if !diff.accepted.is_empty() || !diff.gone.is_empty() {
                    h2 { "Accepted" }
                    ul {
                        @for accepted in &diff.accepted {
                            li { (accepted.effect.request) ": " (accepted.effect.difference) " (" (accepted.reason) ")" }
                        }
                        @for gone in &diff.gone { li { "there no more: " (gone) } }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// Promises that are broken, each with what its scenario says.
fn promises(title: &str, broken: &mut dyn Iterator<Item = &BrokenPromise>) -> Markup {
    html! {
        p.old { "✗ " (title) ":" }
        ul { @for broken in broken { li { (broken.title()) span.quiet { " " (broken.message) } } } }
    }
}
