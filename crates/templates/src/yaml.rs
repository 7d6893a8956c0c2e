//! YAML as a tree in which every node knows its line.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use thiserror::Error;

/// More nodes than any file of this kind has, those that aliases repeat included.
const MAX_NODES: usize = 200_000;

/// Deeper than any file of this kind.
const MAX_DEPTH: usize = 64;

/// Why a text is not YAML.
#[derive(Debug, Error)]
#[error("{message} in line {line}")]
pub(crate) struct YamlError {
    /// Where.
    pub(crate) line: usize,
    message: String,
}

/// A node of a document.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The line it begins in, counted from 1.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A string, a number, a truth value or nothing.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in order.
    Map(Vec<(Node, Node)>),
}

/// A scalar, as text.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// `|`, whose lines are those of the file.
    pub(crate) is_literal: bool,
    /// Not quoted, so that `null` and `~` are nothing.
    pub(crate) is_plain: bool,
}

impl Node {
    fn scalar(starts: usize, text: &str, style: ScalarStyle) -> Node {
        let is_plain = style == ScalarStyle::Plain;
        let is_literal = style == ScalarStyle::Literal;
        // That of a literal is told as the line of its first text, below its mark and any empty lines.
        let above = if is_literal { 1 + text.bytes().take_while(|byte| *byte == b'\n').count() } else { 0 };
        let line = starts.saturating_sub(above);
        Node { line, value: Value::Scalar(Scalar { text: text.to_owned(), is_literal, is_plain }) }
    }

    /// The text of a scalar that is something.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => {
                let is_null =
                    scalar.is_plain && matches!(&scalar.text[..], "" | "~" | "null" | "Null" | "NULL");
                (!is_null).then_some(scalar.text.as_str())
            }
            _ => None,
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping, those that `<<` brings in behind its own; none of anything else.
    pub(crate) fn entries(&self) -> Vec<(&str, &Node)> {
        self.entries_below(0)
    }

    fn entries_below(&self, depth: usize) -> Vec<(&str, &Node)> {
        let Value::Map(entries) = &self.value else { return Vec::new() };
        let mut found: Vec<(&str, &Node)> = Vec::new();
        let mut merged = Vec::new();
        for (key, value) in entries {
            match key.text() {
                Some("<<") if depth < MAX_DEPTH => match &value.value {
                    Value::List(items) => {
                        merged.extend(items.iter().flat_map(|item| item.entries_below(depth + 1)));
                    }
                    _ => merged.extend(value.entries_below(depth + 1)),
                },
                Some(key) => found.push((key, value)),
                None => {}
            }
        }
        for (key, value) in merged {
            if !found.iter().any(|(known, _)| *known == key) {
                found.push((key, value));
            }
        }
        found
    }

    /// The value of a mapping's key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().into_iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// The text of a mapping's key.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::text)
    }

    fn depth(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(_) => 0,
            Value::List(items) => items.iter().map(Node::depth).max().unwrap_or(0),
            Value::Map(entries) => {
                entries.iter().map(|(key, value)| key.depth().max(value.depth())).max().unwrap_or(0)
            }
        }
    }

    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(_) => 0,
            Value::List(items) => items.iter().map(Node::size).sum(),
            Value::Map(entries) => entries.iter().map(|(key, value)| key.size() + value.size()).sum(),
        }
    }
}

/// A list or mapping that is still open.
struct Open {
    line: usize,
    anchor: usize,
    is_map: bool,
    nodes: Vec<Node>,
}

/// The documents of `text`.
///
/// # Errors
/// Where it is not YAML, or is too large or deep.
pub(crate) fn documents(text: &str) -> Result<Vec<Node>, YamlError> {
    let mut documents = Vec::new();
    let mut anchors: HashMap<usize, Node> = HashMap::new();
    let mut open: Vec<Open> = Vec::new();
    let mut nodes = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event
            .map_err(|error| YamlError { line: error.marker().line(), message: error.info().to_owned() })?;
        let line = span.start.line();
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => (Node::scalar(line, &text, style), anchor),
            Event::Alias(anchor) => match anchors.get(&anchor) {
                Some(node) => {
                    nodes += node.size();
                    if nodes > MAX_NODES || open.len() + node.depth() > MAX_DEPTH {
                        return Err(YamlError { line, message: "aliases that repeat too much".to_owned() });
                    }
                    (node.clone(), 0)
                }
                None => return Err(YamlError { line, message: "an alias of what contains it".to_owned() }),
            },
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                let is_map = matches!(event, Event::MappingStart(..));
                if open.len() == MAX_DEPTH {
                    return Err(YamlError { line, message: format!("more than {MAX_DEPTH} levels") });
                }
                open.push(Open { line, anchor, is_map, nodes: Vec::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open { line, anchor, is_map: false, nodes }) => {
                    (Node { line, value: Value::List(nodes) }, anchor)
                }
                Some(Open { line, anchor, is_map: true, nodes }) => {
                    let mut nodes = nodes.into_iter();
                    let pairs = std::iter::from_fn(|| Some((nodes.next()?, nodes.next()?)));
                    (Node { line, value: Value::Map(pairs.collect()) }, anchor)
                }
                None => continue,
            },
            _ => continue,
        };
        nodes += 1;
        if nodes > MAX_NODES {
            return Err(YamlError { line, message: format!("more than {MAX_NODES} nodes") });
        }
        if anchor != 0 {
            anchors.insert(anchor, node.clone());
        }
        match open.last_mut() {
            Some(outer) => outer.nodes.push(node),
            None => documents.push(node),
        }
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_lines_and_merges_are_followed() {
        let text = "x-env: &env\n  A: 1\n  B: two\nweb:\n  <<: *env\n  B: 'null'\n  C: ~\n---\n- z\n";
        let documents = documents(text).unwrap();
        let web = documents[0].get("web").unwrap();
        let found: Vec<_> = web.entries().iter().map(|(key, node)| (*key, node.text(), node.line)).collect();
        assert_eq!(found, [("B", Some("null"), 6), ("C", None, 7), ("A", Some("1"), 2)]);
        assert_eq!((documents[1].items()[0].text(), documents[1].items()[0].line), (Some("z"), 9));
    }

    #[test]
    fn a_literal_s_lines_begin_below_its_mark() {
        let documents = documents("a:\n  b: |\n\n    one\n    two\n").unwrap();
        let node = documents[0].get("a").unwrap().get("b").unwrap();
        let Value::Scalar(scalar) = &node.value else { panic!("{node:?}") };
        assert_eq!((node.line, &scalar.text[..], scalar.is_literal), (2, "\none\ntwo\n", true));
    }

    #[test]
    fn what_repeats_itself_without_end_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for nth in 1..9 {
            let inner = vec![format!("*a{}", nth - 1); 10].join(", ");
            bomb += &format!("a{nth}: &a{nth} [{inner}]\n");
        }
        assert!(documents(&bomb).unwrap_err().to_string().contains("aliases that repeat too much"));
        assert!(documents(&"[".repeat(1_000)).is_err());
        assert!(documents("a: &a [*a]").is_err());
        assert!(documents("a: [").is_err());
    }
}
