//! `rewrite`: a new URI, or a redirect to one.

use bytes::Bytes;

use super::answer::Answer;
use crate::exchange::Exchange;
use crate::log::Escaped;
use crate::response::page_response;
use crate::uri;
use crate::variables::Variables;
use nginx_conf::model::{Level, Pattern, Rewrite};
use nginx_conf::template::{Part, Template, Variable};

/// What a `rewrite` has done.
pub(super) enum Outcome {
    /// Nothing.
    NoMatch,
    /// The URI is another one.
    Replaced,
    /// This ends the phases.
    Answer(Answer),
}

/// Matches as [`Exchange::matches`], and logs it with `rewrite_log`.
pub(super) fn matches(x: &Exchange<'_>, log: bool, pattern: &Pattern, subject: &[u8]) -> bool {
    let matches = x.matches(pattern, subject);
    if !matches {
        x.variables.captures.take();
    }
    if log {
        let does = if matches { "matches" } else { "does not match" };
        x.log(Level::Notice, format_args!("\"{}\" {does} \"{}\"", pattern.source, Escaped(subject)));
    }
    matches
}

/// Replaces the URI if it matches.
pub(super) fn rewrite_uri(x: &mut Exchange<'_>, log: bool, rule: &Rewrite) -> Outcome {
    if !matches(x, log, &rule.pattern, &x.uri) {
        return Outcome::NoMatch;
    }
    x.is_rewritten = true;
    x.valid_unparsed_uri = false;
    x.uri_changed = !rule.stays;
    x.valid_location &= !rule.stays;
    if let Some(status) = rule.redirect {
        return Outcome::Answer(redirect(x, log, rule, status));
    }
    let uri = evaluate(x, &rule.uri, false);
    let args = rule.args.as_ref().map(|args| evaluate(x, args, true));
    match args {
        Some(mut args) => {
            if rule.keeps_args && !x.args.is_empty() {
                args.push(b'&');
                args.extend_from_slice(&x.args);
            }
            x.args = args;
        }
        None if !rule.keeps_args => x.args.clear(),
        None => {}
    }
    x.has_args |= !x.args.is_empty();
    // From here on the request counts as an internal one, whose path is encoded when it is passed on.
    x.quoted_uri = true;
    x.uri = uri;
    if log {
        x.log(
            Level::Notice,
            format_args!("rewritten data: \"{}\", args: \"{}\"", Escaped(&x.uri), Escaped(&x.args)),
        );
    }
    if x.uri.is_empty() {
        x.log(Level::Error, format_args!("the rewritten URI has a zero length"));
        return Outcome::Answer(Answer::Error(500));
    }
    Outcome::Replaced
}

fn redirect(x: &mut Exchange<'_>, log: bool, rule: &Rewrite, status: u16) -> Answer {
    let mut target = uri::decode_redirect(&evaluate(x, &rule.uri, true));
    if rule.keeps_args && !x.args.is_empty() {
        let has_args =
            rule.uri.parts.iter().any(|part| matches!(part, Part::Literal(text) if text.contains('?')));
        target.push(if has_args { b'&' } else { b'?' });
        target.extend_from_slice(&x.args);
    }
    if log {
        x.log(Level::Notice, format_args!("rewritten redirect: \"{}\"", Escaped(&target)));
    }
    let mut response = page_response(x, status);
    response.location = Some(Bytes::from(target));
    Answer::Response(response)
}

/// Evaluates a replacement. What was captured from a URI that came encoded is encoded again in arguments and redirects.
fn evaluate(x: &Exchange<'_>, template: &Template, quote: bool) -> Vec<u8> {
    let path_end = |target: &[u8]| target.iter().position(|&byte| byte == b'?').unwrap_or(target.len());
    let target = x.request.target();
    let has_plus = target.get(..path_end(target)).is_some_and(|path| path.contains(&b'+'));
    let quote = quote && (x.request.quoted_uri || has_plus);
    let mut out = Vec::new();
    for part in &template.parts {
        match part {
            Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
            Part::Variable(variable @ Variable::Capture(_)) if quote => {
                let mut captured = Vec::new();
                x.variable(variable, &mut captured);
                uri::escape_args(&captured, &mut out);
            }
            Part::Variable(variable) => {
                x.variable(variable, &mut out);
            }
        }
    }
    out
}
