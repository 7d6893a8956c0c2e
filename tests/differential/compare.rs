//! Two observations side by side, without what may differ.

use std::fmt::Write as _;

use crate::client::Answer;
use crate::engine::Observation;
use crate::known::{self, PROTOCOL, configured};
use crate::stream::Stream;

/// What a comparison came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What differs, its kind on the first line.
    pub(crate) difference: Option<String>,
    /// Which known differences were met.
    pub(crate) known: Vec<&'static str>,
    /// Whether an engine was waited for.
    pub(crate) waits: bool,
    /// Whether an answer ended before its end.
    pub(crate) broken_off: bool,
}

/// Compares what both did with `stream`. nginx's part is first brought to what it would be if nginx followed the standards
/// that `known` names.
pub(crate) fn compare(stream: &Stream, theirs: Observation, ours: Observation) -> Outcome {
    let waits = theirs.received.waits || ours.received.waits;
    let mut answers = theirs.received.answers.iter().chain(&ours.received.answers);
    let broken_off = answers.any(|answer| !answer.whole);
    let (mut theirs, ours) = (plain(theirs), plain(ours));
    let original = theirs.clone();
    let known = known::amend(stream, &mut theirs, &ours);
    let kind = kind(&theirs, &ours);
    let difference = kind.map(|kind| {
        let mut text = format!("{kind}\n");
        for line in differing(&show(&original), &show(&ours)) {
            let _ = writeln!(text, "{line}");
        }
        if !known.is_empty() {
            let _ = writeln!(text, "  after amending for: {}", known.join("; "));
        }
        text
    });
    Outcome { difference, known, waits, broken_off }
}

/// Of a head that is taken for a body, all but what tells the engines' names and how long their pages are.
fn status_line(rest: &[u8]) -> &[u8] {
    let is_head = rest.windows(9).any(|bytes| bytes == b"\nServer: ");
    let line = rest.split(|&byte| byte == b'\r').next().filter(|_| is_head);
    line.unwrap_or(rest)
}

/// Looks at what both say of a configuration that one of them, at least, refuses. An error where that is not the same.
pub(crate) fn refusals(text: &str, theirs: Option<&str>, ours: Option<&str>) -> Result<&'static str, String> {
    if ours.is_some_and(configured::is_unsupported) {
        return Ok("configurations refused for what is not supported");
    }
    if let (Some(_), Some(ours)) = (theirs, ours)
        && configured::is_read_late(text, ours)
    {
        return Ok("configurations with an invalid variable in proxy_set_header, which nginx reads later");
    }
    if let (Some(theirs), Some(ours)) = (theirs, ours)
        && (theirs == ours || configured::same_refusal(theirs, ours))
    {
        return Ok("configurations refused");
    }
    // The same kind whatever it is about.
    let kind = |said: Option<&str>| match said {
        Some(said) => said
            .split('"')
            .step_by(2)
            .collect::<Vec<_>>()
            .join("…")
            .split(" in nginx.conf")
            .next()
            .unwrap_or_default()
            .to_owned(),
        None => "accepts it".to_owned(),
    };
    let told = |said: Option<&str>| said.unwrap_or("accepts it").to_owned();
    Err(format!(
        "reading: nginx {}, ours {}\n  nginx: {}\n   ours: {}\n",
        kind(theirs),
        kind(ours),
        told(theirs),
        told(ours)
    ))
}

