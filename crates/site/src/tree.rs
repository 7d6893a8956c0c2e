//! A configuration with what it includes in place of each `include`.

use std::rc::Rc;

use nginx_conf::ConfigError;
use nginx_conf::syntax::{Directive, parse};

/// Files that `include` names: how each is called, and its text.
pub type Includes<'a> = dyn Fn(&str) -> Vec<(String, String)> + 'a;

/// Deeper than any real configuration.
const MAX_INCLUDE_DEPTH: usize = 100;

/// More `include`s than any real configuration has.
const MAX_INCLUDES: usize = 2_000;

/// What is included, and how many times so far.
struct Including<'a> {
    includes: &'a Includes<'a>,
    count: usize,
}

/// A directive, and the file that it stands in.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    pub(crate) file: Rc<str>,
    pub(crate) line: usize,
    /// What stands in its block; empty without one.
    pub(crate) inner: Vec<Node>,
    /// As it is written, for a person and for a reader of a part of it.
    pub(crate) head: String,
}

impl Node {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    pub(crate) fn arg(&self, nth: usize) -> &str {
        self.args.get(nth).map_or("", String::as_str)
    }
}

/// The directives of `text`.
pub(crate) fn expand(text: &str, name: &str, includes: &Includes<'_>) -> Result<Vec<Node>, ConfigError> {
    let mut nodes = Vec::new();
    add(&mut nodes, &parse(text, name)?, &Rc::from(name), &mut Including { includes, count: 0 }, 0)?;
    Ok(nodes)
}

fn add(
    nodes: &mut Vec<Node>,
    directives: &[Directive],
    file: &Rc<str>,
    including: &mut Including<'_>,
    depth: usize,
) -> Result<(), ConfigError> {
    for directive in directives {
        if let (true, Some(pattern)) = (directive.is("include"), directive.arg(0)) {
            including.count += 1;
            if depth == MAX_INCLUDE_DEPTH || including.count > MAX_INCLUDES {
                let message = format!(
                    "\"include {pattern}\" leads to itself, or there are too many, in {file}:{}",
                    directive.line()
                );
                return Err(ConfigError::new(message));
            }
            for (name, text) in (including.includes)(pattern) {
                add(nodes, &parse(&text, &name)?, &Rc::from(name.as_str()), including, depth + 1)?;
            }
            continue;
        }
        let mut inner = Vec::new();
        add(&mut inner, directive.inner(), file, including, depth)?;
        nodes.push(Node {
            name: directive.name.text.clone(),
            args: directive.args.iter().map(|word| word.text.clone()).collect(),
            file: Rc::clone(file),
            line: directive.line(),
            inner,
            head: directive.head(),
        });
    }
    Ok(())
}
