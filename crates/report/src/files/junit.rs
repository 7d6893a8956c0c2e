//! JUnit's XML, as Jenkins, GitLab and the actions of GitHub show it: a suite for each feature of each target.

use std::io;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::super::model::{FailedStep, Record, Report, TargetResults, Verdict};
use super::super::numbers::ordinal;

type Xml = Writer<Vec<u8>>;

/// The whole file.
pub(super) fn xml(report: &Report) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory does not fail.
    let _ = document(&mut xml, report);
    String::from_utf8_lossy(&xml.into_inner()).into_owned() + "\n"
}

fn document(xml: &mut Xml, report: &Report) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&Record> = report.targets.iter().flat_map(|target| &target.records).collect();
    let errors = report.targets.iter().filter(|target| target.unfinished.is_some()).count();
    let suites = xml.create_element("testsuites").with_attribute(("name", "hopcheck"));
    suites.with_attributes(counts(&all, errors).iter().map(pair)).write_inner_content(|xml| {
        report.targets.iter().try_for_each(|target| target_suites(xml, report, target))
    })?;
    Ok(())
}

fn target_suites(xml: &mut Xml, report: &Report, target: &TargetResults) -> io::Result<()> {
    for feature in &report.features {
        let records: Vec<&Record> = target.records.iter().filter(|r| r.feature == feature.name).collect();
        if records.is_empty() {
            continue;
        }
        suite(xml, report, &format!("{}: {}", target.name, feature.name), &counts(&records, 0), |xml| {
            records.iter().try_for_each(|record| case(xml, target, record))
        })?;
    }
    let Some(unfinished) = &target.unfinished else { return Ok(()) };
    // What was not run must not look as if it had passed.
    suite(xml, report, &format!("{}: the run", target.name), &counts(&[], 1), |xml| {
        let case = xml.create_element("testcase").with_attributes([
            ("name", "every scenario was run"),
            ("classname", &clean(&target.name)),
            ("time", "0.000"),
        ]);
        case.write_inner_content(|xml| {
            let error = xml.create_element("error").with_attribute(("message", clean(unfinished).as_str()));
            error.write_empty().map(drop)
        })?;
        Ok(())
    })
}

