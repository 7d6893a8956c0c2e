//! An explanation in sections and rows, for people.

use reference_proxy::trace::{
    Candidate, Directive, Outcome, Phase, ServerChoice, Step, TracedStep, WrittenField,
};

use crate::order::in_pieces;

/// What holds where there is no `index`.
const INDEX: &str = "index index.html";

/// What becomes of an app server first.
const ASKED: &str = "is asked";

/// What one step after the other is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The directive; `None` where none decides.
    pub(crate) directive: Option<Directive>,
    /// What stands in its place: something that has no directive, or a line of a message.
    pub(crate) text: String,
    /// Whether it is a line of a message.
    pub(crate) is_message: bool,
    /// What came of it.
    pub(crate) says: String,
}

impl Row {
    pub(crate) fn of(directive: &Option<Directive>, says: impl Into<String>) -> Row {
        let text = directive.as_ref().map(|directive| directive.text.clone()).unwrap_or_default();
        Row { directive: directive.clone(), text, is_message: false, says: says.into() }
    }

    /// Something that has no directive.
    pub(crate) fn text(text: impl Into<String>, says: impl Into<String>) -> Row {
        Row { directive: None, text: text.into(), is_message: false, says: says.into() }
    }

    /// A line of a message.
    pub(crate) fn message(text: impl Into<String>, says: impl Into<String>) -> Row {
        Row { is_message: true, ..Row::text(text, says) }
    }

    /// A directive, or what has its effect where it is not written.
    fn or_default(directive: &Option<Directive>, default: &str, says: impl Into<String>) -> Row {
        match directive {
            Some(_) => Row::of(directive, says),
            None => Row::text(format!("{default} (default)"), says),
        }
    }
}

/// The sections of a request up to its answer.
pub(crate) fn sections(steps: &[TracedStep]) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for TracedStep { step, within, .. } in in_pieces(steps) {
        let Some((title, rows)) = section(step) else { continue };
        let title = match within {
            Some(_) => format!("{title} (of a request within)"),
            None => title,
        };
        let Some(last) = sections.last_mut().filter(|last| last.title == title) else {
            sections.push(Section { title, rows });
            continue;
        };
        match (step, last.rows.last_mut().filter(|row| row.says == ASKED)) {
            (Step::Answered { status, .. }, Some(row)) => row.says = format!("{ASKED}, and answers {status}"),
            (Step::Failed { error, .. }, Some(row)) => row.says = format!("{ASKED}, and fails: {error}"),
            _ => last.rows.extend(rows),
        }
    }
    sections
}

/// The section that a step belongs to, and its rows.
fn section(step: &Step) -> Option<(String, Vec<Row>)> {
    let title = match step {
        Step::Server { .. } => "server".to_owned(),
        Step::Location { uri, .. } if uri.starts_with('@') => format!("location {uri}"),
        Step::Location { uri, .. } => format!("location for {uri}"),
        Step::Set { .. }
        | Step::If { .. }
        | Step::Rewrite { .. }
        | Step::Break { .. }
        | Step::Return { .. } => "rewrite".to_owned(),
        Step::Variable { .. } => "variable".to_owned(),
        Step::LimitExcept { .. }
        | Step::Internal { .. }
        | Step::TooLarge { .. }
        | Step::RealIp { .. }
        | Step::Limit { .. }
        | Step::Access { .. }
        | Step::Password { .. }
        | Step::AuthRequest { .. }
        | Step::SatisfyAny { .. } => "access".to_owned(),
        Step::Unreached { .. } => "never reached".to_owned(),
        Step::Try { .. } | Step::Fallback { .. } | Step::File { .. } => "files".to_owned(),
        Step::Index { .. } | Step::Autoindex { .. } => "files".to_owned(),
        Step::Accel { .. } => "app server".to_owned(),
        Step::ErrorPage { .. } => "error page".to_owned(),
        Step::Mirror { .. } => "copy".to_owned(),
        Step::Cache { .. }
        | Step::Pass { .. }
        | Step::Ask { .. }
        | Step::Failed { .. }
        | Step::Answered { .. } => "app server".to_owned(),
        Step::Filter { .. } => "body".to_owned(),
        Step::Changed { .. }
        | Step::Header { .. }
        | Step::Omitted { .. }
        | Step::Response { .. }
        | Step::Closed { .. } => return None,
    };
    Some((title, rows(step)))
}

