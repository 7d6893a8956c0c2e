//! The report on a terminal.

use std::fmt::Write as _;

use super::model::{BrokenPromise, Diff, Entry, MAX_BREAKS};

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;
const BOLD: u8 = 1;
const FAINT: u8 = 2;

pub(super) fn of(diff: &Diff, paint: &dyn Fn(u8, &str) -> String) -> String {
    let mut text = String::new();
    for (nth, entry) in diff.entries.iter().enumerate() {
        add(entry, nth + 1, diff, paint, &mut text);
    }
    for accepted in &diff.accepted {
        let effect = &accepted.effect;
        let line = format!("accepted: {}: {} ({})", effect.request, effect.difference, accepted.reason);
        let _ = writeln!(text, "{}", paint(FAINT, &line));
    }
    for gone in &diff.gone {
        let line = format!("gone: {gone} was accepted, and is there no more: take it off the list");
        let _ = writeln!(text, "{}", paint(YELLOW, &line));
    }
    for broken in diff.broken_together() {
        let _ = writeln!(text, "{}", paint(RED, &format!("✗ was kept, and is broken: {}", broken.title())));
    }
    if let Some(why) = diff.promises.as_ref().and_then(|promises| promises.unfinished.as_deref()) {
        let _ = writeln!(text, "{}", paint(YELLOW, &format!("promises: {why}")));
    }
    let colour = if diff.is_empty() { GREEN } else { RED };
    let _ = writeln!(text, "{}", paint(colour, &diff.summary()));
    text
}

fn add(entry: &Entry, number: usize, diff: &Diff, paint: &dyn Fn(u8, &str) -> String, text: &mut String) {
    let kind =
        paint(FAINT, &format!("{} · {} of {} requests", entry.kind.title(), entry.requests, diff.requests));
    let _ =
        writeln!(text, "{} {}\n   {kind}", paint(BOLD, &format!("{number}.")), paint(BOLD, &entry.summary));
    for cause in &entry.causes {
        let within = if cause.within.is_empty() { String::new() } else { format!("  in {}", cause.within) };
        for (sign, colour, line) in [("-", RED, &cause.old), ("+", GREEN, &cause.new)] {
            if let Some(at) = line {
                let line = format!("{sign} {}:{}  {}", at.line.file, at.line.line, at.text);
                let _ = writeln!(text, "   {}{}", paint(colour, &line), paint(FAINT, &within));
            }
        }
    }
    if entry.causes.is_empty() && diff.changes > 0 {
        let _ = writeln!(text, "   {}", paint(FAINT, "no single change does this"));
    }
    for effect in entry.effects.iter().skip(1) {
        let _ = writeln!(
            text,
            "   · {}: {} {}",
            effect.request,
            effect.difference,
            paint(FAINT, &format!("({})", effect.requests))
        );
    }
    if entry.more_effects > 0 {
        let _ = writeln!(text, "   · and {} more", entry.more_effects);
    }
    for line in promises(&entry.breaks) {
        let _ = writeln!(text, "   {}", paint(RED, &line));
    }
    for line in entry.smallest.lines() {
        let _ = writeln!(text, "   {}", paint(FAINT, &format!("> {line}")));
    }
    text.push('\n');
}

/// What an entry breaks, in as many lines as one reads.
fn promises(breaks: &[BrokenPromise]) -> Vec<String> {
    let told = breaks.iter().take(MAX_BREAKS);
    let mut lines: Vec<String> =
        told.map(|broken| format!("✗ breaks a promise that was kept: {}", broken.title())).collect();
    if breaks.len() > MAX_BREAKS {
        lines.push(format!("✗ and {} more", breaks.len() - MAX_BREAKS));
    }
    lines
}
