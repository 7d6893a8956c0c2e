//! The page of a run: how it went, what is broken, and every rule by target.

use hopcheck_site::profile::lines_to_add;
use maud::{Markup, PreEscaped, html};

use super::super::model::{Record, Report, TargetResults, Verdict};
use super::super::numbers::counted;
use super::{failure, matrix, page, pictures, rows, site_map};

const STYLE: &str = include_str!("results.css");

/// Opens what a link leads into, for browsers that do not by themselves, and failures before they are printed. All of the
/// page can be read without it.
const SCRIPT: &str = include_str!("results.js");

/// The page of a run.
pub fn report(report: &Report) -> String {
    let headline = headline(report);
    let body = html! {
        style { (PreEscaped(STYLE)) }
        header {
            p.quiet { "hopcheck" }
            h1 { (headline) }
            p.quiet { (asked(report)) }
            (contents(report))
        }
        main #main {
            @if report.has_several_configurations() { (rows::section(report)) } @else { (targets(report)) }
            (failure::broken(report))
            (failure::warnings(report))
            (pictures::section(report))
            (site_map::section(report))
            // A column for each of many files would be read by nobody.
            @if !report.has_several_configurations() { (matrix::section(report)) }
            (listed(report, "Not checked", "not-checked", |record| match &record.verdict {
                Verdict::NotChecked { reason } => Some(reason.clone()),
                _ => None,
            }))
            (to_add(report))
            (listed(report, "Known differences", "known", |record| match &record.verdict {
                Verdict::KnownDifference { reason } => Some(reason.clone()),
                _ => None,
            }))
            (listed(report, "Passed only on retry", "late", |record| {
                record.kept_late().then(|| super::verdict::words(record))
            }))
        }
        script { (PreEscaped(SCRIPT)) }
    };
    page(&headline, &body)
}

fn broken(report: &Report) -> usize {
    let records = report.targets.iter().flat_map(|target| &target.records).filter(|record| record.fails());
    let mut places: Vec<String> = records.map(Record::place).collect();
    places.sort();
    places.dedup();
    places.len()
}

fn headline(report: &Report) -> String {
    let unfinished = report.targets.iter().any(|target| target.unfinished.is_some());
    match (broken(report), unfinished) {
        (0, true) => "Not finished; nothing is known to be broken so far".to_owned(),
        (0, false) if report.targets.iter().any(|target| target.records.iter().any(Record::warns)) => {
            "No promise is broken, but there are warnings".to_owned()
        }
        (0, false) => "Every promise that was checked is kept".to_owned(),
        (1, _) => "1 promise is broken".to_owned(),
        (broken, _) => format!("{broken} promises are broken"),
    }
}

fn asked(report: &Report) -> String {
    let date = report.started.replace('T', " ").replace('Z', " UTC");
    let mut configurations: Vec<&str> =
        report.targets.iter().map(|target| target.configuration.as_str()).collect();
    configurations.retain(|configuration| !configuration.is_empty());
    configurations.dedup();
    match configurations.as_slice() {
        [] => date,
        some => format!("{}, {date}", some.join(", ")),
    }
}

/// Links to what the page holds.
fn contents(report: &Report) -> Markup {
    let count =
        |wanted: fn(&Record) -> bool| -> usize { report.targets.iter().map(|t| t.count(wanted)).sum() };
    let parts = [
        ("broken", "Broken promises", broken(report)),
        ("warnings", "Warnings", count(Record::warns)),
        ("not-checked", "Not checked", count(|r| matches!(r.verdict, Verdict::NotChecked { .. }))),
        ("known", "Known differences", count(|r| matches!(r.verdict, Verdict::KnownDifference { .. }))),
        ("late", "Passed only on retry", count(Record::kept_late)),
    ];
    let comes_first = |id: &&str| matches!(*id, "broken" | "warnings");
    html! {
        nav aria-label="Contents" {
            ul.contents {
                @for (id, name, count) in parts.iter().filter(|(id, _, count)| comes_first(id) && *count > 0) {
                    li { a href={ "#" (id) } { (name) " (" (count) ")" } }
                }
                @if report.targets.iter().any(|target| target.site.is_some()) {
                    li { a href="#routes" { "Routes" } }
                }
                @if report.has_several_configurations() {
                    li { a href="#configurations" { "Every configuration" } }
                } @else {
                    li { a href="#rules" { "Every rule" } }
                }
                @for (id, name, count) in parts.iter().filter(|(id, _, count)| !comes_first(id) && *count > 0) {
                    li { a href={ "#" (id) } { (name) " (" (count) ")" } }
                }
            }
        }
    }
}