/// Without what is an engine's own: its name, dates, the order of unlike fields, how it keeps connections to app servers.
fn plain(mut observation: Observation) -> Observation {
    let mut pages = Vec::new();
    for answer in &mut observation.received.answers {
        let length = answer.body.len();
        if name_no_engine(answer) {
            pages.push(length.to_string());
            // The same in one chunk.
            let framing = format!("{length:x}").len() + b"\r\n\r\n0\r\n\r\n".len() + answer.trailers.len();
            pages.push((length + framing).to_string());
            for (_, value) in
                answer.fields.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case(b"content-length"))
            {
                *value = b"page".to_vec();
            }
        }
        name_no_boundary(answer);
        answer
            .fields
            .retain(|(name, _)| !name.eq_ignore_ascii_case(b"date") && !name.eq_ignore_ascii_case(b"server"));
        answer.fields.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        // The length of a page to a HEAD is not seen in its body.
        if answer.body.is_empty()
            && answer.status() >= 300
            && answer.field("content-type").is_some_and(|kind| kind.starts_with(b"text/html"))
        {
            answer.fields.retain(|(name, _)| !name.eq_ignore_ascii_case(b"content-length"));
        }
    }
    // nginx does not end its half of a connection that it will not use any more, and waits for the client to end it.
    let last = observation.received.answers.last();
    if last.and_then(|answer| answer.field("connection")) == Some(b"close") {
        observation.received.waits = false;
    }
    // The page of a refused request, where the client was about to send HEAD.
    let mut page = Answer { body: observation.received.rest.clone(), ..Answer::default() };
    if name_no_engine(&mut page) {
        pages.push(observation.received.rest.len().to_string());
        observation.received.rest = page.body;
    }
    // Where long bodies are kept is an engine's own affair.
    let own = ["is buffered to a temporary file", "warn: using uninitialized"];
    observation.errors.retain(|line| !own.iter().any(|own| line.contains(own)));
    for line in &mut observation.access {
        let mut fields: Vec<&str> = line.split('|').collect();
        let is_error = fields.get(1).is_some_and(|status| *status >= "300");
        if let Some(bytes) =
            fields.get_mut(2).filter(|bytes| is_error && pages.iter().any(|page| page == *bytes))
        {
            *bytes = "page";
        }
        // Of an address without a query that `try_files` goes to, nginx leaves to chance whether it has one.
        if let Some(args) = fields.get_mut(4).filter(|args| args.is_empty()) {
            *args = "-";
        }
        // Of a line that is refused, the version may have been looked at or not.
        let refused = fields.get(1).is_some_and(|status| matches!(*status, "400" | "414" | "505"));
        if let Some(protocol) = fields.get_mut(PROTOCOL).filter(|_| refused) {
            *protocol = "-";
        }
        *line = fields.join("|");
        // Of a target that could not be read nginx knows at times that there is one, and nothing of it.
        *line = line.replacen("|400|page||", "|400|page|-|", 1);
    }
    for seen in &mut observation.seen {
        seen.fields.retain(|field| !field.to_ascii_lowercase().starts_with(b"connection:"));
    }
    observation.seen.iter_mut().for_each(|seen| seen.fields.sort());
    observation
}

fn name_no_engine(answer: &mut Answer) -> bool {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let Some((before, rest)) = text.split_once("<hr><center>") else { return false };
    let Some((_, after)) = rest.split_once("</center>") else { return false };
    answer.body = format!("{before}<hr><center>ENGINE</center>{after}").into_bytes();
    true
}

/// Boundaries of several ranges are counted.
fn name_no_boundary(answer: &mut Answer) {
    let Some(boundary) = answer
        .field("content-type")
        .and_then(|value| value.strip_prefix(b"multipart/byteranges; boundary=").map(<[u8]>::to_vec))
    else {
        return;
    };
    let boundary = String::from_utf8_lossy(&boundary).into_owned();
    let text = String::from_utf8_lossy(&answer.body).replace(&boundary, "BOUNDARY");
    answer.body = text.into_bytes();
    for (_, value) in answer.fields.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case(b"content-type"))
    {
        *value = b"multipart/byteranges; boundary=BOUNDARY".to_vec();
    }
}

