//! A configuration with what it includes in place of each `include`.
//!
//! Every [`Node`] knows the file and line it was written in, and can be written out again.

use std::fmt;
use std::sync::Arc;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The values of its arguments.
    pub args: Vec<String>,
    /// The file it stands in.
    pub file: Arc<str>,
    /// Its line in that file, counted from 1.
    pub line: usize,
    /// Whether it has a block.
    pub is_block: bool,
    /// What stands in its block; empty without one.
    pub inner: Vec<Node>,
    /// As it is written, for a person and for a reader of a part of it.
    pub head: String,
}

impl Node {
    /// Whether it is called `name`.
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The value of its `nth` argument, counted from 0; empty if it has fewer.
    pub fn arg(&self, nth: usize) -> &str {
        self.args.get(nth).map_or("", String::as_str)
    }
}

/// As nginx reads it, on lines of its own.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_block {
            return writeln!(f, "{};", self.head);
        }
        writeln!(f, "{} {{", self.head)?;
        self.inner.iter().try_for_each(|inner| write!(f, "{inner}"))?;
        writeln!(f, "}}")
    }
}

/// The directives of `text`, which errors call `name`, with those of the files it includes.
///
/// # Errors
///
/// Where nginx could not take the text apart, and where files include each other without end.
pub fn expand(text: &str, name: &str, includes: &Includes<'_>) -> Result<Vec<Node>, ConfigError> {
    let mut nodes = Vec::new();
    add(&mut nodes, &parse(text, name)?, &Arc::from(name), &mut Including { includes, count: 0 }, 0)?;
    Ok(nodes)
}

/// The arguments; those of a `location` as two, if its modifier stands before its name without a blank (`^~/api/`), as nginx takes it.
fn args_of(directive: &Directive) -> Vec<String> {
    let args: Vec<String> = directive.args.iter().map(|word| word.text.clone()).collect();
    if let ([both], true) = (args.as_slice(), directive.is("location"))
        && let Some(modifier) = ["^~", "~*", "~", "="].iter().find(|modifier| both.starts_with(**modifier))
    {
        return vec![(*modifier).to_owned(), both[modifier.len()..].to_owned()];
    }
    args
}

fn add(
    nodes: &mut Vec<Node>,
    directives: &[Directive],
    file: &Arc<str>,
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
                add(nodes, &parse(&text, &name)?, &Arc::from(name.as_str()), including, depth + 1)?;
            }
            continue;
        }
        let mut inner = Vec::new();
        add(&mut inner, directive.inner(), file, including, depth)?;
        nodes.push(Node {
            name: directive.name.text.clone(),
            args: args_of(directive),
            file: Arc::clone(file),
            line: directive.line(),
            is_block: directive.block.is_some(),
            inner,
            head: directive.head(),
        });
    }
    Ok(())
}