fn rows(step: &Step) -> Vec<Row> {
    match step {
        Step::Server { .. } => server(step),
        Step::Location { candidates, directive, .. } => location(candidates, directive),
        Step::LimitExcept { directive, method } => vec![Row::of(directive, format!("takes {method}"))],
        Step::Internal { directive } => {
            vec![Row::of(directive, "404: only the proxy itself may come here, by a redirect of its own")]
        }
        Step::TooLarge { directive, length } => {
            vec![Row::or_default(
                directive,
                "client_max_body_size 1m",
                format!("413: the body has {length} bytes"),
            )]
        }
        Step::RealIp { directive, from, to } => {
            vec![Row::of(directive, format!("the client is {to}, as {from} says"))]
        }
        Step::Limit { directives, status } => {
            directives.iter().map(|one| Row::of(&Some(one.clone()), status.to_ascii_lowercase())).collect()
        }
        Step::Access { directive: None, address, .. } => {
            vec![Row::text("allow, deny", format!("none is about the client, {address}: let in"))]
        }
        Step::Access { directive, address, allowed } => {
            let does = if *allowed { "lets the client in" } else { "403: refuses the client" };
            vec![Row::of(directive, format!("{does}, {address} here"))]
        }
        Step::Password { directive, allowed, status, reason } => {
            let does = match status {
                _ if *allowed => "lets it in".to_owned(),
                status => status.unwrap_or(401).to_string(),
            };
            vec![Row::of(directive, format!("{does}: {reason}"))]
        }
        Step::AuthRequest { directive, status } => {
            let does = match status {
                200..300 => "lets it in",
                401 | 403 => "refuses it",
                _ => "500",
            };
            vec![Row::of(directive, format!("was answered with {status}: {does}"))]
        }
        Step::SatisfyAny { directive, status } => {
            vec![Row::of(directive, format!("{status} so far: another rule may let it in"))]
        }
        Step::Set { directive, value } => vec![Row::of(directive, format!("is {}", quoted(value)))],
        Step::If { directive, value, holds } => {
            let does = if *holds { "holds" } else { "does not hold" };
            vec![Row::of(directive, format!("{does}: {}", quoted(value)))]
        }
        Step::Rewrite { directive, uri, to, status } => vec![Row::of(
            directive,
            match (to, status) {
                (None, _) => "does not match".to_owned(),
                (Some(to), None) => format!("{uri} becomes {to}"),
                (Some(to), Some(status)) => format!("{status} to {to}"),
            },
        )],
        Step::Break { directive } => vec![Row::of(directive, "ends the rewriting")],
        Step::Return { directive: Some(directive), status, .. } if directive.name != "return" => {
            vec![Row::of(
                &Some(directive.clone()),
                format!("is not run here: {status} stands for its answer"),
            )]
        }
        Step::Return { directive, status, text } => vec![Row::of(
            directive,
            match text {
                Some(text) if (300..400).contains(status) => format!("{status} to {text}"),
                _ => format!("answers {status}"),
            },
        )],
        Step::Variable { directive, key, entry, value } => {
            let mut rows = vec![Row::of(directive, format!("{} is {}", quoted(key), quoted(value)))];
            rows.extend(entry.as_ref().map(|_| Row::of(entry, "is the line that counts")));
            rows
        }
        Step::Unreached { phase, directives } => {
            let why = match phase {
                Phase::Rewrite => "the rewrite phase has answered before",
                Phase::Preaccess => "a limit has answered before",
                Phase::Access => "the client was refused before",
                Phase::Precontent => "something before has answered",
            };
            directives.iter().map(|one| Row::of(&Some(one.clone()), why)).collect()
        }
        Step::Try { directive, path, directory, found } => {
            let is = match (*found, *directory) {
                (true, false) => "is there",
                (false, false) => "is no file",
                (true, true) => "is a directory",
                (false, true) => "is no directory",
            };
            vec![Row::or_default(directive, INDEX, format!("{path} {is}"))]
        }
        Step::Fallback { directive, to } => vec![Row::of(
            directive,
            match to.strip_prefix('=') {
                Some(status) => format!("answers {status}"),
                None => format!("goes on with {to}"),
            },
        )],
        Step::File { directive, path, status } => vec![Row::or_default(
            directive,
            "root html",
            match status {
                200 => format!("{path} is sent"),
                301 => format!("{path} is a directory: 301 to the same URI with a slash"),
                403 => format!("403: {path} must not be shown, or has no index"),
                404 => format!("404: {path} is not there"),
                status => format!("{status}: {path}"),
            },
        )],
        Step::Index { directive, to } => {
            vec![Row::or_default(directive, INDEX, format!("goes on with {to}"))]
        }
        Step::Filter { directive, filter } => vec![Row::of(
            directive,
            match filter.as_str() {
                "gzip" => "compresses it",
                "gunzip" => "unpacks it",
                _ => "replaces texts in it",
            },
        )],
        Step::Autoindex { directive, path } => vec![Row::of(directive, format!("{path} is listed"))],
        Step::Accel { to } => vec![Row::text("X-Accel-Redirect", format!("goes on with {to}"))],
        Step::ErrorPage { directive, status, to } => {
            vec![Row::of(directive, format!("{status} goes on with {to}"))]
        }
        Step::Mirror { directive, uri } => vec![Row::of(directive, format!("a copy is sent to {uri}"))],
        Step::Cache { directive, status } => vec![Row::of(directive, status.to_ascii_lowercase())],
        Step::Pass { directive, upstream, url, line, fields, overridden } => {
            let mut rows = vec![Row::of(directive, url.clone())];
            rows.extend(upstream.as_ref().map(|_| Row::of(upstream, "")));
            rows.push(Row::message(format!("> {line}"), ""));
            rows.extend(fields.iter().map(sent));
            rows.extend(overridden.iter().map(|one| {
                let inner = fields.iter().find_map(|field| field.directive.as_ref());
                Row::of(&Some(one.clone()), not_inherited(one, inner))
            }));
            rows
        }
        Step::Ask { directive: Some(directive), .. } => {
            vec![Row::of(&Some(directive.clone()), ASKED)]
        }
        Step::Ask { directive: None, address } => vec![Row::text(address, ASKED)],
        Step::Failed { address, error } => vec![Row::text(address, format!("fails: {error}"))],
        Step::Answered { address, status, .. } => vec![Row::text(address, format!("answers {status}"))],
        Step::Changed { .. }
        | Step::Header { .. }
        | Step::Omitted { .. }
        | Step::Response { .. }
        | Step::Closed { .. } => Vec::new(),
    }
}

