//! Makes a fault in a configuration, at every place where it applies.

use std::ops::Range;

use nginx_conf::syntax::{Directive, parse};

use super::catalogue::{Edit, Fault, Needs};
use super::expected_rules::ExpectedRules;
use super::place::Place;
use super::tree::{Tree, begins, words};
use nginx_conf::edit::Edits;

/// A configuration with one fault in it.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// The family it belongs to.
    pub family: String,
    /// What is wrong.
    pub name: String,
    /// The block with the fault, such as `location /api`; may be empty.
    pub place: String,
    /// The mistake behind the fault.
    pub mistake: String,
    /// The rules that should notice.
    pub meant: ExpectedRules,
    /// The configuration.
    pub text: String,
    /// The line of the fault, from 1.
    pub line: usize,
    /// Why it cannot be noticed, if so.
    pub equivalent: Option<String>,
    /// Whether only `@slow` scenarios can notice.
    pub slow: bool,
}

impl Mutant {
    /// Its name and place: `no Upgrade in location ~ ^/stomp/`.
    pub fn title(&self) -> String {
        if self.place.is_empty() { self.name.clone() } else { format!("{} in {}", self.name, self.place) }
    }

    /// Its title with its family, as in lists.
    pub fn full_name(&self) -> String {
        format!("{}: {}", self.family, self.title())
    }
}

/// One way to make an edit at one place.
struct Change {
    range: Range<usize>,
    text: String,
    /// What distinguishes it from the edit's other texts.
    what: String,
    /// The place, for display.
    place: String,
    line: usize,
}

/// The mutants of one fault.
pub(super) fn mutants_of(family: &str, fault: &Fault, text: &str) -> Vec<Mutant> {
    let Ok(config) = parse(text, "nginx.conf") else { return Vec::new() };
    let tree = Tree::of(&config, text);
    let Some((first, others)) = fault.edits.split_first() else { return Vec::new() };
    let firsts = changes(first, &tree, text);
    let others: Vec<Vec<Change>> = others.iter().map(|edit| changes(edit, &tree, text)).collect();
    if others.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    let groups: Vec<Vec<&Change>> = match fault.everywhere {
        true if firsts.is_empty() => Vec::new(),
        true => vec![firsts.iter().collect()],
        false => firsts.iter().map(|change| vec![change]).collect(),
    };
    let mutant = |group: Vec<&Change>| {
        let mut edits = Edits::default();
        for change in group.iter().copied().chain(others.iter().flatten()) {
            edits.replace(change.range.clone(), change.text.clone());
        }
        let change = group.first()?;
        let name = match change.what.as_str() {
            "" => fault.name.clone(),
            what => format!("{}: {what}", fault.name),
        };
        let place = if fault.everywhere { String::new() } else { change.place.clone() };
        let mutated = edits.apply(text);
        (mutated != text).then(|| Mutant {
            family: family.to_owned(),
            name,
            place,
            mistake: fault.mistake.clone(),
            meant: ExpectedRules::Rules(fault.rules.clone()),
            text: mutated,
            line: change.line,
            equivalent: fault.equivalent.clone(),
            slow: fault.needs == Some(Needs::Slow),
        })
    };
    groups.into_iter().filter_map(mutant).collect()
}

