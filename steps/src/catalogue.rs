//! The step catalogue: every step, what it says and what it does, read from the step definitions themselves.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// The sources that define steps, in the order in which the catalogue lists them.
const SOURCES: [Source; 19] = [
    ("The scene", "steps/scene.rs", include_str!("steps/scene.rs")),
    ("The client asks", "steps/asking.rs", include_str!("steps/asking.rs")),
    ("What comes back", "steps/response.rs", include_str!("steps/response.rs")),
    ("Who answers", "steps/answering.rs", include_str!("steps/answering.rs")),
    ("The front end's page and files", "steps/page.rs", include_str!("steps/page.rs")),
    ("What the app server saw", "steps/arrival.rs", include_str!("steps/arrival.rs")),
    ("WebSocket", "steps/websocket.rs", include_str!("steps/websocket.rs")),
    ("STOMP", "steps/stomp.rs", include_str!("steps/stomp.rs")),
    ("SockJS", "steps/sockjs.rs", include_str!("steps/sockjs.rs")),
    ("A browser", "steps/browser.rs", include_str!("steps/browser.rs")),
    ("Routes of any site", "steps/site.rs", include_str!("steps/site.rs")),
    ("Who is let in", "steps/admission.rs", include_str!("steps/admission.rs")),
    ("What is handed on", "steps/handed_on.rs", include_str!("steps/handed_on.rs")),
    ("Redirects", "steps/redirects.rs", include_str!("steps/redirects.rs")),
    ("The files of a build", "steps/build.rs", include_str!("steps/build.rs")),
    ("Cross-origin requests", "steps/cors.rs", include_str!("steps/cors.rs")),
    ("Server-sent events", "steps/events.rs", include_str!("steps/events.rs")),
    (
        "The configuration beside its profile and compose file",
        "steps/routes.rs",
        include_str!("steps/routes.rs"),
    ),
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

static ENTRIES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| SOURCES.iter().flat_map(|(subject, _, source)| entries_of(subject, source)).collect());

/// Every step.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// The entry of the step that is defined in `path` at `line`; `None` where that is no step's definition.
pub fn defined_at(path: &str, line: usize) -> Option<&'static Entry> {
    let (subject, _, _) = SOURCES.into_iter().find(|(_, file, _)| path.ends_with(file))?;
    entries().iter().find(|entry| entry.subject == subject && entry.lines.contains(&line))
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

/// The expression that has most words in common with `text`; among equals the one spelt most like it.
pub fn nearest(text: &str) -> &'static str {
    let wanted = words_of(text);
    let likeness = |entry: &Entry| {
        let known = words_of(&entry.expression);
        // Twice what is common to both, of all that either has, in thousandths: Dice's coefficient.
        2000 * known.intersection(&wanted).count() / (known.len() + wanted.len()).max(1)
    };
    let scored: Vec<(usize, &str)> =
        entries().iter().map(|entry| (likeness(entry), entry.expression.as_str())).collect();
    let best = scored.iter().map(|(score, _)| *score).max().unwrap_or_default();
    let most_alike = scored.into_iter().filter(|(score, _)| *score == best).map(|(_, expression)| expression);
    most_alike.min_by_key(|expression| strsim::levenshtein(text, expression)).unwrap_or_default()
}

/// The words of a step or an expression, without values and their places.
fn words_of(text: &str) -> BTreeSet<String> {
    let unquoted = text.split('"').step_by(2).flat_map(str::split_whitespace);
    let is_value = |word: &&str| word.starts_with('{') || word.starts_with(|c: char| c.is_ascii_digit());
    unquoted.filter(|word| !is_value(word)).map(str::to_lowercase).collect()
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
            let expression = match rest.strip_prefix("regex = r#\"^") {
                Some(regex) => regex.strip_suffix("$\"#)]")?.replace("\"(.*)\"", "{string}"),
                None => rest.strip_prefix("expr = \"")?.strip_suffix("\")]")?.replace("\\\"", "\""),
            };
            return Some((keyword, expression));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_step_has_the_same_words() {
        let nearest = nearest("the body of the response is \"blue\"");
        assert!(nearest.contains("body") && nearest.contains("response"), "{nearest}");
    }

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
        let modules = include_str!("steps/mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        for module in modules.filter(|module| *module != "handshake") {
            assert!(
                SOURCES.iter().any(|(_, path, _)| *path == format!("steps/{module}.rs")),
                "{module} is left out"
            );
        }
        for entry in entries() {
            assert!(!entry.explanation.is_empty(), "{entry:?}");
        }
    }
}
