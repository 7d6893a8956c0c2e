//! The step catalogue: every step, what it says and what it does, read from the step definitions themselves.

use std::fmt::Write as _;

/// The sources that define steps, in the order in which the catalogue lists them.
const SOURCES: [Source; 7] = [
    ("The scene", "steps/scene.rs", include_str!("steps/scene.rs")),
    ("The client asks", "steps/asking.rs", include_str!("steps/asking.rs")),
    ("What comes back", "steps/response.rs", include_str!("steps/response.rs")),
    ("What the app server saw", "steps/arrival.rs", include_str!("steps/arrival.rs")),
    ("WebSocket", "steps/websocket.rs", include_str!("steps/websocket.rs")),
    ("STOMP", "steps/stomp.rs", include_str!("steps/stomp.rs")),
    ("Configuration and logs", "steps/logs.rs", include_str!("steps/logs.rs")),
];

/// A source's subject, its path and what it says.
type Source = (&'static str, &'static str, &'static str);

/// A step as the catalogue shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The subject it belongs to.
    pub subject: &'static str,
    /// `Given`, `When` or `Then`; several, where a step can stand in several places.
    pub keyword: String,
    /// The Cucumber expression.
    pub expression: String,
    /// What it does: the definition's doc comment.
    pub explanation: String,
    /// The lines of its source, from 1, that say when it is run: one for each keyword.
    pub lines: Vec<usize>,
}

/// Every step.
pub fn entries() -> Vec<Entry> {
    SOURCES.iter().flat_map(|(subject, _, source)| entries_of(subject, source)).collect()
}

/// The entry of the step that is defined in `path` at `line`; `None` where that is no step's definition.
pub fn defined_at(path: &str, line: usize) -> Option<Entry> {
    let (subject, _, _) = SOURCES.into_iter().find(|(_, file, _)| path.ends_with(file))?;
    entries().into_iter().find(|entry| entry.subject == subject && entry.lines.contains(&line))
}

/// The catalogue as Markdown.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Steps\n\nEvery step a scenario can use. `hopcheck steps` prints this page; it is generated from the \
         definitions.\n\n`{string}` is a text in quotes, `{int}` a number, `{word}` a word without blanks.\n",
    );
    let entries = entries();
    for (subject, _, _) in SOURCES {
        let _ = write!(out, "\n## {subject}\n\n");
        for entry in entries.iter().filter(|entry| entry.subject == subject) {
            let _ =
                writeln!(out, "- **{}** `{}`  \n  {}", entry.keyword, entry.expression, entry.explanation);
        }
    }
    out
}

/// The expression most like `text`.
pub fn nearest(text: &str) -> String {
    let plain =
        |text: &str| regex::Regex::new(r#""[^"]*"|\d+"#).map(|r| r.replace_all(text, "").into_owned());
    let wanted = plain(text).unwrap_or_default();
    entries()
        .into_iter()
        .map(|entry| entry.expression)
        .min_by_key(|expression| {
            let known = regex::Regex::new(r"\{\w+\}").map(|r| r.replace_all(expression, "").into_owned());
            strsim::levenshtein(&wanted, &known.unwrap_or_default())
        })
        .unwrap_or_default()
}

/// Reads definitions of the form `/// doc`, `#[given(expr = "…")]`, `async fn`.
fn entries_of(subject: &'static str, source: &str) -> Vec<Entry> {
    let (mut entries, mut doc) = (Vec::new(), Vec::new());
    for (nth, line) in source.lines().map(str::trim).enumerate() {
        if let Some(text) = line.strip_prefix("/// ") {
            doc.push(text);
        } else if let Some((keyword, expression)) = attribute(line) {
            match entries.last_mut() {
                Some(Entry { keyword: already, expression: same, lines, .. }) if *same == expression => {
                    already.push_str(", ");
                    already.push_str(keyword);
                    lines.push(nth + 1);
                }
                _ => entries.push(Entry {
                    subject,
                    keyword: keyword.to_owned(),
                    expression,
                    explanation: doc.join(" "),
                    lines: vec![nth + 1],
                }),
            }
        } else if !line.starts_with("#[") {
            doc.clear();
        }
    }
    entries
}

fn attribute(line: &str) -> Option<(&'static str, String)> {
    for (start, keyword) in [("#[given(", "Given"), ("#[when(", "When"), ("#[then(", "Then")] {
        if let Some(rest) = line.strip_prefix(start) {
            let expression = rest.strip_prefix("expr = \"")?.strip_suffix("\")]")?.replace("\\\"", "\"");
            return Some((keyword, expression));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_from_its_definition() {
        let source =
            "/// Sends it\n/// now.\n#[when(expr = \"the client sends {string}\")]\nasync fn f() {}\n";
        let entry = &entries_of("HTTP", source)[0];
        assert_eq!((&*entry.keyword, &*entry.expression), ("When", "the client sends {string}"));
        assert_eq!(entry.explanation, "Sends it now.");
    }

    #[test]
    fn every_definition_is_in_the_catalogue_with_an_explanation() {
        for (subject, _, source) in SOURCES {
            let definitions = source.lines().map(str::trim).filter(|line| {
                ["#[given", "#[when", "#[then"].iter().any(|attribute| line.starts_with(attribute))
            });
            definitions.for_each(|line| assert!(attribute(line).is_some(), "{subject}: {line}"));
        }
        for entry in entries() {
            assert!(!entry.explanation.is_empty(), "{entry:?}");
        }
    }
}
