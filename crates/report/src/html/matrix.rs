//! Every rule by target, as a table whose cells open to their scenarios.

use maud::{Markup, html};

use super::super::model::{Outline, Record, Report, TargetResults, Verdict};
use super::verdict;

pub(super) fn section(report: &Report) -> Markup {
    html! {
        section aria-labelledby="rules" {
            h2 #rules { "Every rule" }
            p.quiet { "The results of each target. Open a cell for its scenarios." }
            div.wide {
                // A phone shows rows as blocks, and some browsers then forget that this is a table: hence the roles.
                table.matrix role="table" aria-labelledby="rules" style={ "--targets:" (report.targets.len()) } {
                    thead role="rowgroup" {
                        tr role="row" {
                            th scope="col" role="columnheader" { "Rule" }
                            @for target in &report.targets {
                                th scope="col" role="columnheader" { (target.name) }
                            }
                        }
                    }
                    @for feature in &report.features {
                        (body(report, feature))
                    }
                }
            }
        }
    }
}

/// A rule, and for each target its records with their numbers there.
struct Row<'a> {
    rule: &'a str,
    cells: Vec<Vec<(usize, &'a Record)>>,
}

impl<'a> Row<'a> {
    fn new(report: &'a Report, feature: &str, rule: &'a str) -> Row<'a> {
        let of_target = |target: &'a TargetResults| {
            let records = target.records.iter().enumerate();
            records.filter(|(_, record)| record.feature == feature && record.rule == rule).collect()
        };
        Row { rule, cells: report.targets.iter().map(of_target).collect() }
    }
}

fn body(report: &Report, feature: &Outline) -> Markup {
    let rules = std::iter::once("").chain(feature.rules.iter().map(String::as_str));
    let mut rows: Vec<Row<'_>> = rules.map(|rule| Row::new(report, &feature.name, rule)).collect();
    rows.retain(|row| row.cells.iter().any(|records| !records.is_empty()));
    if rows.is_empty() {
        return html! {};
    }
    html! {
        tbody role="rowgroup" {
            tr.feature role="row" {
                th scope="rowgroup" role="rowheader" colspan=(report.targets.len() + 1) {
                    (feature.name)
                    @if !feature.description.is_empty() {
                        span.quiet.small { (feature.description) }
                    }
                }
            }
            @for Row { rule, cells } in &rows {
                tr role="row" {
                    th scope="row" role="rowheader" { (if rule.is_empty() { "(no rule)" } else { *rule }) }
                    @for (nth, (target, records)) in report.targets.iter().zip(cells).enumerate() {
                        td role="cell" { (cell(nth, target, records)) }
                    }
                }
            }
        }
    }
}

fn cell(nth: usize, target: &TargetResults, records: &[(usize, &Record)]) -> Markup {
    let plain: Vec<&Record> = records.iter().map(|(_, record)| *record).collect();
    let (class, mark, words) = verdict::together(&plain);
    html! {
        @if records.is_empty() {
            span.target.quiet { (target.name) }
            span.quiet.none { "not run" }
        } @else {
            details {
                summary {
                    span.target.quiet { (target.name) }
                    span class=(class) { span.mark aria-hidden="true" { (mark) } " " (words) }
                }
                ul.plain {
                    @for (index, record) in records {
                        li {
                            (verdict::mark(record)) " "
                            @if record.fails() || record.warns() {
                                a href={ "#f" (nth) "-" (index) } { (record.name) }
                            } @else {
                                (record.name)
                            }
                            " "
                            // The mark says as much to eyes.
                            @let class = if record.verdict == Verdict::Kept && !record.kept_late() { "unseen" } else { "quiet small" };
                            span class=(class) { (verdict::words(record)) }
                        }
                    }
                }
            }
        }
    }
}
