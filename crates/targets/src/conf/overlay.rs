//! The changes that a scenario makes to the configuration: directives in a named context or beside others, or all of it.

use nginx_conf::syntax::{self, Directive, walk};
use thiserror::Error;

use nginx_conf::edit::Edits;

/// One change that a scenario makes to the configuration.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Directives for the block called `context` (`main`, `http`, `server`, `location /api`, `upstream`, …). An
    /// existing one is replaced; `add_header` and the like only if their first argument is the same.
    Directives {
        /// The block: its name, and as many of its arguments as are needed to identify it.
        context: String,
        /// The directives.
        text: String,
    },
    /// Directives for every location that contains a certain one, by the same rule.
    Beside {
        /// The directive that selects the locations, such as `proxy_pass`.
        directive: String,
        /// The directives.
        text: String,
    },
    /// Another configuration in place of the whole one.
    Whole(String),
    /// A parameter of every `server` in every `upstream`, as `fail_timeout=1s`.
    UpstreamParameter(String),
}

/// Why a change could not be made.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OverlayError {
    /// No such block.
    #[error("this scenario changes the `{0}` block, which the configuration does not have")]
    NoContext(String),
    /// No location has that directive.
    #[error("this scenario changes locations with `{0}`, and the configuration has none")]
    NoDirective(String),
    /// The directives to add are syntactically wrong.
    #[error("{0}")]
    Syntax(String),
}

/// Directives that a context may contain several times, identified by their first argument.
const REPEATABLE: [&str; 6] = ["add_header", "proxy_set_header", "set", "server", "location", "error_page"];

impl Overlay {
    /// Applies the change; everything else stays, on its line. A text that cannot be parsed is left as it is, for the engine to
    /// report.
    ///
    /// # Errors
    /// When there is nothing to change.
    pub fn apply(&self, text: &str) -> Result<String, OverlayError> {
        match self {
            Overlay::Directives { context, text: directives } => add(text, context, directives),
            Overlay::Beside { directive, text: directives } => add_beside(text, directive, directives),
            Overlay::Whole(whole) => Ok(whole.clone()),
            Overlay::UpstreamParameter(parameter) => set_parameter(text, parameter),
        }
    }
}

fn add(text: &str, context: &str, directives: &str) -> Result<String, OverlayError> {
    let Ok(parsed) = parse(text) else { return Ok(text.to_owned()) };
    let wanted = parse(directives)?;
    let mut edits = Edits::default();
    if context == "main" {
        change(text, &parsed, 0, &wanted, directives, &mut edits);
    } else {
        let block = walk(&parsed)
            .filter(|directive| names(directive, context))
            .find_map(|directive| directive.block.as_ref())
            .ok_or_else(|| OverlayError::NoContext(context.to_owned()))?;
        change(text, &block.directives, block.span.start, &wanted, directives, &mut edits);
    }
    Ok(edits.apply(text))
}

fn add_beside(text: &str, beside: &str, directives: &str) -> Result<String, OverlayError> {
    let Ok(parsed) = parse(text) else { return Ok(text.to_owned()) };
    let wanted = parse(directives)?;
    let mut edits = Edits::default();
    let mut found = false;
    for location in walk(&parsed).filter(|directive| directive.is("location")) {
        let Some(block) = &location.block else { continue };
        if block.directives.iter().any(|directive| directive.is(beside)) {
            change(text, &block.directives, block.span.start, &wanted, directives, &mut edits);
            found = true;
        }
    }
    if found { Ok(edits.apply(text)) } else { Err(OverlayError::NoDirective(beside.to_owned())) }
}

fn change(
    text: &str,
    present: &[Directive],
    at: usize,
    wanted: &[Directive],
    wanted_text: &str,
    edits: &mut Edits,
) {
    for directive in wanted {
        for old in present.iter().filter(|old| replaces(directive, old)) {
            edits.blank(text, old.span.clone());
        }
        edits.insert(at, format!(" {} ", wanted_text[directive.span.clone()].replace('\n', " ")));
    }
}