/// Every way to make an edit: at every place, with each of its texts.
fn changes(edit: &Edit, tree: &Tree<'_>, text: &str) -> Vec<Change> {
    let mut found = Vec::new();
    match edit {
        Edit::Remove { place, remove } => {
            for (nth, directive) in named(tree, *place, remove) {
                let kept = text[directive.span.clone()].chars().filter(|c| *c == '\n').collect();
                found.push(change(tree, nth, directive.span.clone(), kept, ""));
            }
        }
        Edit::Set { place, set, to } => {
            let arguments = set.split_whitespace().count() - 1;
            let named = named(tree, *place, set);
            for &(nth, directive) in &named {
                let parent = tree.nodes[nth].parent;
                let alike = named.iter().filter(|(other, _)| tree.nodes[*other].parent == parent).count();
                let range = after(directive, arguments)..end_of_arguments(directive);
                let old = text[range.clone()].trim();
                for value in to {
                    let value = filled(value, tree, parent);
                    let what =
                        if alike > 1 { format!("{old} -> {value}") } else { several(to, &value).to_owned() };
                    found.push(change(tree, nth, range.clone(), format!(" {value}"), &what));
                }
            }
        }
        Edit::Extend { place, extend, with } => {
            for (nth, directive) in named(tree, *place, extend) {
                for value in with {
                    let end = end_of_arguments(directive);
                    let of = directive.arg(0).unwrap_or_default();
                    let what = format!("{of} {value}");
                    found.push(change(tree, nth, end..end, format!(" {value}"), &what));
                }
            }
        }
        Edit::Swap { place, of, swap } => {
            for (nth, directive) in named(tree, *place, of) {
                let range = directive.name.span.end..end_of_arguments(directive);
                for [old, new] in swap {
                    let arguments = &text[range.clone()];
                    let what = if swap.len() == 1 {
                        String::new()
                    } else {
                        format!("{} -> {}", old.trim(), new.trim())
                    };
                    found.push(change(
                        tree,
                        nth,
                        range.clone(),
                        arguments.replacen(old.as_str(), new, 1),
                        &what,
                    ));
                }
            }
        }
        Edit::Replace { place, replace, by } => {
            for (nth, directive) in named(tree, *place, replace) {
                for value in by {
                    let value = filled(value, tree, tree.nodes[nth].parent);
                    found.push(change(tree, nth, directive.span.clone(), value.clone(), several(by, &value)));
                }
            }
        }
        Edit::Add { place, add } => {
            for block in blocks(tree, *place) {
                let at = block.and_then(|nth| tree.nodes[nth].directive.block.as_ref());
                let at = at.map_or(0, |block| block.span.start);
                let line = block.map_or(1, |nth| tree.nodes[nth].directive.line());
                for value in add {
                    let text = format!(" {} ", filled(value, tree, block));
                    let what = several(add, value).to_owned();
                    found.push(Change { range: at..at, text, what, place: tree.place(block), line });
                }
            }
        }
        Edit::Head { place, head } => {
            for nth in blocks(tree, *place).into_iter().flatten() {
                let directive = tree.nodes[nth].directive;
                let range = directive.span.start..end_of_arguments(directive);
                for value in head {
                    let value = filled(value, tree, Some(nth));
                    let what = if head.len() == 1 { "" } else { value.as_str() };
                    let mut change = change(tree, nth, range.clone(), value.clone(), what);
                    change.place = tree.place(Some(nth));
                    found.push(change);
                }
            }
        }
        Edit::Unfinished { place, unfinished } => {
            for (nth, directive) in named(tree, *place, unfinished) {
                let end = directive.span.end;
                found.push(change(tree, nth, end - 1..end, String::new(), ""));
            }
        }
    }
    found
}

fn change(tree: &Tree<'_>, nth: usize, range: Range<usize>, text: String, what: &str) -> Change {
    let node = &tree.nodes[nth];
    let line = node.directive.line();
    Change { range, text, what: what.to_owned(), place: tree.place(node.parent), line }
}

/// Distinguishes one text of several; empty if there is only one.
fn several<'a>(all: &[String], one: &'a str) -> &'a str {
    if all.len() == 1 { "" } else { one }
}

/// The directives of that name in such a place.
fn named<'t>(tree: &'t Tree<'_>, place: Place, words: &str) -> Vec<(usize, &'t Directive)> {
    let nodes = tree.nodes.iter().enumerate();
    nodes
        .filter(|(_, node)| begins(node.directive, words) && place.is(tree, node.parent))
        .map(|(nth, node)| (nth, node.directive))
        .collect()
}

