//! `if`, `set`, `rewrite`, `break` and `return`: `ngx_http_rewrite_module`.

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::model::{Condition, FileTest, LocationKind, Op, Rewrite};
use crate::read::draft::{Level, LevelId};
use crate::read::reader::{Reader, Setter};
use crate::read::regex;
use crate::read::values::{flag, once};
use crate::read::variables::{Definition, template, template_of};
use crate::source::Word;
use crate::table;
use crate::template::{Part, Template, Variable};
use crate::units::parse_number;

pub(super) const SETTERS: &[(&str, Setter)] = &[
    ("if", if_block),
    ("set", set),
    ("rewrite", rewrite),
    ("break", |r, _| {
        push(r, Op::Break);
        Ok(())
    }),
    ("return", return_),
    ("rewrite_log", |r, d| once(&mut r.settings().rewrite_log, d, flag)),
];

/// `if (condition) { … }`.
fn if_block(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let condition = condition(reader, directive)?;
    let around = reader.http.current();
    let body = reader.enter(Level::new(LocationKind::If, ""));
    let context = match reader.context() {
        table::SERVER => table::SERVER_IF,
        _ => table::LOCATION_IF,
    };
    reader.block(context)?;
    reader.http.leave();
    debug_assert_eq!(around, reader.http.current());
    push(reader, Op::If { condition, then: LevelId::location(body) });
    Ok(())
}

/// `set $variable value`.
fn set(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let Some(name) = word.text.strip_prefix('$').filter(|name| !name.is_empty()) else {
        return Err(directive
            .error_at(word, format!("invalid variable name \"{}\"", word.text))
            .or_help(|| Some(format!("did you mean \"${}\"?", word.text.trim_start_matches('$')))));
    };
    if name.eq_ignore_ascii_case("args") {
        let value = template(&mut reader.http.variables, directive, directive.argument(1))?;
        push(reader, Op::SetArgs(value));
        return Ok(());
    }
    if name.eq_ignore_ascii_case("limit_rate") {
        let value = template(&mut reader.http.variables, directive, directive.argument(1))?;
        push(reader, Op::SetLimitRate(value));
        return Ok(());
    }
    let slot = reader.http.variables.define(directive, word, name, Definition::Set)?;
    let value = template(&mut reader.http.variables, directive, directive.argument(1))?;
    push(reader, Op::Set { slot, value });
    Ok(())
}

/// `rewrite`.
fn rewrite(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let (word, replacement) = (directive.argument(0), directive.argument(1));
    if replacement.text.is_empty() {
        return Err(directive.error_at(replacement, "empty replacement"));
    }
    let pattern = regex::pattern(&mut reader.http.variables, directive, word, &word.text, false)?;
    let text = replacement.text.strip_suffix('?');
    let (text, keeps_args) = (text.unwrap_or(&replacement.text), text.is_none());
    let mut redirect = is_url(text).then_some(302);
    let mut is_last = redirect.is_some();
    let mut stays = false;
    if let Some(flag) = directive.arguments().get(2) {
        is_last = true;
        match flag.text.as_str() {
            "last" => {}
            "break" => stays = true,
            "redirect" => redirect = Some(302),
            "permanent" => redirect = Some(301),
            other => return Err(directive.error_at(flag, format!("invalid parameter \"{other}\""))),
        }
    }
    let mut part = |text: &str| template_of(&mut reader.http.variables, directive, replacement, text);
    let (uri, args) = match text.split_once('?') {
        Some((uri, args)) if redirect.is_none() => (part(uri)?, Some(part(args)?)),
        _ => (part(text)?, None),
    };
    push(reader, Op::Rewrite(Rewrite { pattern, uri, args, keeps_args, redirect, is_last, stays }));
    Ok(())
}

/// `return code`, `return code text`, `return url`.
fn return_(reader: &mut Reader, directive: &Directive) -> Result<(), ConfigError> {
    let word = directive.argument(0);
    let code = parse_number(&word.text).and_then(|code| u16::try_from(code).ok());
    let is_number = parse_number(&word.text).is_some();
    let (code, text) = match (code, directive.arguments().get(1)) {
        (Some(code @ 0..=999), text) => (code, text),
        (None, None) if !is_number && is_url(&word.text) => (302, Some(word)),
        _ => {
            let is_path = word.text.starts_with('/');
            return Err(directive
                .error_at(word, format!("invalid return code \"{}\"", word.text))
                .or_help(|| is_path.then(|| format!("to redirect, write: return 302 {};", word.text))));
        }
    };
    let text = text.map(|word| template(&mut reader.http.variables, directive, word)).transpose()?;
    push(reader, Op::Return { code, text });
    Ok(())
}

