//! Names of variables, and text with variables in it.
//!
//! A name may be used before the directive that defines it, so while files are read every name is a
//! [`Variable::Slot`] of its own; [`VariableNames::resolve`] says in the end what each one is.

use std::collections::HashMap;

use crate::directive::Directive;
use crate::error::ConfigError;
use crate::source::Word;
use crate::spelling::nearest;
use crate::table::variables::{built_in, built_in_names, family, is_reserved, is_unsupported, since};
use crate::template::{Part, Template, Variable};
use crate::version::Version;

/// Every name that was used or defined.
#[derive(Debug, Default)]
pub(crate) struct VariableNames {
    names: Vec<VariableName>,
    by_text: HashMap<String, usize>,
}

#[derive(Debug)]
struct VariableName {
    text: String,
    /// The error to report where it was used first, should nothing define it.
    unknown: ConfigError,
    definition: Option<Definition>,
}

/// What defines a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Definition {
    /// `set`, or `auth_request_set`.
    Set,
    /// A named capture.
    Capture,
    /// `map`, by its index.
    Map(usize),
    /// `geo`, by its index.
    Geo(usize),
    /// `split_clients`, by its index.
    SplitClients(usize),
}

impl Definition {
    /// Whether its value is what a step of the request says, and not what a block of the configuration does.
    fn is_of_request(self) -> bool {
        matches!(self, Definition::Set | Definition::Capture)
    }

    /// Whether a variable may be made by both.
    fn goes_with(self, other: Definition) -> bool {
        self.is_of_request() == other.is_of_request()
    }

    /// The directive.
    fn name(self) -> &'static str {
        match self {
            Definition::Set => "set",
            Definition::Capture => "a named capture",
            Definition::Map(_) => "map",
            Definition::Geo(_) => "geo",
            Definition::SplitClients(_) => "split_clients",
        }
    }
}

impl VariableNames {
    /// The number of a name, which is its provisional slot. Case does not matter.
    pub(crate) fn reference(&mut self, directive: &Directive, word: &Word, text: &str) -> usize {
        let text = text.to_ascii_lowercase();
        if let Some(&index) = self.by_text.get(&text) {
            return index;
        }
        let unknown = directive.error_at(word, format!("unknown \"{text}\" variable"));
        self.by_text.insert(text.clone(), self.names.len());
        self.names.push(VariableName { text, unknown, definition: None });
        self.names.len() - 1
    }

    /// Defines a variable, or defines it again.
    pub(crate) fn define(
        &mut self,
        directive: &Directive,
        word: &Word,
        text: &str,
        definition: Definition,
    ) -> Result<usize, ConfigError> {
        if text.is_empty() {
            return Err(directive.error_at(word, "invalid variable name \"$\""));
        }
        let text = &text.to_ascii_lowercase()[..];
        if matches!(text, "args" | "limit_rate") {
            let message = format!("changing \"${text}\" is known to nginx, but not supported here");
            return Err(directive.error_at(word, message));
        }
        if is_reserved(text) {
            return Err(directive.error_at(word, format!("the duplicate \"{text}\" variable")));
        }
        let index = self.reference(directive, word, text);
        let Some(name) = self.names.get_mut(index) else { return Ok(index) };
        match (name.definition, definition) {
            (Some(Definition::Set), Definition::Capture) | (Some(Definition::Capture), Definition::Set) => {}
            // What `set` says stands until the end of the request.
            (Some(Definition::Map(_)), Definition::Set) => {}
            (Some(Definition::Set), Definition::Map(_)) => name.definition = Some(definition),
            (Some(earlier), later) if !earlier.goes_with(later) => {
                let (of_request, other) =
                    if earlier.is_of_request() { (earlier, later) } else { (later, earlier) };
                let message = format!(
                    "variable \"${text}\" is made by both \"{}\" and \"{}\"",
                    of_request.name(),
                    other.name()
                );
                return Err(directive.error_at(word, message).help("nginx allows it; give one another name"));
            }
            _ => name.definition = Some(definition),
        }
        Ok(index)
    }

