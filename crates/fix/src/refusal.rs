//! A configuration that no nginx starts with: for a name that it does not know, or for a slip of the pen.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hopcheck_targets::conf::Source;
use nginx_conf::{is_known, table};
use regex::Regex;

use crate::conf::{Conf, Entry};
use crate::edit::Edit;
use crate::files::Files;
use crate::proposal::Proposal;

/// What nginx says of a directive and of a variable that it does not know.
static UNKNOWN_DIRECTIVE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"unknown directive "([^"]+)""#).ok());
static UNKNOWN_VARIABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"unknown "([^"]+)" variable"#).ok());

static INVALID_CONDITION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"invalid condition "\(?([^"]+?)\)?""#).ok());

/// What nginx says where a `;` is missing.
const UNENDED: [&str; 4] = [
    "invalid number of arguments in \"",
    "is not terminated by \";\"",
    "unexpected \"}\"",
    "invalid parameter \"",
];

/// Blocks that give values to the variable they name last.
const VALUE_BLOCKS: [&str; 3] = ["map", "geo", "split_clients"];

/// What is to be done so that the engine accepts the configuration, of which it has `said` this, and the files that are others then.
pub(crate) fn mended(
    said: &str,
    files: &Files,
    source: &Source,
) -> Option<(String, BTreeMap<String, String>)> {
    let named = |pattern: &LazyLock<Option<Regex>>| {
        pattern.as_ref().and_then(|pattern| pattern.captures(said)).map(|found| found[1].to_owned())
    };
    if UNENDED.iter().any(|message| said.contains(message)) {
        return semicolon(files);
    }
    let conf = Conf::read(files, source)?;
    let of_directive = || named(&UNKNOWN_DIRECTIVE).and_then(|wrong| directive(&wrong, &conf));
    let of_variable = || named(&UNKNOWN_VARIABLE).and_then(|wrong| variable(&wrong, &conf));
    let of_condition = || named(&INVALID_CONDITION).and_then(|wrong| condition(&wrong, &conf));
    let Proposal { title, edit, .. } = of_directive().or_else(of_variable).or_else(of_condition)?;
    Some((title, edit.applied(files)?))
}

/// Ends a directive that goes on in the next line, where another begins.
fn semicolon(files: &Files) -> Option<(String, BTreeMap<String, String>)> {
    for (name, text) in &files.texts {
        let mut begins = 0;
        let lines: Vec<(usize, &str)> = text
            .split_inclusive('\n')
            .map(|line| {
                let at = begins;
                begins += line.len();
                (at, without_comment(line).trim_end())
            })
            .filter(|(_, line)| !line.is_empty() && !line.trim_start().starts_with('#'))
            .collect();
        for pair in lines.windows(2) {
            let [(at, line), (_, next)] = pair else { continue };
            let first = |line: &str| line.split_whitespace().next().map(str::to_owned).unwrap_or_default();
            let goes_on = !line.ends_with([';', '{', '}']) && is_known(&first(line));
            if goes_on && (next.trim_start().starts_with('}') || is_known(&first(next))) {
                let end = at + line.len();
                let mended = format!("{};{}", &text[..end], &text[end..]);
                let title = format!("end `{}` with a `;`", line.trim());
                return Some((title, BTreeMap::from([(name.clone(), mended)])));
            }
        }
    }
    None
}

/// A line up to its comment. What is in quotes is none.
fn without_comment(line: &str) -> &str {
    let is_comment = |at: &usize| line[..*at].matches(['"', '\'']).count().is_multiple_of(2);
    let begins = line.match_indices(" #").map(|(at, _)| at).find(is_comment);
    begins.map_or(line, |at| &line[..at])
}

/// A condition of `if` that begins with the name of a variable, and not with the variable.
fn condition(wrong: &str, conf: &Conf) -> Option<Proposal> {
    let own = conf.all().filter_map(|(_, entry)| set_by(entry));
    let right = table::variables().map(|name| -> &str { name }).chain(own).find(|name| *name == wrong)?;
    let make = Edit::made(|edit| {
        for (_, entry) in conf.all().filter(|(_, entry)| entry.is("if")) {
            let word =
                entry.args.iter().enumerate().find(|(_, word)| word.text.trim_matches(['(', ')']) == right);
            if let Some((nth, word)) = word {
                edit.set_arg(entry, nth, &word.raw.replacen(right, &format!("${right}"), 1));
            }
        }
    });
    Some(Proposal::new(format!("ask for the variable `${right}`"), make))
}

/// The known name that `wrong` is closest to: a letter away, and one more for every five.
fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.map(|name| (strsim::osa_distance(wrong, name), name));
    let (distance, name) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + wrong.chars().count() / 5).then_some(name)
}

fn directive(wrong: &str, conf: &Conf) -> Option<Proposal> {
    let unsupported = table::unsupported().flat_map(|(.., names)| names);
    let right = nearest(wrong, table::commands().map(|command| command.name).chain(unsupported))?;
    let make = Edit::made(|edit| {
        for (_, entry) in conf.all().filter(|(_, entry)| entry.is(wrong)) {
            edit.replace(entry, entry.name.span.clone(), right);
        }
    });
    Some(Proposal::new(format!("spell `{wrong}` as `{right}`"), make))
}

fn variable(wrong: &str, conf: &Conf) -> Option<Proposal> {
    let own = conf.all().filter_map(|(_, entry)| set_by(entry));
    let known = table::variables().map(|name| -> &str { name });
    let right = nearest(wrong, known.chain(own))?;
    // Not where it only begins the name of another.
    let used = Regex::new(&format!(r"\$(\{{?){}\b", regex::escape(wrong))).ok()?;
    let make = Edit::made(|edit| {
        for (_, entry) in conf.all() {
            for (nth, word) in entry.args.iter().enumerate().filter(|(_, word)| used.is_match(&word.raw)) {
                edit.set_arg(entry, nth, &used.replace_all(&word.raw, format!("$$${{1}}{right}")));
            }
        }
    });
    Some(Proposal::new(format!("spell `${wrong}` as `${right}`"), make))
}

/// The variable that a directive gives a value to.
fn set_by(entry: &Entry) -> Option<&str> {
    let is_value_block = VALUE_BLOCKS.iter().any(|name| entry.is(name));
    let word =
        if entry.is("set") { entry.args.first() } else { entry.args.last().filter(|_| is_value_block) };
    word?.text.strip_prefix('$')
}
