//! What was found out about the site, and what was not.

use hopcheck_site::Mask;
use toml::Value;

/// A field of the profile: its section and its name.
pub type Field = (&'static str, &'static str);

/// Why a value is left out.
const HOLDS_SECRET: &str = "its value contains a secret of this profile";

/// The result for one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The field.
    pub field: Field,
    /// Its value, if found.
    pub value: Option<Value>,
    /// The comment in the file: how it was found, or why not.
    pub note: String,
    /// A value for the user to decide on, commented out in the file.
    pub suggestion: Option<Value>,
}

/// All findings so far. Each is printed as it is made.
pub struct Findings<'a> {
    all: Vec<Finding>,
    facts: Vec<String>,
    mask: &'a Mask,
    say: &'a mut dyn FnMut(&str),
}

impl<'a> Findings<'a> {
    /// No findings yet. All of them are masked by `mask`.
    pub fn new(mask: &'a Mask, say: &'a mut dyn FnMut(&str)) -> Findings<'a> {
        Findings { all: Vec::new(), facts: Vec::new(), mask, say }
    }

    /// Notes the value of a field.
    pub(super) fn found(&mut self, field: Field, value: impl Into<Value>, note: impl Into<String>) {
        let (value, note): (Value, String) = (value.into(), note.into());
        if value.as_str().is_some_and(|value| self.mask.hides(value)) {
            return self.missing(field, HOLDS_SECRET);
        }
        let remark = if note.is_empty() { String::new() } else { format!(" ({note})") };
        self.say(&format!("found: [{}] {} = {value}{remark}", field.0, field.1));
        self.enter(Finding { field, value: Some(value), note, suggestion: None });
    }

    /// Notes that a field was not found, and why.
    pub(super) fn missing(&mut self, field: Field, why: impl Into<String>) {
        let why = why.into();
        self.say(&format!("not found: [{}] {}: {why}; left commented", field.0, field.1));
        self.enter(Finding { field, value: None, note: why, suggestion: None });
    }

    /// Suggests a value that only the user can confirm.
    pub(super) fn suggested(&mut self, field: Field, value: impl Into<Value>, why: impl Into<String>) {
        let (value, why): (Value, String) = (value.into(), why.into());
        if value.as_str().is_some_and(|value| self.mask.hides(value)) {
            return self.missing(field, HOLDS_SECRET);
        }
        self.say(&format!("suggested: [{}] {} = {value}: {why}; left commented", field.0, field.1));
        self.enter(Finding { field, value: None, note: why, suggestion: Some(value) });
    }

    /// Notes something worth knowing that has no field.
    pub(super) fn fact(&mut self, fact: String) {
        self.say(&format!("found: {fact}"));
        self.facts.push(self.mask.text(&fact));
    }

    /// The finding for a field; `None` if it was not looked for.
    pub fn of(&self, section: &str, name: &str) -> Option<&Finding> {
        self.all.iter().find(|finding| finding.field == (section, name))
    }

    /// Everything worth knowing that has no field.
    pub fn facts(&self) -> &[String] {
        &self.facts
    }

    fn enter(&mut self, finding: Finding) {
        let note = self.mask.text(&finding.note);
        self.all.push(Finding { note, ..finding });
    }

    fn say(&mut self, text: &str) {
        let text = self.mask.text(text);
        (self.say)(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_printed_and_secrets_are_masked() {
        let mut said = Vec::new();
        let mut say = |line: &str| said.push(line.to_owned());
        let mask = Mask::of_secrets(["hunter".to_owned(), "hunter2".to_owned()]);
        let mut findings = Findings::new(&mask, &mut say);
        findings.found(("api", "path"), "/api/a", "a hunter2 of the scripts");
        findings.found(("front-end", "text"), "hello hunter2", "");
        findings.fact("the server calls itself hunter2".to_owned());
        assert_eq!(findings.of("api", "path").map(|found| found.note.as_str()), Some("a ••• of the scripts"));
        assert_eq!(findings.of("front-end", "text").and_then(|found| found.value.clone()), None);
        assert_eq!(
            said,
            [
                "found: [api] path = \"/api/a\" (a ••• of the scripts)",
                "not found: [front-end] text: its value contains a secret of this profile; left commented",
                "found: the server calls itself •••",
            ]
        );
    }
}