    /// What every name is, in the order of their numbers, and the names of the slots.
    /// Those that `version` does not have yet are unknown.
    pub(crate) fn resolve(
        self,
        version: Option<Version>,
    ) -> Result<(Vec<Variable>, Vec<String>), ConfigError> {
        let defined = self.names.iter().filter(|name| name.definition.is_some());
        let defined: Vec<String> = defined.map(|name| name.text.clone()).collect();
        let mut slots = Vec::new();
        let mut variables = Vec::new();
        for VariableName { text, unknown, definition } in self.names {
            variables.push(match definition {
                Some(Definition::Map(index)) => Variable::Map(index),
                Some(Definition::Geo(index)) => Variable::Geo(index),
                Some(Definition::SplitClients(index)) => Variable::SplitClients(index),
                Some(Definition::Set | Definition::Capture) => {
                    slots.push(text);
                    Variable::Slot(slots.len() - 1)
                }
                None if version.is_some_and(|version| since(&text).is_some_and(|since| version < since)) => {
                    let since = since(&text).map_or(String::new(), |since| since.to_string());
                    return Err(unknown.help(format!("nginx has it from {since} on")));
                }
                None => match built_in(&text).or_else(|| family(&text)) {
                    Some(variable) => variable,
                    None => return Err(explain(unknown, &text, &defined)),
                },
            });
        }
        Ok((variables, slots))
    }
}

/// A text that is one variable as a whole, whatever stands behind its `$`, as `ngx_http_get_variable_index` takes it.
pub(crate) fn variable_of(
    variables: &mut VariableNames,
    directive: &Directive,
    word: &Word,
    text: &str,
) -> Result<Template, ConfigError> {
    let Some(name) = text.strip_prefix('$').filter(|name| !name.is_empty()) else {
        return Err(directive.error_at(word, format!("invalid variable name \"{text}\"")));
    };
    let number = variables.reference(directive, word, name);
    Ok(Template { parts: vec![Part::Variable(Variable::Slot(number))] })
}

/// Compiles text with variables, as `ngx_http_script_compile`: `$name`, `${name}`, `$1`.
pub(crate) fn template(
    variables: &mut VariableNames,
    directive: &Directive,
    word: &Word,
) -> Result<Template, ConfigError> {
    template_of(variables, directive, word, &word.text)
}

/// The same for a part of a word.
pub(crate) fn template_of(
    variables: &mut VariableNames,
    directive: &Directive,
    word: &Word,
    text: &str,
) -> Result<Template, ConfigError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let literal = rest.find('$').unwrap_or(rest.len());
        if let (Some(text), Some(after)) = (rest.get(..literal), rest.get(literal..)) {
            if !text.is_empty() {
                parts.push(Part::Literal(text.into()));
            }
            rest = after;
        }
        let Some(after) = rest.strip_prefix('$') else { continue };
        if let Some(digit @ '1'..='9') = after.chars().next() {
            parts.push(Part::Variable(Variable::Capture(digit as u8 - b'0')));
            rest = after.get(1..).unwrap_or_default();
            continue;
        }
        let braced = after.strip_prefix('{');
        let start = braced.unwrap_or(after);
        let length =
            start.len() - start.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let (name, tail) = start.split_at(length);
        rest = match braced {
            Some(_) => tail.strip_prefix('}').ok_or_else(|| {
                directive.error_at(word, format!("the closing bracket in \"{name}\" variable is missing"))
            })?,
            None => tail,
        };
        if name.is_empty() {
            return Err(directive.error_at(word, "invalid variable name"));
        }
        let number = variables.reference(directive, word, name);
        parts.push(Part::Variable(Variable::Slot(number)));
    }
    Ok(Template { parts })
}

fn explain(unknown: ConfigError, name: &str, defined: &[String]) -> ConfigError {
    if is_unsupported(name) {
        let place = unknown.clone();
        return place.with_message(format!("variable \"${name}\" is known to nginx, but not supported here"));
    }
    if name.contains(['=', '~', '!']) {
        return unknown.help("put spaces around the operator");
    }
    let known = built_in_names().map(|name| -> &str { name }).chain(defined.iter().map(String::as_str));
    match nearest(name, known) {
        Some(near) => unknown.help(format!("did you mean \"${near}\"?")),
        None => unknown,
    }
}
