//! A row for each configuration, where several were run.

use maud::{Markup, html};

use super::super::model::{Record, Report, TargetResults, Verdict};

/// Every configuration, with what came of it.
pub(super) fn section(report: &Report) -> Markup {
    html! {
        section aria-labelledby="configurations" {
            h2 #configurations { "Every configuration" }
            div.wide {
                table.rows-of-files {
                    thead {
                        tr {
                            @for title in ["Configuration", "Kept", "Broken", "Warnings", "Not checked"] {
                                th scope="col" { (title) }
                            }
                        }
                    }
                    tbody {
                        @for (nth, target) in report.targets.iter().enumerate() { (row(nth, target)) }
                    }
                }
            }
        }
    }
}

fn row(nth: usize, target: &TargetResults) -> Markup {
    let broken = target.count(Record::fails);
    let warnings = target.count(Record::warns);
    let counts = [
        (target.count(|record| record.verdict == Verdict::Kept), "good"),
        (broken, "bad"),
        (warnings, "warn"),
        (target.count(|record| matches!(record.verdict, Verdict::NotChecked { .. })), "quiet"),
    ];
    let (class, mark) = match (&target.unfinished, broken, warnings) {
        (Some(_), _, _) => ("bad", "–"),
        (None, 0, 0) => ("good", "✓"),
        (None, 0, _) => ("warn", "!"),
        (None, _, _) => ("bad", "✗"),
    };
    // The first of them that is told below.
    let first = |wanted: fn(&Record) -> bool| target.records.iter().position(wanted);
    let told = first(Record::fails).or_else(|| first(Record::warns));
    html! {
        tr {
            th scope="row" {
                span class=(class) aria-hidden="true" { (mark) " " }
                @match told {
                    Some(index) => a href={ "#f" (nth) "-" (index) } { (target.name) },
                    None => (target.name),
                }
                @if let Some(unfinished) = &target.unfinished { div.quiet.small { (unfinished) } }
            }
            @for (count, class) in counts {
                td class=(if count > 0 { class } else { "quiet" }) { (count) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn each_row_leads_to_what_is_told_of_it() {
        let mut report = sample::report(vec![
            sample::record("a", Verdict::Kept),
            sample::record("b", sample::warned("no")),
            sample::record("c", sample::broken("no")),
        ]);
        report.targets.push(TargetResults {
            name: "other.conf".into(),
            unfinished: Some("it was not run: cannot read it".into()),
            ..TargetResults::default()
        });
        let page = section(&report).into_string();
        assert!(page.contains("href=\"#f0-2\">nginx</a>"), "{page}");
        assert!(
            page.contains("other.conf<div class=\"quiet small\">it was not run: cannot read it</div>"),
            "{page}"
        );
        let cells = "<td class=\"good\">1</td><td class=\"bad\">1</td><td class=\"warn\">1</td><td class=\"quiet\">0</td>";
        assert!(page.contains(cells), "{page}");
    }
}