fn server(step: &Step) -> Vec<Row> {
    let Step::Server { directive, listen, by, server_name, servers, address, host, .. } = step else {
        return Vec::new();
    };
    let name = quoted(host.as_deref().unwrap_or_default());
    let says = match (by, servers) {
        (ServerChoice::Default, 1) => format!("takes it: the only server on {address}"),
        (ServerChoice::Default, servers) => {
            format!("takes it: the default of {servers} servers on {address}; none has the name {name}")
        }
        (by, servers) => {
            let of = match servers {
                1 => String::new(),
                servers => format!("of {servers} servers on {address} "),
            };
            let how = match by {
                ServerChoice::Exact => "it has that name",
                ServerChoice::LeadingWildcard => "it has the longest name with a * in front that fits",
                ServerChoice::TrailingWildcard => "it has the longest name with a * at the end that fits",
                ServerChoice::Regex | ServerChoice::Default => "it has the first expression that matches",
            };
            format!("takes {name}: {of}{how}")
        }
    };
    let mut rows = vec![Row::of(directive, says)];
    rows.extend(listen.as_ref().map(|_| Row::of(listen, "is where it came in")));
    rows.extend(server_name.as_ref().map(|_| Row::of(server_name, "has the name")));
    rows
}

fn location(candidates: &[Candidate], chosen: &Option<Directive>) -> Vec<Row> {
    let has = |outcome: Outcome| candidates.iter().any(|candidate| candidate.outcome == outcome);
    let mut rows = Vec::new();
    for Candidate { directive, outcome } in candidates {
        let is_chosen = chosen.as_ref() == Some(directive);
        let says = match (outcome, is_chosen) {
            (Outcome::DoesNotFit | Outcome::NotTried, _) => continue,
            (Outcome::Exact, _) => "taken: it is that very name",
            (Outcome::LacksSlash, _) => "taken: only the last slash is missing, and the client is redirected",
            (Outcome::LongestPrefix, true) if has(Outcome::DoesNotMatch) => {
                "taken: the longest prefix, and no expression matches"
            }
            (Outcome::LongestPrefix, true) => "taken: the longest prefix",
            (Outcome::LongestPrefix | Outcome::LongestPrefixFinal, false) if has(Outcome::Matches) => {
                "the longest prefix, but an expression matches"
            }
            (Outcome::LongestPrefix | Outcome::LongestPrefixFinal, false) => {
                "the longest prefix, but a location inside it fits better"
            }
            (Outcome::LongestPrefixFinal, true) => "taken: the longest prefix, and ^~ leaves out expressions",
            (Outcome::ShorterPrefix, _) => "a prefix, but not the longest",
            (Outcome::Matches, true) => "taken: the first expression that matches",
            (Outcome::Matches, false) => "matches, but one inside it does, too",
            (Outcome::DoesNotMatch, _) => "does not match",
        };
        rows.push(Row::of(&Some(directive.clone()), says));
    }
    let count = |outcome: Outcome| candidates.iter().filter(|one| one.outcome == outcome).count();
    let others = [
        (count(Outcome::DoesNotFit), "does not fit", "do not fit"),
        (count(Outcome::NotTried), "is not tried any more", "are not tried any more"),
    ];
    let others = others.iter().filter(|(count, ..)| *count > 0);
    let others: Vec<String> = others
        .map(|(count, one, many)| match count {
            1 => format!("1 other {one}"),
            count => format!("{count} others {many}"),
        })
        .collect();
    if candidates.is_empty() && chosen.is_some() {
        rows.push(Row::of(chosen, "taken: by its name"));
    }
    if chosen.is_none() {
        rows.push(Row::text("no location", "the server itself answers"));
    }
    if !others.is_empty() {
        rows.push(Row::text("", others.join(", ")));
    }
    rows
}

/// A field of the request to the app server.
fn sent(field: &WrittenField) -> Row {
    let text = format!("> {}: {}", field.name, field.value);
    let says = if field.is_clients { "the client's" } else { "" };
    match &field.directive {
        Some(directive) => Row { directive: Some(directive.clone()), ..Row::message(text, says) },
        None => Row::message(text, says),
    }
}

/// Why a directive that may be repeated does not hold.
pub(crate) fn not_inherited(directive: &Directive, instead: Option<&Directive>) -> String {
    let article = if directive.name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    match instead {
        Some(Directive { line, file, .. }) => {
            let place =
                if *file == directive.file { format!("line {line}") } else { format!("{file}:{line}") };
            format!("not inherited: {place} has {article} {} of its own", directive.name)
        }
        None => format!("not inherited: a block further in has {article} {} of its own", directive.name),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
