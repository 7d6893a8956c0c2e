//! A difference, as it is told.

use std::fmt;

use super::fields::counted;
use super::shown_path;
use crate::profile::{EVERYBODY, Profile, PromisedRoute, PromisedUpstream};
use crate::{Line, Role, Route, Upstream};

/// How a configuration differs from a promise of its profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What is different, each in a few words.
    pub what: Vec<String>,
    /// What the profile says, beginning with where.
    promised: [String; 4],
    /// What the configuration has, beginning with where.
    found: Option<[String; 4]>,
}

impl Difference {
    pub(super) fn of_route(
        what: Vec<String>,
        profile: &Profile,
        promised: &PromisedRoute,
        found: Option<&Route>,
    ) -> Difference {
        let path = format!("{}{}", promised.path, if promised.exact { "" } else { "…" });
        let kind = promised.kind.map_or("", |kind| kind.name());
        let access = promised.access.as_deref().filter(|access| *access != EVERYBODY);
        let promise = [
            format!("{}:{}", profile.name, promised.line),
            path,
            behind(kind, access),
            leads(promised.to.as_deref(), promised.fallback.as_deref(), promised.uri.map(|uri| uri.name())),
        ];
        let found = found.map(|route| {
            [
                route.lines.first().map_or_else(String::new, shown_line),
                shown_path(route),
                behind(route.kind.name(), route.gate.as_deref()),
                leads(Some(&route.to), route.fallback.as_deref(), route.uri.map(|uri| uri.name())),
            ]
        });
        Difference { what, promised: promise, found }
    }

    pub(super) fn of_upstream(
        what: Vec<String>,
        profile: &Profile,
        name: &str,
        promised: &PromisedUpstream,
        found: Option<&Upstream>,
    ) -> Difference {
        let servers = |servers: Option<usize>, backups: Option<usize>| {
            let backups = backups.filter(|backups| *backups > 0).map(|backups| counted(backups, "backup"));
            let parts = servers.map(|servers| counted(servers, "server")).into_iter().chain(backups);
            parts.collect::<Vec<_>>().join(", ")
        };
        let promise = [
            format!("{}:{}", profile.name, promised.line),
            format!("upstream {name}"),
            servers(promised.servers, promised.backups),
            promised.balancing.clone().unwrap_or_default(),
        ];
        let found = found.map(|upstream| {
            [
                shown_line(&upstream.line),
                format!("upstream {}", upstream.name),
                servers(Some(upstream.count(Role::Primary)), Some(upstream.count(Role::Backup))),
                upstream.balancing.clone(),
            ]
        });
        Difference { what, promised: promise, found }
    }
}

fn shown_line(line: &Line) -> String {
    format!("{}:{}", line.file, line.line)
}

fn behind(kind: &str, gate: Option<&str>) -> String {
    gate.map_or_else(|| kind.to_owned(), |gate| format!("{kind}, behind {gate}"))
}

fn leads(to: Option<&str>, fallback: Option<&str>, uri: Option<&str>) -> String {
    let fallback = fallback.map(|page| format!("else {page}"));
    let uri = uri.map(|uri| format!("path {uri}"));
    to.map(str::to_owned).into_iter().chain(fallback).chain(uri).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.iter().try_for_each(|what| writeln!(f, "{what}"))?;
        let rows: Vec<&[String; 4]> = std::iter::once(&self.promised).chain(&self.found).collect();
        for (nth, row) in rows.iter().enumerate() {
            let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            let cells =
                row.iter().enumerate().map(|(column, cell)| format!("{cell:<width$}", width = width(column)));
            let line = cells.collect::<Vec<_>>().join("  ");
            let end = if nth + 1 < rows.len() { "\n" } else { "" };
            write!(f, "  {}{end}", line.trim_end())?;
        }
        Ok(())
    }
}
