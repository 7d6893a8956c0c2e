//! Variables, and what gives them their values.

use crate::tree::Node;

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
pub(crate) fn add_values<'a>(
    nodes: &mut dyn Iterator<Item = &'a Node>,
    name: &str,
    values: &mut Vec<&'a str>,
) {
    let is_it = |word: &str| {
        variable(word).is_some_and(|(other, rest)| {
            // Names of variables are the same whatever their case.
            rest.is_empty() && other.eq_ignore_ascii_case(name)
        })
    };
    for node in nodes {
        if node.is("set") && is_it(node.arg(0)) {
            values.push(node.arg(1));
        } else if VALUE_BLOCKS.iter().any(|block| node.is(block))
            && node.args.last().is_some_and(|word| is_it(word))
        {
            values.extend(node.inner.iter().filter(|entry| entry.args.len() == 1).map(|entry| entry.arg(0)));
        } else if node.is("if") {
            add_values(&mut node.inner.iter(), name, values);
        }
    }
}