/// In what they differ first, in a few words, the same for like disagreements.
fn kind(theirs: &Observation, ours: &Observation) -> Option<String> {
    let (a, b) = (&theirs.received, &ours.received);
    let statuses = |answers: &[Answer]| answers.iter().map(Answer::status).collect::<Vec<_>>();
    if statuses(&a.answers) != statuses(&b.answers) {
        return Some(format!(
            "statuses: nginx {:?}, ours {:?}, {:?}",
            statuses(&a.answers),
            statuses(&b.answers),
            ours.errors.first()
        ));
    }
    for (a, b) in a.answers.iter().zip(&b.answers) {
        if a != b {
            let names = |answer: &Answer| {
                answer
                    .fields
                    .iter()
                    .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
                    .collect::<Vec<_>>()
            };
            let what = match () {
                () if a.line != b.line => "status line".to_owned(),
                () if a.interim != b.interim => "interim responses".to_owned(),
                () if names(a) != names(b) => format!("fields: nginx {:?}, ours {:?}", names(a), names(b)),
                () if a.fields != b.fields => {
                    let unlike =
                        a.fields.iter().zip(&b.fields).find(|(a, b)| a != b).map(|(a, _)| a.0.clone());
                    format!("value of {}", String::from_utf8_lossy(&unlike.unwrap_or_default()))
                }
                () => "body".to_owned(),
            };
            return Some(format!("answer {}, {what}", a.status()));
        }
    }
    if status_line(&a.rest) != status_line(&b.rest) {
        return Some("bytes that are no response".to_owned());
    }
    if a.waits != b.waits {
        return Some(format!("waits for more: nginx {}, ours {}", a.waits, b.waits));
    }
    if theirs.seen != ours.seen {
        if theirs.seen.len() != ours.seen.len() {
            return Some(format!(
                "requests at app servers: nginx {}, ours {}",
                theirs.seen.len(),
                ours.seen.len()
            ));
        }
        let unlike = theirs.seen.iter().zip(&ours.seen).find(|(a, b)| a != b);
        return unlike.map(|(a, b)| match () {
            () if a.server != b.server => "app server that was asked".to_owned(),
            () if a.line != b.line => "request line at app servers".to_owned(),
            () if a.fields != b.fields => "fields at app servers".to_owned(),
            () => "body at app servers".to_owned(),
        });
    }
    if theirs.access != ours.access {
        return Some("access log".to_owned());
    }
    (theirs.errors != ours.errors)
        .then(|| format!("error log: nginx {:?}, ours {:?}", theirs.errors, ours.errors))
}

/// An observation as lines.
fn show(observation: &Observation) -> Vec<String> {
    let text = |bytes: &[u8]| {
        let text = bytes.escape_ascii().to_string();
        if text.len() > 300 {
            format!("{}… ({} bytes)", text.chars().take(300).collect::<String>(), bytes.len())
        } else {
            text
        }
    };
    let mut lines = Vec::new();
    for answer in &observation.received.answers {
        lines.extend(answer.interim.iter().map(|interim| format!("client  < {}", text(&interim.line))));
        lines.push(format!("client  < {}", text(&answer.line)));
        for (name, value) in &answer.fields {
            lines.push(format!("client  <   {}: {}", text(name), text(value)));
        }
        lines.push(format!(
            "client  <   body {} {}",
            text(&answer.body),
            if answer.whole { "" } else { "(not whole)" }
        ));
    }
    lines.push(format!(
        "client  < rest {} waits {}",
        text(&observation.received.rest),
        observation.received.waits
    ));
    for seen in &observation.seen {
        lines.push(format!("app {}   > {}", seen.server, text(&seen.line)));
        lines.extend(seen.fields.iter().map(|field| format!("app     >   {}", text(field))));
        lines.push(format!("app     >   body {} complete {}", text(&seen.body), seen.complete));
    }
    lines.extend(
        observation
            .access
            .iter()
            .map(|line| format!("access  : {}", line.chars().take(400).collect::<String>())),
    );
    lines.extend(
        observation
            .errors
            .iter()
            .map(|line| format!("error   : {}", line.chars().take(400).collect::<String>())),
    );
    lines
}

fn differing(theirs: &[String], ours: &[String]) -> Vec<String> {
    let start = theirs.iter().zip(ours).take_while(|(a, b)| a == b).count();
    let end =
        theirs[start..].iter().rev().zip(ours[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let side = |lines: &[String], mark: &'static str| {
        lines[start..lines.len() - end].iter().map(|line| format!("{mark} {line}")).collect::<Vec<_>>()
    };
    [side(theirs, "  nginx"), side(ours, "   ours")].concat()
}