fn suite(
    xml: &mut Xml,
    report: &Report,
    name: &str,
    counts: &[(&'static str, String)],
    cases: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    let suite = xml.create_element("testsuite").with_attribute(("name", clean(name).as_str()));
    let suite = suite.with_attribute(("timestamp", report.started.trim_end_matches('Z')));
    suite.with_attributes(counts.iter().map(pair)).write_inner_content(cases)?;
    Ok(())
}

fn case(xml: &mut Xml, target: &TargetResults, record: &Record) -> io::Result<()> {
    let case = xml.create_element("testcase").with_attributes([
        ("name", clean(&record.name).as_str()),
        // What stands before the last dot is a package to CI servers: the target.
        (
            "classname",
            &clean(&format!("{}.{}", target.name.replace('.', "_"), record.feature.replace('.', ""))),
        ),
        ("file", &clean(&record.file)),
        ("line", &record.line.to_string()),
        ("time", &seconds(record.took)),
    ]);
    let skipped = |xml: &mut Xml, why: String| {
        xml.create_element("skipped")
            .with_attribute(("message", clean(&why).as_str()))
            .write_empty()
            .map(drop)
    };
    match &record.verdict {
        Verdict::Kept if !record.kept_late() => {
            case.write_empty()?;
        }
        Verdict::Kept => {
            let said = format!("kept at the {} attempt", ordinal(record.attempts));
            case.write_inner_content(|xml| {
                xml.create_element("system-out").write_text_content(BytesText::new(&said)).map(drop)
            })?;
        }
        Verdict::Broken(FailedStep { message, .. }) => {
            case.write_inner_content(|xml| failure(xml, message, &super::plain_text(record)))?;
        }
        // Readers know no warnings: a test that passes may say something.
        Verdict::Warned(_) => {
            let said = format!("warning: {}", clean(&super::plain_text(record)));
            case.write_inner_content(|xml| {
                xml.create_element("system-out").write_text_content(BytesText::new(&said)).map(drop)
            })?;
        }
        Verdict::UnexpectedlyKept { .. } => {
            case.write_inner_content(|xml| failure(xml, super::OUT_OF_DATE, &super::plain_text(record)))?;
        }
        Verdict::KnownDifference { reason } => {
            case.write_inner_content(|xml| skipped(xml, format!("known to differ: {reason}")))?;
        }
        Verdict::NotChecked { reason } => {
            case.write_inner_content(|xml| skipped(xml, format!("not checked: {reason}")))?;
        }
    }
    Ok(())
}

fn failure(xml: &mut Xml, message: &str, told: &str) -> io::Result<()> {
    let first = clean(message.lines().next().unwrap_or_default());
    let failure = xml
        .create_element("failure")
        .with_attributes([("message", first.as_str()), ("type", "broken promise")]);
    failure.write_text_content(BytesText::new(&clean(told))).map(drop)
}

fn counts(records: &[&Record], errors: usize) -> Vec<(&'static str, String)> {
    let skipped = |record: &&&Record| {
        matches!(record.verdict, Verdict::KnownDifference { .. } | Verdict::NotChecked { .. })
    };
    vec![
        ("tests", (records.len() + errors).to_string()),
        ("failures", records.iter().filter(|record| record.fails()).count().to_string()),
        ("errors", errors.to_string()),
        ("skipped", records.iter().filter(skipped).count().to_string()),
        ("time", seconds(records.iter().map(|record| record.took).sum())),
    ]
}

fn pair<'a>((name, value): &'a (&'static str, String)) -> (&'a str, &'a str) {
    (name, value)
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

/// XML 1.0 has no way to say most control characters.
fn clean(text: &str) -> String {
    let allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
    };
    text.chars().map(|c| if allowed(c) { c } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn every_verdict_has_its_element() {
        let late = Record { attempts: 2, ..sample::record("late", Verdict::Kept) };
        let mut report = sample::report(vec![
            sample::record("kept", Verdict::Kept),
            late,
            sample::record("<broken>", sample::broken("no \u{1b}\nnot at all")),
            sample::record("differs", Verdict::KnownDifference { reason: "so it is".into() }),
            sample::record("unchecked", Verdict::NotChecked { reason: "no destination".into() }),
        ]);
        report.targets[0].unfinished = Some("interrupted".into());
        assert_eq!(
            xml(&report),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="hopcheck" tests="6" failures="1" errors="1" skipped="2" time="7.500">
  <testsuite name="nginx: The feature" timestamp="2026-01-02T03:04:05" tests="5" failures="1" errors="0" skipped="2" time="7.500">
    <testcase name="kept" classname="nginx.The feature" file="features/f.feature" line="7" time="1.500"/>
    <testcase name="late" classname="nginx.The feature" file="features/f.feature" line="7" time="1.500">
      <system-out>kept at the 2nd attempt</system-out>
    </testcase>
    <testcase name="&lt;broken&gt;" classname="nginx.The feature" file="features/f.feature" line="7" time="1.500">
      <failure message="no �" type="broken promise">features/f.feature:7  @D8
rule: The rule
step: Then the response is 101
no �
not at all
look at: See `proxy_set_header Upgrade $http_upgrade;`.

the client sent
  &gt; GET /stomp HTTP/1.1
# blue saw this
</failure>
    </testcase>
    <testcase name="differs" classname="nginx.The feature" file="features/f.feature" line="7" time="1.500">
      <skipped message="known to differ: so it is"/>
    </testcase>
    <testcase name="unchecked" classname="nginx.The feature" file="features/f.feature" line="7" time="1.500">
      <skipped message="not checked: no destination"/>
    </testcase>
  </testsuite>
  <testsuite name="nginx: the run" timestamp="2026-01-02T03:04:05" tests="1" failures="0" errors="1" skipped="0" time="0.000">
    <testcase name="every scenario was run" classname="nginx" time="0.000">
      <error message="interrupted"/>
    </testcase>
  </testsuite>
</testsuites>
"#
        );
    }
}