fn replaces(new: &Directive, old: &Directive) -> bool {
    new.is(&old.name.text)
        && (!REPEATABLE.contains(&new.name.text.as_str()) || arguments(new, 1) == arguments(old, 1))
        && (!new.is("location") || arguments(new, 2) == arguments(old, 2))
}

/// Whether `directive` is the block that `context` names, as `location /api` or `upstream`.
fn names(directive: &Directive, context: &str) -> bool {
    let words: Vec<&str> = context.split_whitespace().collect();
    directive.block.is_some()
        && words.first() == Some(&directive.name.text.as_str())
        && arguments(directive, words.len() - 1).iter().eq(&words[1..])
}

fn arguments(directive: &Directive, count: usize) -> Vec<&str> {
    directive.args.iter().take(count).map(|argument| argument.text.as_str()).collect()
}

fn set_parameter(text: &str, parameter: &str) -> Result<String, OverlayError> {
    let key = parameter.split('=').next().unwrap_or(parameter);
    let Ok(parsed) = parse(text) else { return Ok(text.to_owned()) };
    let mut edits = Edits::default();
    for upstream in walk(&parsed).filter(|directive| directive.is("upstream")) {
        for server in upstream.inner().iter().filter(|directive| directive.is("server")) {
            for old in server.args.iter().filter(|argument| argument.text.split('=').next() == Some(key)) {
                edits.blank(text, old.span.clone());
            }
            if let Some(last) = server.args.last() {
                edits.insert(last.span.end, format!(" {parameter}"));
            }
        }
    }
    Ok(edits.apply(text))
}

fn parse(text: &str) -> Result<Vec<Directive>, OverlayError> {
    syntax::parse(text, "the scenario").map_err(|error| OverlayError::Syntax(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "http {\n  upstream app {\n    server a:1 fail_timeout=5s;\n    server b:2;\n  }\n  \
        server {\n    location ~ ^/stomp/ {\n      proxy_read_timeout 60s;\n      add_header A 1;\n    }\n  }\n}\n";

    fn overlay(context: &str, text: &str) -> Result<String, OverlayError> {
        Overlay::Directives { context: context.into(), text: text.into() }.apply(CONF)
    }

    #[test]
    fn a_directive_replaces_another_and_keeps_the_lines() {
        let changed = overlay("location ~ ^/stomp/", "proxy_read_timeout 1s;\nadd_header B 2;").unwrap();
        assert!(
            changed.contains("{ proxy_read_timeout 1s;  add_header B 2; \n      \n      add_header A 1;")
        );
        assert_eq!(changed.lines().count(), CONF.lines().count());
    }

    #[test]
    fn main_is_the_top_of_the_file() {
        assert!(overlay("main", "worker_processes 1;").unwrap().starts_with(" worker_processes 1; http {"));
    }

    #[test]
    fn a_missing_block_is_named() {
        assert_eq!(overlay("location /x", "return 204;"), Err(OverlayError::NoContext("location /x".into())));
    }

    #[test]
    fn every_location_that_has_the_directive_gets_more() {
        let beside = |directive: &str| {
            Overlay::Beside { directive: directive.into(), text: "proxy_read_timeout 1s;".into() }.apply(CONF)
        };
        let changed = beside("add_header").unwrap();
        assert!(changed.contains("{ proxy_read_timeout 1s; \n      \n      add_header A 1;"), "{changed}");
        assert_eq!(beside("proxy_pass"), Err(OverlayError::NoDirective("proxy_pass".into())));
    }

    #[test]
    fn every_upstream_server_gets_the_parameter_once() {
        let changed = Overlay::UpstreamParameter("fail_timeout=1s".into()).apply(CONF).unwrap();
        assert!(changed.contains("server a:1  fail_timeout=1s;"), "{changed}");
        assert!(changed.contains("server b:2 fail_timeout=1s;"), "{changed}");
    }
}
