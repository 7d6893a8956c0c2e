//! Where nginx does not follow a standard and the reference proxy does; `docs/trust/differences.md` lists the same.
//!
//! Each looks at the request and at what nginx did, and changes that to what it would be under the standard. All else, and all requests
//! before and after, must be the same still.

pub(crate) mod configured;
mod fields;
mod grammar;
mod outcome;

use crate::client::Answer;
use crate::engine::Observation;
use crate::stream::{Stream, View};
use configured::{conditions, ranges, returns, unsent};
use fields::{hop_by_hop, repeated, tabs};
use grammar::{is_host, is_token, is_well_chunked};
use outcome::{end_after, follow, refuse};

/// Which of the fields of an access line `$server_protocol` is.
pub(crate) const PROTOCOL: usize = 5;

/// After this nginx answers nothing but 502 for a while.
pub(crate) const LAST_SERVER_LOST: &str =
    "a kept connection that had ended, with which nginx loses the last server";

/// Whether a request is one of those.
type Predicate = fn(&View<'_>) -> bool;

/// Requests that nginx takes and that the standard has refused.
const REFUSED: &[(&str, Predicate)] = &[
    ("a bare CR in place of the empty line (RFC 9112 §2.2)", |request| !request.has_end()),
    ("HTTP/0.9 (RFC 9112 §3)", |request| request.words().len() == 2),
    ("a bare CR before the request line (RFC 9112 §2.2)", |request| {
        let ends = request.lead.iter().enumerate().filter(|(_, byte)| **byte == b'\r').map(|(at, _)| at + 1);
        ends.into_iter().any(|next| request.lead.get(next) != Some(&b'\n'))
    }),
    ("a field that has no name or no colon (RFC 9112 §5, RFC 9110 §5.6.2)", |request| {
        request.field_lines().any(|line| !View::name(line).is_some_and(is_token))
    }),
    ("a control byte in a field value (RFC 9110 §5.5)", |request| {
        request.field_lines().any(|line| line.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t'))
    }),
    ("Host that is no host (RFC 9110 §7.2)", |request| request.values("Host").any(|host| !is_host(host))),
    ("a malformed chunked body (RFC 9112 §7.1)", |request| {
        request.is_chunked() && !is_well_chunked(request.body)
    }),
];

/// Brings nginx's part to what it would be; returns what had to be changed.
pub(crate) fn amend(stream: &Stream, theirs: &mut Observation, ours: &Observation) -> Vec<&'static str> {
    let mut met = Vec::new();
    if loses_the_last_server(theirs, ours) {
        theirs.clone_from(ours);
        return vec![LAST_SERVER_LOST];
    }
    if tabs(theirs) {
        met.push("tabs around a field's value (RFC 9112 §5)");
    }
    if repeated(stream, theirs, ours) {
        met.push("$http_… of a field sent twice, as newer nginx has it");
    }
    if returns(theirs, ours) {
        met.push("a field of a return that says nothing (RFC 9110 §10.2.2, §8.6)");
    }
    if conditions(stream, theirs, ours) {
        met.push("If-None-Match on the text of a return, which has no validators (RFC 9110 §13.2.1)");
    }
    if ranges(theirs, ours) {
        met.push("add_header twice with 416, and without always (RFC 9110 §5.3)");
    }
    if unsent(theirs, ours) {
        met.push("$sent_http_content_type of a type that is not sent (RFC 9110 §15.3.5)");
    }
    if spaces(theirs, ours) {
        met.push("$server_protocol with the spaces behind it (RFC 9112 §3)");
    }
    if stale(theirs, ours) {
        met.push("a kept connection that had ended, which nginx counts as an attempt");
    }
    if quotes(theirs, ours) {
        met.push("a quote in a name that the error log quotes, as nginx's access log has it");
    }
    if interim(stream, theirs, ours) {
        met.push("a 100 where the body is not wanted (RFC 9110 §10.1.1)");
    }
    for (number, request) in stream.views().iter().enumerate() {
        if has_tab(request)
            && matches!(theirs.received.answers.get(number).map(Answer::status), Some(400 | 501))
        {
            let answer = ours.received.answers.get(number).cloned();
            theirs.received.answers.splice(number..=number, answer);
            theirs.access.splice(number..=number, ours.access.get(number).cloned());
            theirs.seen.clone_from(&ours.seen);
            follow(theirs, ours, number);
            met.push("a field that nginx does not know for a tab before its value (RFC 9112 §5)");
        } else if theirs.received.answers.len() == number + 1 && ends_unannounced(theirs, ours, number) {
            follow(theirs, ours, number);
            met.push("a response that says keep-alive and ends the connection (RFC 9112 §9.6)");
        } else if names_in_part(request, &announced(theirs, ours, number)) {
            follow(theirs, ours, number);
            met.push("an option of Connection that only contains close or keep-alive (RFC 9110 §7.6.1)");
        } else if contradicts_itself(request) && announced(theirs, ours, number) == [KEPT, ENDED] {
            follow(theirs, ours, number);
            met.push("close and keep-alive in two fields, of which nginx obeys the last (RFC 9112 §9.3)");
        }
    }
    for (number, request) in stream.views().iter().enumerate() {
        let statuses = [&*theirs, ours].map(|side| side.received.answers.get(number).map(Answer::status));
        if statuses == [Some(505), Some(400)] && has_two_faults(request) {
            theirs.received.answers.truncate(number);
            refuse(theirs, ours, number);
        }
        let answered = theirs.received.answers.get(number).map_or(200, Answer::status);
        let Some((name, _)) = REFUSED.iter().find(|(_, has)| has(request)) else { continue };
        match ours.received.answers.get(number).map(Answer::status) {
            // Both refuse it, for one of several faults perhaps.
            Some(400) if answered == 400 => {
                let answer = ours.received.answers.get(number).cloned();
                theirs.received.answers.splice(number..=number, answer);
                refuse(theirs, ours, number);
                break;
            }
            Some(400) => refuse(theirs, ours, number),
            // A body that nobody wants is looked at when the answer is on its way.
            _ if request.is_chunked() => {
                if answered == 400 {
                    // Found sooner, as the bytes came.
                    let answer = ours.received.answers.get(number).cloned();
                    theirs.received.answers.splice(number..=number, answer);
                    theirs.access.splice(number..=number, ours.access.get(number).cloned());
                }
                end_after(theirs, ours, number);
            }
            _ => continue,
        }
        met.push(*name);
        break;
    }
    cut_alike(theirs, ours);
    if hop_by_hop(stream, theirs) {
        met.push("fields that belong to one connection only (RFC 9110 §7.6.1)");
    }
    met
}

/// nginx sends 100 and drops the body where the final answer is known already. With an error page it sends none, and goes on
/// waiting for the body.
fn interim(stream: &Stream, theirs: &mut Observation, ours: &Observation) -> bool {
    let views = stream.views();
    let mut changed = false;
    for (number, request) in views.iter().enumerate().filter(|(_, request)| expects(request)) {
        let passed_on = theirs.access.get(number).is_some_and(|line| !line.ends_with("|-"));
        let (Some(answer), Some(other)) =
            (theirs.received.answers.get_mut(number), ours.received.answers.get(number))
        else {
            continue;
        };
        if passed_on && request.has_body() {
            continue;
        }
        if !answer.interim.is_empty() && other.interim.is_empty() {
            answer.interim.clear();
            changed = true;
            if let (Some(line), Some(other)) = (theirs.access.get_mut(number), ours.access.get(number)) {
                without_interim(line, other);
            }
        }
        // Nobody can tell what follows from the body that was waited for, so the connection ends.
        if request.has_body()
            && other.field("connection") == Some(b"close")
            && answer.status() == other.status()
        {
            follow(theirs, ours, number);
            return true;
        }
    }
    changed
}

/// White space behind the version is ignored, and so no part of it.
fn spaces(theirs: &mut Observation, ours: &Observation) -> bool {
    let mut changed = false;
    for (line, other) in theirs.access.iter_mut().zip(&ours.access) {
        let mut fields: Vec<&str> = line.split('|').collect();
        let Some(protocol) = fields.get_mut(PROTOCOL).filter(|protocol| protocol.ends_with(' ')) else {
            continue;
        };
        *protocol = protocol.trim_end();
        let amended = fields.join("|");
        if other.split('|').nth(PROTOCOL) == amended.split('|').nth(PROTOCOL) {
            *line = amended;
            changed = true;
        }
    }
    changed
}

/// How nginx logs that an app server has ended a kept connection.
const HUNG_UP: [&str; 2] =
    ["error: recv() failed (104: ", "error: upstream prematurely closed connection while "];

/// With `keepalive` in the upstream and no `proxy_http_version 1.1` nginx asks for the connection to be closed and keeps it all the
/// same. That it is then closed counts as the app server's failure: where there is no other, nobody is asked for `fail_timeout`.
fn loses_the_last_server(theirs: &Observation, ours: &Observation) -> bool {
    let says =
        |starts: &[&str]| theirs.errors.iter().any(|line| starts.iter().any(|start| line.starts_with(start)));
    ours.errors.is_empty() && says(&HUNG_UP) && says(&["error: no live upstreams "])
}

/// An app server that has ended a connection just as it is used again is asked once more. nginx notes that as a failure with 502.
fn stale(theirs: &mut Observation, ours: &Observation) -> bool {
    let mut changed = false;
    for (line, other) in theirs.access.iter_mut().zip(&ours.access) {
        if *line != *other && line.replacen("|502, ", "|", 1) == *other {
            line.clone_from(other);
            changed = true;
        }
    }
    if changed && ours.errors.is_empty() {
        theirs.errors.retain(|line| !HUNG_UP.iter().any(|ended| line.starts_with(ended)));
    }
    changed
}

/// What the error log puts in quotes cannot end them: a file's name, of a request's path or of `index`.
fn quotes(theirs: &mut Observation, ours: &Observation) -> bool {
    let mut changed = false;
    for (line, other) in theirs.errors.iter_mut().zip(&ours.errors) {
        if line != other && *line == other.replace("\\x22", "\"") {
            line.clone_from(other);
            changed = true;
        }
    }
    changed
}

/// Takes out of `$body_bytes_sent` the interim response, which is no part of the body.
fn without_interim(line: &mut String, other: &str) {
    const LENGTH: usize = "HTTP/1.1 100 Continue\r\n\r\n".len();
    let mut fields: Vec<&str> = line.split('|').collect();
    let Some(bytes) = fields.get(2).and_then(|bytes| bytes.parse::<usize>().ok()?.checked_sub(LENGTH)) else {
        return;
    };
    let page = other.split('|').nth(2) == Some("page");
    let bytes = if page { "page".to_owned() } else { bytes.to_string() };
    fields[2] = &bytes;
    *line = fields.join("|");
}

/// Whether the client would wait for 100.
fn expects(request: &View<'_>) -> bool {
    request.values("Expect").any(|value| value.eq_ignore_ascii_case(b"100-continue"))
}

/// A version that nobody knows, and a path that climbs too high or an authority without a host: which is found first does not matter.
fn has_two_faults(request: &View<'_>) -> bool {
    let words = request.words();
    let target = words.get(1).copied().unwrap_or_default();
    let climbs = target.contains(&b'%')
        || target.windows(2).any(|two| two == b"/.")
        || target.windows(4).any(|four| four == b":///");
    let version = words.get(2).and_then(|version| version.strip_prefix(b"HTTP/")).unwrap_or_default();
    climbs && version.first().is_some_and(|major| major.is_ascii_digit()) && !version.starts_with(b"1.")
}

/// Of a line that is refused, as much is logged as had come by then, and `$uri` as far as it had been read.
fn cut_alike(theirs: &mut Observation, ours: &Observation) {
    for (line, other) in theirs.access.iter_mut().zip(&ours.access) {
        let status = ["|414|", "|505|"].into_iter().find(|status| line.contains(status)).unwrap_or("|400|");
        let parts = (line.split_once(status), other.split_once(status));
        let behind_uri = |rest: &str| rest.splitn(3, '|').nth(2).map(str::to_owned);
        if let (Some((one, rest)), Some((two, other_rest))) = parts
            && (one.starts_with(two) || two.starts_with(one))
            && (rest == other_rest
                || (behind_uri(rest) == behind_uri(other_rest) && other_rest.split('|').nth(1) == Some("-")))
        {
            line.clone_from(other);
        }
    }
}

/// After 412, and after a `return` of a server with `keepalive_timeout 0`, nginx ends a connection that it has just called kept.
fn ends_unannounced(theirs: &Observation, ours: &Observation, number: usize) -> bool {
    let status = theirs.received.answers.get(number).map(Answer::status);
    let own = theirs.access.get(number).is_some_and(|line| line.ends_with("|-"));
    let ends = own && !theirs.received.waits && theirs.received.rest.is_empty();
    match announced(theirs, ours, number) {
        [KEPT, KEPT] => ends && status == Some(412),
        [KEPT, ENDED] => ends && ours.received.answers.len() == number + 1 && !ours.received.waits,
        _ => false,
    }
}

const KEPT: Option<&[u8]> = Some(b"keep-alive");
const ENDED: Option<&[u8]> = Some(b"close");

/// What both say of the connection after this answer.
fn announced<'a>(theirs: &'a Observation, ours: &'a Observation, number: usize) -> [Option<&'a [u8]>; 2] {
    [theirs, ours].map(|side| side.received.answers.get(number)?.field("connection"))
}

