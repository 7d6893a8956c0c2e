//! Requests and answers made to be read in two ways: what research on request smuggling lists, and what RFC 9112 has refused.
//!
//! Wherever bytes could be another request they ask for `/api/smuggled`, which no app server may ever be asked for: not by a proxy that
//! takes a message to end where the client meant it to, or where it can be read in one way only.
//!
//! What both engines make of them is in `docs/trust/payloads.md`, to which they are held.

mod list;

use std::fmt::Write as _;

use crate::bench::Bench;
use crate::engine::Observation;
use list::{Payload, SMUGGLED, payloads};

/// The page of nginx 1.22. Those of others have the rows that are not there.
const PAGE: &str = "../../docs/trust/payloads.md";

const INTRODUCTION: &str = "\
# What can be read in two ways

Requests and answers that one reader could take to end elsewhere than another, that smuggle lines, or that RFC 9112 has refused: what nginx
and the reference proxy say to the client, and what app servers behind them are asked for. `tests/differential` sends them, and fails when
this table is not what it sees; `HOPCHECK_BLESS=1` writes it anew.

Where bytes could be another request, they ask for `/api/smuggled`. No app server behind the reference proxy is ever asked for it.

`open` means that the connection stays open, for another request or for more of this one; `closed` that it ended without an answer. A number
behind a request is the length of its body; `…` stands behind one that broke off.
";

/// Sends every payload, and holds what came of it to the table.
pub(crate) fn check(bench: &mut Bench) {
    let path = match bench.version() {
        Some("1.22") | None => PAGE.to_owned(),
        Some(version) => format!("../../docs/trust/payloads-{version}.md"),
    };
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let base = if path == PAGE { String::new() } else { read(PAGE) };
    let known = base.clone() + &read(&path);
    let mut rows = Vec::new();
    for payload in payloads() {
        let told = |seen: &[Observation; 2]| seen.each_ref().map(Told::of);
        let expected = |seen: &[Observation; 2]| known.contains(&row(&payload, &told(seen)));
        let seen = bench.observe(&payload.request, &payload.reply, expected).expect("two engines that run");
        let smuggled = seen[1].seen.iter().find(|seen| seen.line.ends_with(SMUGGLED.as_bytes()));
        assert!(smuggled.is_none(), "{}: {}: an app server was asked for it", payload.group, payload.name);
        let told = told(&seen);
        rows.push((payload, told));
    }
    if path != PAGE {
        rows.retain(|(payload, told)| !base.contains(&row(payload, told)));
    }
    let page = page(&rows, bench.version().filter(|_| path != PAGE));
    if std::env::var_os("HOPCHECK_BLESS").is_some() {
        std::fs::write(&path, &page).expect("docs/ can be written");
    }
    let known = read(&path);
    let news: Vec<String> = page
        .lines()
        .filter(|line| !known.lines().any(|other| other == *line))
        .map(|line| format!("now {line}"))
        .chain(
            known
                .lines()
                .filter(|line| !page.lines().any(|other| other == *line))
                .map(|line| format!("was {line}")),
        )
        .collect();
    assert!(news.is_empty(), "{path} says otherwise (HOPCHECK_BLESS=1 writes it):\n{}", news.join("\n"));
}

/// What one engine made of a payload.
#[derive(PartialEq, Eq)]
struct Told {
    client: String,
    app: String,
}

impl Told {
    fn of(observation: &Observation) -> Told {
        let received = &observation.received;
        let mut client: Vec<String> =
            received.answers.iter().map(|answer| answer.status().to_string()).collect();
        if !received.rest.is_empty() {
            client.push("more bytes".into());
        }
        if received.waits {
            client.push("open".into());
        }
        if client.is_empty() {
            client.push("closed".into());
        }
        let app = observation.seen.iter().map(|seen| {
            let line = seen.line.escape_ascii();
            let body = if seen.body.is_empty() { String::new() } else { format!(" {}", seen.body.len()) };
            format!("`{line}`{body}{}", if seen.complete { "" } else { " …" })
        });
        Told { client: client.join(", "), app: app.collect::<Vec<_>>().join(", ") }
    }
}

fn page(rows: &[(Payload, [Told; 2])], version: Option<&str>) -> String {
    let differ = rows.iter().filter(|(_, [theirs, ours])| theirs != ours).count();
    let (count, two) = (rows.len(), "the two make something else");
    let mut page = match version {
        None => format!("{INTRODUCTION}\n{count} payloads; of {differ} {two}.\n"),
        Some(version) => format!(
            "# What can be read in two ways, by nginx {version}\n\nWhat [the page about nginx 1.22](payloads.md) has otherwise, with \
             `--as {version}`: {count} payloads; of {differ} {two}.\n"
        ),
    };
    let mut group = "";
    for (payload, told) in rows {
        if payload.group != group {
            group = payload.group;
            let _ = write!(
                page,
                "\n## {group}\n\n| | nginx | reference proxy | behind nginx | behind the reference proxy |\n|---|---|---|---|---|\n"
            );
        }
        page.push_str(&row(payload, told));
    }
    page
}

fn row(payload: &Payload, [theirs, ours]: &[Told; 2]) -> String {
    let (client, app) = (same(&theirs.client, &ours.client), same(&theirs.app, &ours.app));
    format!(
        "| {} | {} | {client} | {} | {app} |\n",
        payload.name,
        theirs.client,
        theirs.app.replace('|', "\\|")
    )
}

/// The second, unless it is the first.
fn same(theirs: &str, ours: &str) -> String {
    match ours {
        _ if theirs == ours && ours.is_empty() => String::new(),
        _ if theirs == ours => "same".into(),
        "" => "nothing".into(),
        ours => format!("**{}**", ours.replace('|', "\\|")),
    }
}
