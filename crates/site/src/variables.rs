//! Variables, and what gives them their values.

use crate::scope::Scope;
use crate::tree::Node;

/// More variables than stand for one another in any real configuration.
const MAX_DEPTH: usize = 8;

/// More values than any real configuration has in one place.
const MAX_VALUES: usize = 32;

/// Blocks that give values to the variable they name last.
const VALUE_BLOCKS: [&str; 3] = ["map", "geo", "split_clients"];

/// The variable at the beginning of `text`, and the rest.
pub(crate) fn variable(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('$')?;
    if let Some(braced) = text.strip_prefix('{') {
        return braced.split_once('}');
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    Some(text.split_at(end))
}

/// The values that the directives `nodes`, and those in an `if` among them, give to a variable.
pub(crate) fn add_values<'a>(nodes: &'a [Node], name: &str, values: &mut Vec<&'a str>) {
    let is_it = |word: &str| variable(word).is_some_and(|(other, rest)| rest.is_empty() && other == name);
    for node in nodes {
        if node.is("set") && is_it(node.arg(0)) {
            values.push(node.arg(1));
        } else if VALUE_BLOCKS.iter().any(|block| node.is(block))
            && node.args.last().is_some_and(|word| is_it(word))
        {
            values.extend(node.inner.iter().filter(|entry| entry.args.len() == 1).map(|entry| entry.arg(0)));
        } else if node.is("if") {
            add_values(&node.inner, name, values);
        }
    }
}

/// `text` with each value of each variable in it that the blocks around give one, in their order. `None` where one has others, or
/// there are too many.
pub(crate) fn expand(scope: &Scope<'_>, text: &str) -> Option<Vec<String>> {
    expand_within(scope, text, 0)
}

fn expand_within(scope: &Scope<'_>, text: &str, depth: usize) -> Option<Vec<String>> {
    let Some(at) = text.find('$') else { return Some(vec![text.to_owned()]) };
    let (name, rest) = variable(&text[at..]).filter(|(name, _)| !name.is_empty())?;
    let values = scope.values_of(name);
    if values.is_empty() || depth > MAX_DEPTH {
        return None;
    }
    let mut found = Vec::new();
    for value in values {
        for value in expand_within(scope, value, depth + 1)? {
            for rest in expand_within(scope, rest, depth + 1)? {
                let whole = format!("{}{value}{rest}", &text[..at]);
                if !found.contains(&whole) {
                    found.push(whole);
                }
                if found.len() > MAX_VALUES {
                    return None;
                }
            }
        }
    }
    Some(found)
}