/// The blocks that are such a place.
fn blocks(tree: &Tree<'_>, place: Place) -> Vec<Option<usize>> {
    let with_block = (0..tree.nodes.len()).filter(|nth| tree.nodes[*nth].directive.block.is_some()).map(Some);
    std::iter::once(None).chain(with_block).filter(|nth| place.is(tree, *nth)).collect()
}

/// The end of the last argument.
fn end_of_arguments(directive: &Directive) -> usize {
    after(directive, words(directive).len())
}

/// The end of the name and that many arguments.
fn after(directive: &Directive, arguments: usize) -> usize {
    let words = words(directive);
    let last = arguments.checked_sub(1).and_then(|nth| words.get(nth));
    last.map_or(directive.name.span.end, |word| word.range.end)
}

/// Fills in the placeholders of a text.
fn filled(text: &str, tree: &Tree<'_>, block: Option<usize>) -> String {
    let first = |name: &str| {
        let mut named = tree.nodes.iter().filter(|node| node.directive.is(name));
        named
            .find_map(|node| words(node.directive).into_iter().next())
            .map(|word| word.raw)
            .unwrap_or_default()
    };
    let path = block.and_then(|nth| words(tree.nodes[nth].directive).pop()).map(|word| word.raw);
    let text = text.replace("{root}", &first("root")).replace("{app}", &first("proxy_pass"));
    text.replace("{path}", path.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "http {\n  upstream a { server b:1; server b:2; }\n  server {\n    location /api {\n      \
                        proxy_pass http://a;\n    }\n  }\n}\n";

    fn made(edit: &str) -> Vec<String> {
        let fault: Fault = toml::from_str(&format!("name = 'N'\nmistake = 'M'\nedit = {edit}\n")).unwrap();
        let told = |mutant: Mutant| {
            let changed = mutant.text.lines().zip(CONF.lines()).find(|(new, old)| new != old);
            let line = changed.map(|(new, _)| new.split_whitespace().collect::<Vec<_>>().join(" "));
            format!("{}:{} | {}", mutant.line, mutant.title(), line.unwrap_or_default())
        };
        mutants_of("f", &fault, CONF).into_iter().map(told).collect()
    }

    #[test]
    fn a_fault_is_made_at_every_place_where_it_applies() {
        assert_eq!(
            made("{ in = 'upstream', extend = 'server', with = ['down', 'backup'] }"),
            [
                "2:N: b:1 down in upstream a | upstream a { server b:1 down; server b:2; }",
                "2:N: b:1 backup in upstream a | upstream a { server b:1 backup; server b:2; }",
                "2:N: b:2 down in upstream a | upstream a { server b:1; server b:2 down; }",
                "2:N: b:2 backup in upstream a | upstream a { server b:1; server b:2 backup; }",
            ]
        );
        assert!(made("{ in = 'socket', add = 'proxy_buffering off;' }").is_empty());
    }

    #[test]
    fn directives_are_removed_changed_and_added_and_blocks_renamed() {
        assert_eq!(
            made("{ in = 'upstream', remove = 'server b:2' }"),
            ["2:N in upstream a | upstream a { server b:1; }"]
        );
        assert_eq!(
            made("{ set = 'proxy_pass', to = 'http://b' }"),
            ["5:N in location /api | proxy_pass http://b;"]
        );
        assert_eq!(
            made("{ in = 'api', head = 'location = {path}' }"),
            ["4:N in location /api | location = /api {"]
        );
        assert_eq!(
            made("{ in = 'server', add = 'location ^~ /x { proxy_pass {app}; }' }"),
            ["3:N in server | server { location ^~ /x { proxy_pass http://a; }"]
        );
        assert_eq!(made("{ unfinished = 'proxy_pass' }"), ["5:N in location /api | proxy_pass http://a"]);
        assert_eq!(
            made("{ of = 'proxy_pass', swap = [['//a', '//c']] }"),
            ["5:N in location /api | proxy_pass http://c;"]
        );
    }
}
