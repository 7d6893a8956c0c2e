//! Progress while a run lasts: on a terminal one line that changes, elsewhere a block for each feature as it ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use super::{Record, Verdict};

/// How output is dressed.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to use colour.
    pub colour: bool,
    /// Whether one line may be written over.
    pub live: bool,
}

impl Style {
    /// Colour and a live line on a terminal only, and colour not where `NO_COLOR` is set (no-color.org).
    pub fn detect() -> Style {
        let terminal = std::io::stdout().is_terminal();
        Style { colour: terminal && std::env::var_os("NO_COLOR").is_none(), live: terminal }
    }

    /// `text` in a colour of SGR number `code`.
    pub fn paint(self, code: u8, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Green.
    pub fn good(self, text: &str) -> String {
        self.paint(32, text)
    }

    /// Red.
    pub fn bad(self, text: &str) -> String {
        self.paint(31, text)
    }

    /// Faint.
    pub fn quiet(self, text: &str) -> String {
        self.paint(2, text)
    }

    /// Bold.
    pub fn strong(self, text: &str) -> String {
        self.paint(1, text)
    }
}

/// Shows how far a run has come.
#[derive(Debug)]
pub struct Progress {
    style: Style,
    total: usize,
    done: usize,
    broken: usize,
    /// Records of features that have not ended, by feature; in each, rules in the order they were first seen.
    open: BTreeMap<String, Vec<Record>>,
    /// The order of rules in each feature.
    order: BTreeMap<String, Vec<String>>,
}

impl Progress {
    /// Progress over `total` scenarios of these features.
    pub fn new(style: Style, total: usize, features: &[gherkin::Feature]) -> Progress {
        let rules = |feature: &gherkin::Feature| {
            std::iter::once(String::new()).chain(feature.rules.iter().map(|rule| rule.name.clone())).collect()
        };
        let order = features.iter().map(|feature| (feature.name.clone(), rules(feature))).collect();
        Progress { style, total, done: 0, broken: 0, open: BTreeMap::new(), order }
    }

    /// A scenario has ended.
    pub(super) fn scenario(&mut self, record: &Record) {
        self.done += 1;
        self.broken += usize::from(record.fails());
        self.open.entry(record.feature.clone()).or_default().push(record.clone());
        if self.style.live {
            let broken = if self.broken > 0 { format!(", {} broken", self.broken) } else { String::new() };
            print!("\r\x1b[K  {} of {}{broken}  {}", self.done, self.total, self.style.quiet(&record.rule));
            let _ = std::io::stdout().flush();
        }
    }

    /// A feature has ended: its rules, a line each.
    pub(super) fn feature(&mut self, name: &str) {
        let Some(records) = self.open.remove(name) else { return };
        let mut out = String::new();
        if self.style.live {
            out.push_str("\r\x1b[K");
        }
        let _ = writeln!(out, "{}", self.style.strong(name));
        for rule in self.order.get(name).into_iter().flatten() {
            let of_rule: Vec<&Record> = records.iter().filter(|record| &record.rule == rule).collect();
            if !of_rule.is_empty() {
                let _ = writeln!(out, "{}", self.rule(rule, &of_rule));
            }
        }
        print!("{out}");
        let _ = std::io::stdout().flush();
    }

    fn rule(&self, rule: &str, records: &[&Record]) -> String {
        let style = self.style;
        let broken = records.iter().filter(|record| record.fails()).count();
        let differ = records.iter().filter(|r| matches!(r.verdict, Verdict::KnownDifference { .. })).count();
        let rule = if rule.is_empty() { "(no rule)" } else { rule };
        let count = records.len();
        let mut line = match broken {
            0 => format!("  {} {rule} {}", style.good("✓"), style.quiet(&count.to_string())),
            _ => format!("  {} {rule} {}", style.bad("✗"), style.bad(&format!("{broken} of {count} broken"))),
        };
        if differ > 0 {
            line += &style.quiet(&format!(", {differ} known to differ"));
        }
        line
    }
}
