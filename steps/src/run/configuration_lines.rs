//! Finds the lines of the configuration that explain a failure, by its hint and message.

use std::collections::BTreeSet;

use nginx_conf::syntax::{Directive, parse};
use regex::Regex;

use hopcheck_report::ConfLine;
use hopcheck_targets::conf::Source;

/// The most lines for a directive that is named without a value.
const MAX_MATCHES: usize = 4;

/// A longer line is reduced to the directive: it was not written by a person.
const MAX_LINE_LENGTH: usize = 160;

/// A directive where it stands.
struct Entry {
    line: ConfLine,
    /// Its name and arguments, without quotes.
    words: Vec<String>,
    /// The block it stands in, as an index.
    parent: Option<usize>,
}

/// The lines that hold what `hint` quotes in backquotes, each with the block it stands in, and those that `message` names
/// as nginx does, `in nginx.conf:41`.
pub(super) fn relevant_lines(source: &Source, hint: &str, message: &str) -> Vec<ConfLine> {
    let mut entries = Vec::new();
    walk_file(source, &source.name, &source.text, &mut entries);
    let quoted: Vec<Vec<&str>> = hint.split('`').skip(1).step_by(2).map(words_of).collect();
    let blocks: BTreeSet<usize> = quoted.iter().flat_map(|words| whole_blocks(&entries, words)).collect();
    let mut shown = blocks.clone();
    for words in &quoted {
        shown.extend(holding(&entries, words, &blocks));
    }
    let parents: Vec<usize> = shown.iter().filter_map(|&nth| entries[nth].parent).collect();
    shown.extend(parents.into_iter().filter(|&nth| entries[nth].words.len() > 1));
    let mut lines: BTreeSet<ConfLine> = shown.into_iter().map(|nth| entries[nth].line.clone()).collect();
    lines.extend(named(source, message));
    lines.into_iter().collect()
}

/// `proxy_pass http://dambae200;` as its words; what stands for anything ends them.
fn words_of(quoted: &str) -> Vec<&str> {
    let words = quoted.split_whitespace().map(|word| word.trim_matches([';', '{', '}', '"', '\'']));
    words.take_while(|word| !word.is_empty() && !word.contains('…')).collect()
}

/// Blocks such as `location ~ ^/stomp/`.
fn whole_blocks(entries: &[Entry], words: &[&str]) -> Vec<usize> {
    let is_parent = |nth: usize| entries.iter().any(|entry| entry.parent == Some(nth));
    (0..entries.len())
        .filter(|&nth| words.len() > 1 && entries[nth].words == *words && is_parent(nth))
        .collect()
}

/// The directives that agree best with `words`, which a mistake may be in; in one of `blocks` if there are any there.
fn holding(entries: &[Entry], words: &[&str], blocks: &BTreeSet<usize>) -> Vec<usize> {
    let agreeing = |entry: &Entry| entry.words.iter().zip(words).take_while(|(a, b)| a == *b).count();
    let best = entries.iter().map(agreeing).max().unwrap_or(0);
    if best == 0 {
        return Vec::new();
    }
    let all: Vec<usize> = (0..entries.len()).filter(|&nth| agreeing(&entries[nth]) == best).collect();
    let inside: Vec<usize> =
        all.iter().copied().filter(|&nth| entries[nth].parent.is_some_and(|p| blocks.contains(&p))).collect();
    let found = if inside.is_empty() { all } else { inside };
    // A name alone says little where there are many of that name.
    let most = match (best, words.len()) {
        (1, 1) => MAX_MATCHES,
        (1, _) => 1,
        _ => usize::MAX,
    };
    if found.len() > most { Vec::new() } else { found }
}

/// The lines that a message names, with their neighbours.
fn named(source: &Source, message: &str) -> Vec<ConfLine> {
    let place = Regex::new(&format!(r"{}:(\d+)", regex::escape(&source.name)));
    let numbers = place.iter().flat_map(|place| place.captures_iter(message));
    let numbers: Vec<usize> = numbers.filter_map(|found| found[1].parse().ok()).collect();
    let near = |number: usize| numbers.iter().any(|named| named.abs_diff(number) <= 1);
    let lines = source.text.lines().enumerate().map(|(nth, text)| (nth + 1, text));
    lines
        .filter(|(number, text)| near(*number) && text.len() <= MAX_LINE_LENGTH)
        .map(|(number, text)| ConfLine { file: source.name.clone(), number, text: text.to_owned() })
        .collect()
}

fn walk_file(source: &Source, file: &str, text: &str, entries: &mut Vec<Entry>) {
    if let Ok(directives) = parse(text, file) {
        let lines: Vec<&str> = text.lines().collect();
        directives.iter().for_each(|directive| walk(source, file, &lines, directive, None, entries));
    }
}

fn walk(
    source: &Source,
    file: &str,
    lines: &[&str],
    directive: &Directive,
    parent: Option<usize>,
    entries: &mut Vec<Entry>,
) {
    let end = if directive.block.is_some() { " {" } else { ";" };
    let number = directive.line();
    let written = lines.get(number.saturating_sub(1)).filter(|line| line.len() <= MAX_LINE_LENGTH);
    let text = written.map_or_else(|| directive.head() + end, |line| line.trim_end().to_owned());
    let words = directive.args.iter().map(|argument| argument.raw.trim_matches(['"', '\'']).to_owned());
    let words = std::iter::once(directive.name.text.clone()).chain(words).collect();
    entries.push(Entry { line: ConfLine { file: file.to_owned(), number, text }, words, parent });
    let here = entries.len() - 1;
    if let (true, Some(pattern)) = (directive.is("include"), directive.arg(0)) {
        for (path, text) in
            source.included(pattern).iter().filter(|(path, _)| path != "mime.types" && path != file)
        {
            walk_file(source, source.origin.name_of(path), text, entries);
        }
    }
    directive.inner().iter().for_each(|inner| walk(source, file, lines, inner, Some(here), entries));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(from: &str, to: &str, hint: &str) -> Vec<String> {
        let mut source = Source::built_in();
        assert!(source.text.contains(from));
        source.text = source.text.replace(from, to);
        relevant_lines(&source, hint, "").into_iter().map(|line| line.text.trim().to_owned()).collect()
    }

    #[test]
    fn a_misspelt_value_is_shown_where_the_hint_says_it_stands() {
        let hint = "See `proxy_set_header Upgrade $http_upgrade;` in `location ~ ^/stomp/`: `nginx -t` finds nothing.";
        assert_eq!(
            lines("$http_upgrade", "$http_upgrage", hint),
            ["location ~ ^/stomp/ {", "proxy_set_header Upgrade $http_upgrage;"]
        );
    }

    #[test]
    fn a_line_that_is_gone_leaves_the_block_it_is_missing_from() {
        let hint = "See `proxy_set_header Upgrade $http_upgrade;` in `location ~ ^/stomp/`.";
        assert_eq!(lines("proxy_set_header Upgrade $http_upgrade;", "", hint), ["location ~ ^/stomp/ {"]);
    }

    #[test]
    fn the_line_that_nginx_names_is_shown_with_its_neighbours() {
        let mut source = Source::built_in();
        (source.name, source.text) = ("a.conf".into(), "one\ntwo\nthree\nfour\n".into());
        let found = relevant_lines(&source, "", "[emerg] unexpected \"}\" in a.conf:2\n");
        assert_eq!(found.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