fn targets(report: &Report) -> Markup {
    html! {
        section aria-label="Targets" {
            ul.targets {
                @for target in &report.targets {
                    li.panel { (summary(target)) }
                }
            }
        }
    }
}

fn summary(target: &TargetResults) -> Markup {
    let kept = target.count(|record| record.verdict == Verdict::Kept);
    let broken = target.count(Record::fails);
    let differ = target.count(|record| matches!(record.verdict, Verdict::KnownDifference { .. }));
    let unchecked = target.count(|record| matches!(record.verdict, Verdict::NotChecked { .. }));
    let parts = [
        ("kept", kept, "good"),
        ("broken", broken, "bad"),
        ("warned of", target.count(Record::warns), "warn"),
        ("known to differ", differ, "warn"),
        ("not checked", unchecked, "none"),
    ];
    html! {
        h2 { (target.name) }
        p.quiet.small { (target.description) }
        @if !target.records.is_empty() {
            p.counts {
                @for (words, count, class) in parts.iter().filter(|(words, count, _)| *count > 0 || *words == "kept") {
                    span class=(class) { b { (count) } " " (words) } " "
                }
            }
            div.bar aria-hidden="true" {
                @for (_, count, class) in parts.iter().filter(|(_, count, _)| *count > 0) {
                    span class=(class) style={ "flex-grow:" (count) } {}
                }
            }
        }
        p.quiet.small {
            (counted(target.records.len(), "scenario")) " in " (format!("{:.1}", target.took.as_secs_f64())) " s"
            @if let Some(shard) = target.shard { "; shard " (shard) }
            @if let Some(seed) = target.shuffle { "; in random order: --shuffle " (seed) }
            @if target.slow_left_out > 0 { "; " (target.slow_left_out) " slow ones left out" }
        }
        @if let Some(unfinished) = &target.unfinished {
            p.note { b { "Not finished: " } (unfinished) }
        }
    }
}

/// The lines that `hopcheck.toml` lacks for what could not be checked.
fn to_add(report: &Report) -> Markup {
    let records = report.targets.iter().flat_map(|target| &target.records);
    let reasons = records.filter_map(|record| match &record.verdict {
        Verdict::NotChecked { reason } => Some(reason.as_str()),
        _ => None,
    });
    let lines = lines_to_add(reasons);
    html! {
        @if !lines.is_empty() {
            details.panel.group {
                summary { "To have them checked, add to hopcheck.toml, with your site's own values" }
                pre { (lines.trim_end()) }
            }
        }
    }
}

/// Scenarios of one kind, by what is said of them.
fn listed(report: &Report, title: &str, id: &str, said: impl Fn(&Record) -> Option<String>) -> Markup {
    let mut groups: Vec<(String, String, Vec<&Record>)> = Vec::new();
    for target in &report.targets {
        for record in &target.records {
            let Some(words) = said(record) else { continue };
            match groups.iter_mut().find(|(name, known, _)| *name == target.name && *known == words) {
                Some((_, _, records)) => records.push(record),
                None => groups.push((target.name.clone(), words, vec![record])),
            }
        }
    }
    if groups.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby=(id) {
            h2 #(id) { (title) }
            @for (target, words, records) in groups {
                details.panel.group {
                    summary {
                        (failure::prose(&words))
                        span.quiet { " (" (target) ", " (counted(records.len(), "scenario")) ")" }
                    }
                    ul.plain {
                        @for record in records {
                            li { (record.name) " " span.quiet.small { (record.place()) } }
                        }
                    }
                }
            }
        }
    }
}
