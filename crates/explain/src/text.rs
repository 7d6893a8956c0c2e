//! An explanation for a terminal.

use std::fmt::Write as _;

use hopcheck_report::{padded, width};
use reference_proxy::trace::{Directive, HeaderChange, Omission, Step};

use crate::explanation::{AnsweredField, Difference, Explanation, Lost, Origin};
use crate::rows::{Row, Section, not_inherited, sections};

/// So wide a column of directives, and one of messages, may become; behind what is longer, what came of it has a line of
/// its own.
const MAX_WIDTHS: [usize; 2] = [52, 84];

/// More of a directive than this says nothing that its line would not.
const MAX_TEXT: usize = 96;

/// Paints a text in a colour of that SGR number.
type Paint<'p> = dyn Fn(u8, &str) -> String + 'p;

const STRONG: u8 = 1;
const QUIET: u8 = 2;
const GOOD: u8 = 32;
const WARN: u8 = 33;
const BAD: u8 = 31;

impl Explanation {
    /// It in lines, painted by `paint`.
    pub fn text(&self, paint: &Paint<'_>) -> String {
        let mut out =
            format!("{} {}\n", paint(STRONG, &self.request.method), paint(STRONG, &self.request.url));
        let colour = if self.status.is_some_and(|status| status < 400) { GOOD } else { BAD };
        let _ = writeln!(out, "{}", paint(colour, &self.verdict()));
        for section in sections(&self.steps).iter().chain(&self.answer()) {
            let _ = writeln!(out, "\n{}", paint(STRONG, &section.title));
            self.write(&mut out, section, paint);
        }
        if let Some(beside) = &self.beside {
            let _ = writeln!(out, "\n{}", paint(STRONG, &format!("beside {}", beside.engine)));
            if beside.differences.is_empty() {
                let by = if beside.locations.is_some() { ", by the same locations" } else { "" };
                let same = format!("the same status and headers{by}, and app servers see the same");
                let _ = writeln!(out, "  {}", paint(GOOD, &same));
            }
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            for Difference { what, reference, other } in &beside.differences {
                let (reference, other) = (shown(reference), shown(other));
                let _ = writeln!(out, "  {what}: {}, here {reference}", paint(WARN, &other));
            }
        }
        for note in &self.notes {
            let _ = writeln!(out, "\n{} {note}", paint(STRONG, "note:"));
        }
        out
    }

    /// The answer in a line: who answers, and by which location.
    fn verdict(&self) -> String {
        let Some(status) = self.status else {
            return self.unanswered.clone().unwrap_or_default();
        };
        let own = self.steps.iter().filter(|step| step.within.is_none()).map(|step| &step.step);
        let (mut who, mut location) = ("by the proxy itself".to_owned(), None);
        for step in own {
            match step {
                Step::Location { directive, .. } => location = directive.as_ref(),
                Step::Answered { address, .. } => who = format!("by the app server {address}"),
                Step::File { path, status: 200, .. } => who = format!("with {path}"),
                Step::Cache { status, .. } if status == "HIT" => who = "by the cache".to_owned(),
                Step::Return { directive: Some(directive), .. } => {
                    who = format!("by {}", self.place(directive))
                }
                Step::Rewrite { directive: Some(directive), status: Some(_), .. } => {
                    who = format!("by {}", self.place(directive));
                }
                Step::ErrorPage { .. } | Step::Failed { .. } => who = "by the proxy itself".to_owned(),
                _ => {}
            }
        }
        match location {
            Some(location) => {
                format!("{status} {who}, in {} ({})", shortened(&location.text), self.place(location))
            }
            None => format!("{status} {who}"),
        }
    }

    /// The sections of the answer.
    fn answer(&self) -> Vec<Section> {
        let line =
            self.steps.iter().rev().filter(|step| step.within.is_none()).find_map(|step| match &step.step {
                Step::Response { line, .. } => Some(line),
                _ => None,
            });
        let mut sections = Vec::new();
        if let Some(line) = line {
            let mut rows = vec![Row::message(format!("< {line}"), "")];
            rows.extend(self.headers.iter().map(|field| self.answered(field)));
            sections.push(Section { title: "answer".to_owned(), rows });
        }
        if !self.lost.is_empty() {
            let rows = self.lost.iter().map(|lost| self.lost(lost)).collect();
            sections.push(Section { title: "not in the answer".to_owned(), rows });
        }
        sections
    }