/// nginx looks for `close`, and in HTTP/1.0 for `keep-alive`, anywhere in the field.
fn names_in_part(request: &View<'_>, announced: &[Option<&[u8]>; 2]) -> bool {
    let word = match *announced {
        [ENDED, KEPT] => "close",
        [KEPT, ENDED] => "keep-alive",
        _ => return false,
    };
    request.values("Connection").any(|value| {
        let value = value.to_ascii_lowercase();
        let contains = value.windows(word.len()).any(|window| window == word.as_bytes());
        contains && !value.split(|&byte| byte == b',').any(|option| option.trim_ascii() == word.as_bytes())
    })
}

fn contradicts_itself(request: &View<'_>) -> bool {
    let says = |word: &str| {
        let options = request.values("Connection").flat_map(|value| value.split(|&byte| byte == b','));
        options.into_iter().any(|option| option.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    };
    request.values("Connection").count() > 1 && says("close") && says("keep-alive")
}

/// Whether there is a tab next to the value of a field that tells where the request ends or goes.
fn has_tab(request: &View<'_>) -> bool {
    const READ: [&str; 3] = ["Host", "Content-Length", "Transfer-Encoding"];
    request.field_lines().any(|line| {
        let name = View::name(line).unwrap_or_default();
        let value = line.get(name.len() + 1..).unwrap_or_default();
        if !READ.iter().any(|read| name.eq_ignore_ascii_case(read.as_bytes())) {
            return false;
        }
        let tabs = |byte: Option<&u8>| byte == Some(&b'\t');
        tabs(value.iter().find(|byte| **byte != b' ')) || tabs(value.last())
    })
}
