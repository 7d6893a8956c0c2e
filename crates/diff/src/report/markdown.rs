//! The report under a pull request.

use std::fmt::Write as _;

use super::model::{Diff, MAX_BREAKS};

pub(super) fn of(diff: &Diff) -> String {
    let mut text = format!("### hopcheck: {}\n\n", diff.summary());
    let _ = writeln!(text, "{} → {}, by {}.\n", code(&diff.old.name), code(&diff.new.name), engines(diff));
    for (nth, entry) in diff.entries.iter().enumerate() {
        let _ = writeln!(
            text,
            "#### {}. {}\n\n{} · {} of {} requests\n",
            nth + 1,
            escaped(&entry.summary),
            entry.kind.title(),
            entry.requests,
            diff.requests
        );
        if !entry.causes.is_empty() {
            text.push_str("```diff\n");
            for cause in &entry.causes {
                for (sign, line) in [("-", &cause.old), ("+", &cause.new)] {
                    if let Some(at) = line {
                        let _ = writeln!(
                            text,
                            "{sign} {}  # {}:{}",
                            fenced(&at.text),
                            fenced(&at.line.file),
                            at.line.line
                        );
                    }
                }
            }
            text.push_str("```\n\n");
        }
        for effect in entry.effects.iter().skip(1) {
            let _ = writeln!(
                text,
                "- {}: {} ({})",
                escaped(&effect.request),
                escaped(&effect.difference),
                effect.requests
            );
        }
        if entry.more_effects > 0 {
            let _ = writeln!(text, "- and {} more", entry.more_effects);
        }
        for broken in entry.breaks.iter().take(MAX_BREAKS) {
            let _ = writeln!(text, "- ❌ **breaks a promise that was kept:** {}", escaped(&broken.title()));
        }
        if entry.breaks.len() > MAX_BREAKS {
            let _ = writeln!(text, "- ❌ and {} more", entry.breaks.len() - MAX_BREAKS);
        }
        let _ = writeln!(
            text,
            "\n<details><summary>The smallest request that shows it</summary>\n\n```http\n{}```\n\n</details>\n",
            fenced(&entry.smallest)
        );
    }
    for broken in diff.broken_together() {
        let _ = writeln!(text, "- ❌ **was kept, and is broken:** {}", escaped(&broken.title()));
    }
    for accepted in &diff.accepted {
        let _ = writeln!(
            text,
            "- accepted: {} ({})",
            escaped(&accepted.effect.difference),
            escaped(&accepted.reason)
        );
    }
    for gone in &diff.gone {
        let _ = writeln!(text, "- accepted, and there no more: {}", escaped(gone));
    }
    text
}

/// The engines, which are usually the same.
pub(super) fn engines(diff: &Diff) -> String {
    match diff.old.engine == diff.new.engine {
        true => diff.old.engine.clone(),
        false => format!("{} and {}", diff.old.engine, diff.new.engine),
    }
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// A text that must not end its fence.
fn fenced(text: &str) -> String {
    text.replace("```", "'''")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '|' | '@' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\n' | '\r' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