    fn answered(&self, field: &AnsweredField) -> Row {
        let text = format!("< {}: {}", field.name, field.value);
        let says = match (field.origin, &field.directive) {
            (_, Some(directive)) => {
                let changed = self.steps.iter().any(|step| {
                    matches!(&step.step, Step::Changed { field: was, change: HeaderChange::Rewritten(_), directive: by }
                        if was.name == field.name && by.as_ref() == Some(directive))
                });
                match changed {
                    true => format!("the app server's, changed by {}", self.place(directive)),
                    false => self.place(directive),
                }
            }
            (Origin::App, None) => "the app server's".to_owned(),
            (Origin::File, None) => "of the file".to_owned(),
            (Origin::Directive | Origin::Proxy, None) => String::new(),
        };
        Row::message(text, says)
    }

    fn lost(&self, lost: &Lost) -> Row {
        match lost {
            Lost::Configured { directive, why, instead } => {
                let says = match why {
                    Omission::NotInherited => not_inherited(directive, instead.as_ref()),
                    Omission::Status => {
                        format!("not for the status {} without `always`", self.status.unwrap_or_default())
                    }
                    Omission::Empty => "its value is empty".to_owned(),
                };
                Row::of(&Some(directive.clone()), says)
            }
            Lost::Hidden { field, directive } => Row::text(
                format!("{}: {}", field.name, field.value),
                match directive {
                    Some(directive) => format!("the app server's, hidden by {}", self.place(directive)),
                    None => "the app server's, which nginx does not pass on".to_owned(),
                },
            ),
        }
    }

    /// The place of a directive: its line, and its file if it is another one than that of most.
    fn place(&self, directive: &Directive) -> String {
        match directive.file == self.configuration {
            true => format!("line {}", directive.line),
            false => format!("{}:{}", directive.file, directive.line),
        }
    }

    fn write(&self, out: &mut String, section: &Section, paint: &Paint<'_>) {
        let place = |row: &Row| match &row.directive {
            Some(directive) if !row.is_message => format!("{}:{}", directive.file, directive.line),
            _ => String::new(),
        };
        let places = section.rows.iter().map(|row| width(&place(row))).max().unwrap_or_default();
        let column = |is_message: bool| {
            let rows = section.rows.iter().filter(|row| row.is_message == is_message);
            let widths = rows.map(|row| width(&shortened(&row.text)));
            let fitting = widths.filter(|width| *width <= MAX_WIDTHS[usize::from(is_message)]);
            fitting.max().unwrap_or_default()
        };
        let columns = [column(false), column(true)];
        for row in &section.rows {
            let text = shortened(&row.text);
            let says = match &row.directive {
                Some(directive) if row.is_message => self.place(directive),
                _ => row.says.clone(),
            };
            let indent = if row.is_message { 2 } else { places + 4 };
            let begin = match row.is_message {
                true => "  ".to_owned(),
                false => format!("  {}  ", paint(QUIET, &padded(&place(row), places))),
            };
            let says = if says.is_empty() { says } else { painted(&says, row.is_message, paint) };
            let column = columns[usize::from(row.is_message)];
            let _ = match width(&text) <= column {
                _ if says.is_empty() => writeln!(out, "{begin}{text}"),
                true => writeln!(out, "{begin}{}  {says}", padded(&text, column)),
                false => writeln!(out, "{begin}{text}\n{}  {says}", " ".repeat(indent)),
            };
        }
    }
}

/// What came of a row, in the colour that it has.
fn painted(says: &str, is_message: bool, paint: &Paint<'_>) -> String {
    if says.starts_with("taken") || says.starts_with("takes") {
        return paint(GOOD, says);
    }
    if says.starts_with("not inherited") || says.starts_with("not for the status") {
        return paint(WARN, says);
    }
    if is_message { paint(QUIET, says) } else { says.to_owned() }
}

/// As much of a directive as fits on a line, its white space in one.
fn shortened(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
