//! Mutants generated from a configuration: each directive removed, and each value slightly wrong.

use std::ops::Range;

use nginx_conf::syntax::{Directive, parse};

use super::apply::Mutant;
use super::catalogue::{Excuse, Needs};
use super::expected_rules::{ExpectedRules, REMOVAL_FAMILY, VALUE_FAMILY};
use super::tree::{Tree, Word, head, words};

/// A slightly wrong value: its description, its range and its text.
type Typo = (String, Range<usize>, String);

/// All generated mutants of `text`.
pub(super) fn mutants_of(text: &str, excuses: &[Excuse]) -> Vec<Mutant> {
    let Ok(config) = parse(text, "nginx.conf") else { return Vec::new() };
    let tree = Tree::of(&config, text);
    let mut made: Vec<Mutant> = Vec::new();
    for node in &tree.nodes {
        let directive = node.directive;
        let lines: String = text[directive.span.clone()].chars().filter(|c| *c == '\n').collect();
        let without = (format!("without `{}`", shortened(&head(directive))), directive.span.clone(), lines);
        let removal = std::iter::once((REMOVAL_FAMILY, without));
        for (family, (name, range, by)) in
            removal.chain(typos(directive).into_iter().map(|typo| (VALUE_FAMILY, typo)))
        {
            let place = tree.place(node.parent);
            let fits = |excuse: &&Excuse| {
                excuse.name == name && excuse.place.as_ref().is_none_or(|wanted| *wanted == place)
            };
            let excuse = excuses.iter().find(fits);
            let mutant = Mutant {
                family: family.to_owned(),
                mistake: "A typo.".to_owned(),
                meant: ExpectedRules::Tags(node.marks.clone()),
                text: format!("{}{by}{}", &text[..range.start], &text[range.end..]),
                line: directive.line(),
                equivalent: excuse.and_then(|excuse| excuse.equivalent.clone()),
                slow: excuse.is_some_and(|excuse| excuse.needs == Some(Needs::Slow)),
                name,
                place,
            };
            // Two typos may have the same result.
            if mutant.text != text && made.iter().all(|other| other.text != mutant.text) {
                made.push(mutant);
            }
        }
    }
    made
}

/// The typos in a directive's values.
fn typos(directive: &Directive) -> Vec<Typo> {
    let mut typos = Vec::new();
    let said = shortened(&head(directive));
    let words = words(directive);
    for Word { raw, range } in &words {
        let range = range.clone();
        if words.len() > 1 && directive.block.is_none() && !is_wordy(raw) {
            typos.push((format!("`{said}` without `{}`", shortened(raw)), range.clone(), String::new()));
        }
        for item in items(raw) {
            let left = raw.replacen(item.as_str(), "", 1);
            typos.push((
                format!("`{said}` without `{}`", item.trim_matches([',', ' '])),
                range.clone(),
                left,
            ));
        }
        if let (Some(wrong), false) = (wrong(raw), is_wordy(raw)) {
            typos.push((format!("`{said}` with `{wrong}` for `{raw}`"), range, wrong));
        }
    }
    typos
}

/// Whether an argument is quoted text of several words, such as a log format.
fn is_wordy(raw: &str) -> bool {
    raw.starts_with(['\'', '"']) && raw.contains(' ')
}

/// The items of a quoted list, with their separators.
fn items(raw: &str) -> Vec<String> {
    let inner = raw.trim_matches(['\'', '"']);
    if inner.len() == raw.len() || !inner.trim().contains(' ') {
        return Vec::new();
    }
    match inner.contains(", ") {
        true => {
            let items: Vec<&str> = inner.split(", ").collect();
            let last = items.len() - 1;
            let with_comma = |(nth, item): (usize, &&str)| {
                if nth == last { format!(", {item}") } else { format!("{item}, ") }
            };
            items.iter().enumerate().map(with_comma).collect()
        }
        false => inner.split_inclusive(' ').map(str::to_owned).collect(),
    }
}

/// The value with a typo, if there is a plausible one.
fn wrong(raw: &str) -> Option<String> {
    let (open, rest) = raw.split_at(raw.find(|c| !matches!(c, '\'' | '"' | '(')).unwrap_or(raw.len()));
    let inner = rest.trim_end_matches(['\'', '"', ')']);
    let close = &rest[inner.len()..];
    let digits = inner.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let changed = match inner {
        "on" => "off".to_owned(),
        "off" => "on".to_owned(),
        "*" => "http://shop.test".to_owned(),
        "1.1" => "1.0".to_owned(),
        "~" => "~*".to_owned(),
        "=" => "!=".to_owned(),
        _ if digits > 0 && inner[digits..].chars().all(char::is_alphabetic) => {
            let number: u64 = inner[..digits].parse().ok()?;
            let other = if number >= 1000 { number / 2 } else { number + 1 };
            format!("{other}{}", &inner[digits..])
        }
        _ => match inner.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?))) {
            Some((host, port)) => format!("{host}:{}", port.saturating_add(7)),
            None => {
                let mut shorter = inner.chars();
                shorter.next_back()?;
                Some(shorter.as_str())
                    .filter(|shorter| shorter.chars().any(char::is_alphanumeric))?
                    .to_owned()
            }
        },
    };
    Some(format!("{open}{changed}{close}"))
}

/// Shortens a text for a name.
fn shortened(text: &str) -> String {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if joined.chars().count() <= 60 { joined } else { joined.chars().take(40).chain("…".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directive_is_removed_once_and_every_value_is_wrong_once() {
        let text = "sendfile on;\nadd_header 'A' 'GET, POST';\nlocation /api { return 204; }\n";
        let excuses = [Excuse {
            name: "without `sendfile on`".to_owned(),
            place: None,
            equivalent: Some("only speed".to_owned()),
            needs: None,
        }];
        let made: Vec<String> = mutants_of(text, &excuses)
            .iter()
            .map(|mutant| {
                format!("{}:{}{}", mutant.line, mutant.title(), mutant.equivalent.clone().unwrap_or_default())
            })
            .collect();
        assert_eq!(
            made,
            [
                "1:without `sendfile on` in mainonly speed",
                "1:`sendfile on` with `off` for `on` in main",
                "2:without `add_header 'A' 'GET, POST'` in main",
                "2:`add_header 'A' 'GET, POST'` without `'A'` in main",
                "2:`add_header 'A' 'GET, POST'` without `GET` in main",
                "2:`add_header 'A' 'GET, POST'` without `POST` in main",
                "3:without `location /api` in main",
                "3:`location /api` with `/ap` for `/api` in main",
                "3:without `return 204` in location /api",
                "3:`return 204` with `205` for `204` in location /api",
            ]
        );
    }

    #[test]
    fn a_typo_fits_its_value() {
        let typos = ["$http_upgrade", "'OPTIONS')", "1024", "65", "a.test:1025", "/www/", "/", "1.1"];
        let wrong: Vec<Option<String>> = typos.iter().map(|raw| wrong(raw)).collect();
        let wrong: Vec<&str> = wrong.iter().map(|typo| typo.as_deref().unwrap_or("-")).collect();
        assert_eq!(wrong, ["$http_upgrad", "'OPTION')", "512", "66", "a.test:1032", "/www", "-", "1.0"]);
    }
}
