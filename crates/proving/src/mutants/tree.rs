//! The directives of a configuration as a flat list, each with its block.

use std::ops::Range;

use nginx_conf::syntax::Directive;

/// A directive and its place.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// The directive.
    pub(super) directive: &'a Directive,
    /// The index of the directive whose block contains it; `None` for the main context.
    pub(super) parent: Option<usize>,
    /// Its marks, such as `D4`: from the comment above it, else from the line above it, else from its block.
    pub(super) marks: Vec<String>,
}

/// Every directive, blocks before what is in them.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
}

impl<'a> Tree<'a> {
    /// The directives of `config`, which was read from `text`.
    pub(super) fn of(config: &'a [Directive], text: &str) -> Tree<'a> {
        let mut tree = Tree { nodes: Vec::new() };
        tree.add(config, text, None);
        tree
    }

    fn add(&mut self, directives: &'a [Directive], text: &str, parent: Option<usize>) {
        let inherited = parent.map(|nth| self.nodes[nth].marks.clone()).unwrap_or_default();
        let mut above: Vec<String> = Vec::new();
        for directive in directives {
            let lines: Vec<&str> = text[directive.leading.clone()].split('\n').collect();
            // A comment on the line of the previous directive belongs to that one.
            let first = usize::from(directive.leading.start > 0);
            let above_it = lines.get(first..lines.len() - 1).unwrap_or_default();
            if !above_it.is_empty() {
                above.clear();
            }
            for line in above_it {
                match line.trim_start().strip_prefix('#') {
                    Some(comment) => above.extend(marks(comment)),
                    None => above.clear(),
                }
            }
            let marks = if above.is_empty() { inherited.clone() } else { above.clone() };
            above.clone_from(&marks);
            let nth = self.nodes.len();
            self.nodes.push(Node { directive, parent, marks });
            self.add(directive.inner(), text, Some(nth));
        }
    }

    /// The directives directly in the block of `nth`; in the main context for `None`.
    pub(super) fn inside(&self, nth: Option<usize>) -> impl Iterator<Item = (usize, &Node<'a>)> {
        self.nodes.iter().enumerate().filter(move |(_, node)| node.parent == nth)
    }

    /// Whether the block of `nth` has a directive that begins with these words.
    pub(super) fn has(&self, nth: Option<usize>, words: &str) -> bool {
        self.inside(nth).any(|(_, node)| begins(node.directive, words))
    }

    /// The block of `nth`, for display: `if` in `location /api`.
    pub(super) fn place(&self, nth: Option<usize>) -> String {
        let Some(nth) = nth else { return "main".to_owned() };
        let node = &self.nodes[nth];
        let head = head(node.directive);
        match (node.directive.name.text.as_str(), node.parent) {
            ("if" | "limit_except", Some(parent)) => {
                format!("{} of {}", node.directive.name.text, self.place(Some(parent)))
            }
            _ => head,
        }
    }
}

/// An argument as written, and its range. A parenthesis after a quote, a separate word to nginx, belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) raw: String,
    pub(super) range: Range<usize>,
}

/// The arguments of a directive.
pub(super) fn words(directive: &Directive) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for argument in &directive.args {
        let range = argument.span.clone();
        match words.last_mut() {
            Some(last) if last.range.end == range.start => {
                last.raw.push_str(&argument.raw);
                last.range.end = range.end;
            }
            _ => words.push(Word { raw: argument.raw.clone(), range }),
        }
    }
    words
}

/// A directive without its block and semicolon.
pub(super) fn head(directive: &Directive) -> String {
    let words = words(directive).into_iter().map(|word| word.raw);
    std::iter::once(directive.name.raw.clone()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Whether a directive begins with `words`: its name and first arguments.
pub(super) fn begins(directive: &Directive, words: &str) -> bool {
    let mut wanted = words.split_whitespace();
    let written = self::words(directive);
    let written = |nth: usize| written.get(nth).map(|word| word.raw.trim_matches(['\'', '"']));
    wanted.next() == Some(directive.name.text.as_str())
        && wanted.enumerate().all(|(nth, word)| written(nth) == Some(word))
}

/// The marks in a comment, as `@D4`, without the `@`.
fn marks(comment: &str) -> impl Iterator<Item = String> {
    let words = comment.split(|c: char| !(c.is_alphanumeric() || c == '@'));
    words.filter_map(|word| word.strip_prefix('@')).filter(|mark| !mark.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use nginx_conf::syntax::parse;

    use super::*;

    #[test]
    fn a_directive_has_marks_and_a_place() {
        let text = "http {\n  # The log. @D18\n  log_format main '$status';\n  access_log a main;\n  # Files. @D17\n  \
                    sendfile on;\n\n  # The API. @D5\n  location /api {\n    # Ask. @D4\n    if ($request_method = X) {\n      \
                    # That.\n      return 204;\n    }\n    proxy_pass http://a;\n  }\n}\n";
        let config = parse(text, "x").unwrap();
        let tree = Tree::of(&config, text);
        let all: Vec<String> = tree
            .nodes
            .iter()
            .map(|node| {
                format!(
                    "{} [{}] in {}",
                    node.directive.name.text,
                    node.marks.join(" "),
                    tree.place(node.parent)
                )
            })
            .collect();
        assert_eq!(
            all,
            [
                "http [] in main",
                "log_format [D18] in http",
                "access_log [D18] in http",
                "sendfile [D17] in http",
                "location [D5] in http",
                "if [D4] in location /api",
                "return [D4] in if of location /api",
                "proxy_pass [D4] in location /api",
            ]
        );
    }
}
