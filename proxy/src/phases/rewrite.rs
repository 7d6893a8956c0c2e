//! The rewrite phase: `if`, `set`, `rewrite`, `break` and `return`.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bytes::Bytes;

use super::answer::Answer;
use super::rewrite_uri::{Outcome, matches, rewrite_uri};
use crate::exchange::{Exchange, shown_uri};
use crate::files;
use crate::log::{Escaped, describe};
use crate::message::{Body, Response};
use crate::response::page_response;
use crate::trace::{Directive, Step, shown};
use crate::variables::Variables;
use nginx_conf::model::{Condition, FileTest, Level, LocationId, Op};
use nginx_conf::template::Template;

/// How the phase goes on after some directives.
enum Flow {
    /// With the next one.
    Continue,
    /// It ends here.
    Stop,
    /// It ends here, and so do the phases.
    Answer(Answer),
}

/// Runs the rewrite directives of a location or of the server; an answer ends the phases.
pub(super) fn rewrite(x: &mut Exchange<'_>, id: LocationId) -> Option<Answer> {
    x.uri_changed = false;
    let log = x.settings.rewrite_log;
    match run(x, id, log) {
        Flow::Continue | Flow::Stop => None,
        Flow::Answer(answer) => {
            x.trace_unreached("return");
            Some(answer)
        }
    }
}

fn run(x: &mut Exchange<'_>, id: LocationId, log: bool) -> Flow {
    let http = x.http;
    let location = http.locations.get(id.0);
    for (nth, op) in location.map(|location| &location.rewrite[..]).unwrap_or_default().iter().enumerate() {
        match op {
            Op::Set { slot, value } => {
                let value = x.evaluate(value);
                x.trace(|_| Step::Set { directive: x.operation(id, nth), value: shown(&value) });
                x.set_slot(*slot, value);
            }
            Op::SetLimitRate(value) => {
                let value = x.evaluate(value);
                x.set_limit_rate(&value);
            }
            Op::SetArgs(value) => {
                x.args = x.evaluate(value);
                x.trace(|_| Step::Set { directive: x.operation(id, nth), value: shown(&x.args) });
                x.has_args = true;
                x.valid_unparsed_uri = false;
            }
            Op::If { condition, then } => {
                let holds = is_true(x, log, condition);
                x.trace(|_| Step::If {
                    directive: x.operation(id, nth),
                    value: shown(&subject(x, condition)),
                    holds,
                });
                if holds {
                    x.if_had_proxy_pass |= x.settings.proxy_pass.is_some();
                    x.enter(*then);
                    match run(x, *then, log) {
                        Flow::Continue => {}
                        ended => return ended,
                    }
                }
            }
            Op::Rewrite(rule) => {
                let before = x.trace.is_some().then(|| shown_uri(&x.uri, &x.args));
                let outcome = rewrite_uri(x, log, rule);
                x.trace(|_| rewritten(x, x.operation(id, nth), before.unwrap_or_default(), &outcome));
                match outcome {
                    Outcome::Replaced if rule.is_last => return Flow::Stop,
                    Outcome::NoMatch | Outcome::Replaced => {}
                    Outcome::Answer(answer) => return Flow::Answer(answer),
                }
            }
            Op::Break => {
                x.trace(|_| Step::Break { directive: x.operation(id, nth) });
                // What has been rewritten does not begin with the location's name any more.
                x.valid_location &= !x.uri_changed;
                x.uri_changed = false;
                return Flow::Stop;
            }
            Op::Return { code, text } => {
                x.trace(|_| Step::Return {
                    directive: x.operation(id, nth),
                    status: *code,
                    text: text.as_ref().map(|text| shown(&x.evaluate(text))),
                });
                return Flow::Answer(return_answer(x, *code, text.as_ref()));
            }
        }
    }
    Flow::Continue
}

/// The value that a condition looks at.
fn subject(x: &Exchange<'_>, condition: &Condition) -> Vec<u8> {
    match condition {
        Condition::True(value) | Condition::Equal { left: value, .. } => x.evaluate(value),
        Condition::Matches { subject: value, .. } | Condition::File { path: value, .. } => x.evaluate(value),
    }
}

/// What a `rewrite` has done, as it is told.
fn rewritten(x: &Exchange<'_>, directive: Option<Directive>, uri: String, outcome: &Outcome) -> Step {
    let (to, status) = match outcome {
        Outcome::NoMatch => (None, None),
        Outcome::Answer(Answer::Response(response)) => {
            (response.location.as_deref().map(shown), Some(response.status))
        }
        Outcome::Replaced | Outcome::Answer(_) => (Some(shown_uri(&x.uri, &x.args)), None),
    };
    Step::Rewrite { directive, uri, to, status }
}

fn is_true(x: &Exchange<'_>, log: bool, condition: &Condition) -> bool {
    match condition {
        Condition::True(value) => !matches!(&x.value(value)[..], b"" | b"0"),
        Condition::Equal { left, right, negated } => (x.value(left) == x.value(right)) != *negated,
        Condition::Matches { subject, pattern, negated } => {
            matches(x, log, pattern, &x.value(subject)) != *negated
        }
        Condition::File { test, path, negated } => is_there(x, *test, &x.evaluate(path)) != *negated,
    }
}

/// `-f`, `-d`, `-e`, `-x`: `ngx_http_script_file_code`.
fn is_there(x: &Exchange<'_>, test: FileTest, path: &[u8]) -> bool {
    let found = match std::fs::metadata(Path::new(OsStr::from_bytes(path))) {
        Ok(found) => found,
        Err(error) => {
            let is_usual = matches!(
                error.kind(),
                ErrorKind::NotFound
                    | ErrorKind::NotADirectory
                    | ErrorKind::InvalidFilename
                    | ErrorKind::InvalidInput
            );
            if !is_usual {
                let (path, error) = (Escaped(path), describe(&error));
                x.log(Level::Crit, format_args!("stat() \"{path}\" failed ({error})"));
            }
            return false;
        }
    };
    match test {
        FileTest::File => found.is_file(),
        FileTest::Directory => found.is_dir(),
        FileTest::Exists => found.is_file() || found.is_dir(),
        FileTest::Executable => found.mode() & 0o100 != 0,
    }
}

/// `return`.
fn return_answer(x: &mut Exchange<'_>, code: u16, text: Option<&Template>) -> Answer {
    // For `return 418 $status`.
    x.status = code;
    let value = text.map(|text| x.evaluate(text)).unwrap_or_default();
    match code {
        // An empty text in the configuration counts as none; one that evaluates to nothing does not.
        400.. if text.is_none_or(|text| text.parts.is_empty()) => match code {
            408 | 444 | 499 => Answer::Close(code),
            _ => Answer::Error(code),
        },
        301 | 302 | 303 | 307 | 308 => {
            let mut response = page_response(x, code);
            response.location = text.map(|_| Bytes::from(value));
            Answer::Response(response)
        }
        _ => {
            let mut response = Response::new(code);
            let kept = x.kept_content_type.clone();
            response.content_type = kept.or_else(|| Some(files::content_type(x.settings, &x.uri).to_owned()));
            response.body = Body::Bytes(Bytes::from(value));
            Answer::Response(response)
        }
    }
}
