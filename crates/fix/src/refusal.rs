//! A configuration that no nginx starts with, for a name that it does not know.

use std::sync::LazyLock;

use nginx_conf::table;
use regex::Regex;

use crate::conf::{Conf, Entry};
use crate::edit::Edit;
use crate::fault::State;
use crate::proposal::Proposal;

/// What nginx says of a directive and of a variable that it does not know.
static UNKNOWN_DIRECTIVE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"unknown directive "([^"]+)""#).ok());
static UNKNOWN_VARIABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"unknown "([^"]+)" variable"#).ok());

/// Blocks that give values to the variable they name last.
const VALUE_BLOCKS: [&str; 3] = ["map", "geo", "split_clients"];

/// The edits after which the engine may accept the configuration, of which it has `said` this.
pub(crate) fn proposals(said: &str, state: &State) -> Vec<Proposal> {
    let named = |pattern: &LazyLock<Option<Regex>>| {
        pattern.as_ref().and_then(|pattern| pattern.captures(said)).map(|found| found[1].to_owned())
    };
    let directive = named(&UNKNOWN_DIRECTIVE).and_then(|wrong| directive(&wrong, &state.conf));
    let variable = named(&UNKNOWN_VARIABLE).and_then(|wrong| variable(&wrong, &state.conf));
    directive.into_iter().chain(variable).collect()
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
