//! Regular expressions: PCRE in nginx, `fancy-regex` here.

use fancy_regex::{BytesMode, RegexBuilder};

use super::variables::{Definition, VariableNames};
use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::Pattern;
use crate::source::Word;

/// Escapes that mean something else to PCRE.
const AMBIGUOUS_ESCAPES: &[char] = &['h', 'H', 'v', 'V', 'N', 'O', 'X', 'C'];

/// Compiles `source`, a part of `word`; each named capture makes a variable.
pub(crate) fn pattern(
    variables: &mut VariableNames,
    directive: &Directive,
    word: &Word,
    source: &str,
    caseless: bool,
) -> Result<Pattern, ConfigError> {
    let refused = |reason: &str| {
        directive.error_at(word, format!("regular expression \"{source}\" cannot be compiled: {reason}"))
    };
    // nginx compiles for bytes unless the expression asks for UTF-8.
    let utf8 = ["(*UTF8)", "(*UTF)"].into_iter().find_map(|verb| source.strip_prefix(verb));
    let mode = if utf8.is_some() { BytesMode::UnicodeBytes } else { BytesMode::Ascii };
    let expression = utf8.unwrap_or(source);
    if let Some(escape) = ambiguous_escape(expression) {
        return Err(refused(&format!("\"\\{escape}\" is not supported here")));
    }
    if has_misplaced_quantifier(expression) {
        return Err(refused("quantifier does not follow a repeatable item"));
    }
    let regex = RegexBuilder::new(expression).case_insensitive(caseless).bytes_mode(mode).build();
    let regex = regex.map_err(|error| refused(&reason(&error.to_string())))?;
    let mut named = Vec::new();
    for (group, name) in regex.capture_names().enumerate() {
        if let Some(name) = name {
            if !is_name(name) {
                return Err(refused("syntax error in subpattern name"));
            }
            named.push((group, variables.define(directive, word, name, Definition::Capture)?));
        }
    }
    Ok(Pattern { source: source.to_owned(), regex, named })
}

/// Whether PCRE takes this as the name of a group: `fancy-regex` is less strict.
fn is_name(name: &str) -> bool {
    const MAX_NAME_LENGTH: usize = 32;
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.len() <= MAX_NAME_LENGTH
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(word)
}

fn ambiguous_escape(expression: &str) -> Option<char> {
    let mut characters = expression.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            let escaped = characters.next()?;
            if AMBIGUOUS_ESCAPES.contains(&escaped) {
                return Some(escaped);
            }
        }
    }
    None
}

/// Whether what stands for no character is to be repeated, as in `$+` or `\b*`: PCRE takes that for a mistake.
fn has_misplaced_quantifier(expression: &str) -> bool {
    let mut rest = expression;
    let mut is_class = false;
    while let Some(character) = rest.chars().next() {
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        let is_assertion = match character {
            '\\' => {
                let escaped = rest.chars().next();
                rest = rest.get(escaped.map_or(0, char::len_utf8)..).unwrap_or_default();
                escaped.is_some_and(|escaped| "bBAzZG".contains(escaped))
            }
            '[' if !is_class => {
                is_class = true;
                // A bracket right behind it stands for itself.
                rest = rest.strip_prefix('^').unwrap_or(rest);
                rest = rest.strip_prefix(']').unwrap_or(rest);
                false
            }
            ']' => {
                is_class = false;
                false
            }
            character => matches!(character, '^' | '$'),
        };
        if is_assertion && !is_class && begins_with_quantifier(rest) {
            return true;
        }
    }
    false
}

fn begins_with_quantifier(text: &str) -> bool {
    let counts = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(counts, _)| counts);
    let (least, most) = counts.map_or(("", ""), |counts| counts.split_once(',').unwrap_or((counts, "")));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    text.starts_with(['*', '+', '?']) || (!least.is_empty() && is_number(least) && is_number(most))
}

/// The last line of what the compiler says, without its own preface.
fn reason(text: &str) -> String {
    let last = text.lines().last().unwrap_or_default().trim();
    let words = match last.strip_prefix("Parsing error at position ").and_then(|rest| rest.split_once(": ")) {
        Some((_, reason)) => reason,
        None => last.strip_prefix("error: ").unwrap_or(last),
    };
    let mut reason: String = words.chars().take(1).flat_map(char::to_lowercase).collect();
    reason.extend(words.chars().skip(1));
    reason
}