fn is_url(text: &str) -> bool {
    ["http://", "https://", "$scheme"].iter().any(|start| text.starts_with(start))
}

fn push(reader: &mut Reader, op: Op) {
    reader.http.level().rewrite.push(op);
}

/// The words of a condition without its parentheses.
fn condition_words(directive: &Directive) -> Result<Vec<Word>, ConfigError> {
    let mut words = directive.arguments().to_vec();
    let invalid = |word: &Word| {
        directive
            .error_at(word, format!("invalid condition \"{}\"", word.text))
            .or_help(|| Some("a condition is written in parentheses: if ($variable = value)".to_owned()))
    };
    if let [only] = &words[..]
        && only.text == "("
    {
        return Err(invalid(only));
    }
    if let Some(first) = words.first_mut() {
        let shorter = first.text.strip_prefix('(').map(str::to_owned);
        first.text = shorter.ok_or_else(|| invalid(first))?;
        if first.span.source.text.get(first.span.start) == Some(&b'(') && !first.text.is_empty() {
            first.span.start += 1;
        }
    }
    if words.first().is_some_and(|first| first.text.is_empty()) {
        words.remove(0);
    }
    if let Some(last) = words.last_mut() {
        let shorter = last.text.strip_suffix(')').map(str::to_owned);
        last.text = shorter.ok_or_else(|| invalid(last))?;
        let end = last.span.end.saturating_sub(1);
        if last.span.source.text.get(end) == Some(&b')') && !last.text.is_empty() {
            last.span.end = end;
        }
    }
    if words.last().is_some_and(|last| last.text.is_empty()) {
        words.pop();
    }
    Ok(words)
}

/// `-f path` and the like.
fn file_condition(
    reader: &mut Reader,
    directive: &Directive,
    words: &[Word],
) -> Result<Condition, ConfigError> {
    let Some(first) = words.first() else { return Err(directive.error("invalid condition")) };
    let invalid = || directive.error_at(first, format!("invalid condition \"{}\"", first.text));
    let [_, path] = words else { return Err(invalid()) };
    let (operator, negated) = match first.text.strip_prefix('!') {
        Some(operator) => (operator, true),
        None => (first.text.as_str(), false),
    };
    let test = match operator {
        "-f" => FileTest::File,
        "-d" => FileTest::Directory,
        "-e" => FileTest::Exists,
        "-x" => FileTest::Executable,
        _ => return Err(invalid()),
    };
    let path = template_of(&mut reader.http.variables, directive, path, &path.text)?;
    Ok(Condition::File { test, path, negated })
}

fn condition(reader: &mut Reader, directive: &Directive) -> Result<Condition, ConfigError> {
    let words = condition_words(directive)?;
    let invalid = |word: &Word| directive.error_at(word, format!("invalid condition \"{}\"", word.text));
    let Some(first) = words.first() else {
        return Err(directive.error("invalid condition \")\"").help("the condition is empty"));
    };
    if matches!(first.text.as_bytes(), [b'-', _] | [b'!', b'-', _]) {
        return file_condition(reader, directive, &words);
    }
    let Some(name) = first.text.strip_prefix('$').filter(|name| !name.is_empty()) else {
        let looks_like_name = first.text.starts_with(|c: char| c.is_ascii_lowercase());
        return Err(
            invalid(first).or_help(|| looks_like_name.then(|| format!("did you mean \"${}\"?", first.text)))
        );
    };
    if words.len() != 1 && words.len() != 3 {
        return Err(invalid(first));
    }
    let number = reader.http.variables.reference(directive, first, name);
    let left = Template { parts: vec![Part::Variable(Variable::Slot(number))] };
    let [_, operator, right] = &words[..] else { return Ok(Condition::True(left)) };
    let (operation, negated) = match operator.text.strip_prefix('!') {
        Some(operation) => (operation, true),
        None => (operator.text.as_str(), false),
    };
    match operation {
        "=" => {
            let right = template_of(&mut reader.http.variables, directive, right, &right.text)?;
            Ok(Condition::Equal { left, right, negated })
        }
        "~" | "~*" => {
            let pattern =
                regex::pattern(&mut reader.http.variables, directive, right, &right.text, operation == "~*")?;
            Ok(Condition::Matches { subject: left, pattern, negated })
        }
        _ => Err(directive
            .error_at(operator, format!("unexpected \"{}\" in condition", operator.text))
            .or_help(|| (operator.text == "==").then(|| "nginx compares with a single \"=\"".to_owned()))),
    }
}
