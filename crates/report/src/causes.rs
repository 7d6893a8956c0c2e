//! Groups failures and warnings by cause: one mistake in a configuration breaks many promises.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FailedStep, Record, Verdict};

/// The parts of a failure's message that differ between scenarios: addresses, times and process ids.
static SCENARIO_SPECIFICS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"127\.0\.0\.\d:\d+|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d|\d+#\d+").ok());

/// The tag of a scenario that must hold before others of its route can.
const FIRST: &str = "first";

/// Scenarios that fail for the same reason.
#[derive(Debug)]
pub(crate) struct Cause<'a> {
    /// The most specific one.
    pub(crate) first: &'a Record,
    /// The others, in the order of the specification.
    pub(crate) others: Vec<&'a Record>,
    /// Whether the first one's hint says what to look at for all of them.
    pub(crate) hint: bool,
}

impl<'a> Cause<'a> {
    /// All of them, the one that is most about it first.
    pub(crate) fn records(&self) -> impl Iterator<Item = &'a Record> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

/// The broken promises among `records` by cause, then the warnings. Where a rule is broken as a whole, it is about what broke; one that is broken in
/// part only leans on it. So the cause that breaks a rule to the largest part comes first; and of the scenarios of one
/// cause the one whose hint speaks of what was said, then the one whose rule is broken to the largest part. Where the first promise of a
/// route is broken ([`FIRST`]), nothing is known of its others: they have that cause.
pub(crate) fn causes(records: &[Record]) -> Vec<Cause<'_>> {
    let shares = BrokenShares::of(records);
    let mut causes = causes_of(records.iter().filter(|record| record.fails()), &shares);
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.records().map(|record| shares.broken(record)).max()));
    causes.extend(causes_of(records.iter().filter(|record| record.warns()), &shares));
    causes
}

/// The broken promises among `records`, those of one cause together and the one that is most about it first; the gravest cause first.
pub fn broken_by_cause(records: &[Record]) -> Vec<Vec<&Record>> {
    let causes = causes(records).into_iter().map(|cause| cause.records().collect::<Vec<_>>());
    causes.filter(|alike| alike.first().is_some_and(|record| record.fails())).collect()
}

fn causes_of<'a>(
    records: impl Iterator<Item = &'a Record> + Clone,
    shares: &BrokenShares<'_>,
) -> Vec<Cause<'a>> {
    let mut order: Vec<String> = Vec::new();
    let mut alike: HashMap<String, Vec<&Record>> = HashMap::new();
    let of_route = |record: &Record| record.route.map(|route| (route, reason(record)));
    let first: HashMap<usize, String> =
        records.clone().filter(|record| is_first(record)).filter_map(of_route).collect();
    for record in records {
        let of_first = record.route.and_then(|route| first.get(&route));
        let reason = of_first.cloned().unwrap_or_else(|| reason(record));
        if !alike.contains_key(&reason) {
            order.push(reason.clone());
        }
        alike.entry(reason).or_default().push(record);
    }
    order.iter().filter_map(|reason| cause(reason, alike.remove(reason)?, shares)).collect()
}

fn cause<'a>(reason: &str, mut records: Vec<&'a Record>, shares: &BrokenShares<'_>) -> Option<Cause<'a>> {
    // Stable: of records that are equally good the first in the specification stays first.
    records.sort_by_key(|record| {
        std::cmp::Reverse((is_first(record), in_common(&record.hint, reason), shares.broken(record)))
    });
    let first = *records.first()?;
    let mut others: Vec<&Record> = records.into_iter().skip(1).collect();
    others.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let to_the_point = in_common(&first.hint, reason) > 0 || is_first(first);
    // A message that quotes a directive itself says what to look at.
    let alone = !reason.contains('`') && others.iter().all(|other| other.hint == first.hint);
    Some(Cause { first, others, hint: to_the_point || alone })
}

fn is_first(record: &Record) -> bool {
    record.tags.iter().any(|tag| tag == FIRST)
}

/// How much of each rule is broken.
struct BrokenShares<'a>(HashMap<(&'a str, &'a str), (u32, u32)>);

impl<'a> BrokenShares<'a> {
    fn of(records: &'a [Record]) -> BrokenShares<'a> {
        let mut shares: HashMap<(&str, &str), (u32, u32)> = HashMap::new();
        let checked = records.iter().filter(|record| !matches!(record.verdict, Verdict::NotChecked { .. }));
        for record in checked {
            let (broken, of) = shares.entry((&record.feature, &record.rule)).or_default();
            *broken += u32::from(record.fails());
            *of += 1;
        }
        BrokenShares(shares)
    }

    /// In thousandths, of this record's rule.
    fn broken(&self, record: &Record) -> u32 {
        let share = self.0.get(&(record.feature.as_str(), record.rule.as_str()));
        share.map_or(0, |(broken, of)| 1000 * broken / of.max(&1))
    }
}

/// Why a record fails, in words that are the same for every scenario: the lines that quote a directive, if there are any,
/// since they say what is behind the others.
fn reason(record: &Record) -> String {
    let Some(FailedStep { message, .. }) = record.failed_step() else { return record.name.clone() };
    let quoting: Vec<&str> = message.lines().filter(|line| line.contains('`')).collect();
    let said = if quoting.is_empty() { message.clone() } else { quoting.join("\n") };
    SCENARIO_SPECIFICS.as_ref().map_or_else(|| said.clone(), |own| own.replace_all(&said, "").into_owned())
}

/// How many of the directives quoted in `hint` are also in `reason`: of several scenarios that fail for one reason the
/// one that is about it.
fn in_common(hint: &str, reason: &str) -> usize {
    let quoted = hint.split('`').skip(1).step_by(2);
    quoted.filter(|quoted| quoted.contains(' ') && reason.contains(quoted)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn record(rule: &str, name: &str, verdict: Verdict) -> Record {
        Record { rule: rule.into(), ..sample::record(name, verdict) }
    }

    fn names(records: &[Record]) -> Vec<Vec<&str>> {
        causes(records).iter().map(|cause| cause.records().map(|r| r.name.as_str()).collect()).collect()
    }

    #[test]
    fn the_scenario_whose_rule_is_broken_as_a_whole_speaks_for_the_others() {
        let records = [
            record("turns", "sessions take turns", sample::broken("no 101")),
            record("turns", "requests take turns", Verdict::Kept),
            record("handshake", "a WebSocket is formed", sample::broken("no 101")),
        ];
        assert_eq!(names(&records), [["a WebSocket is formed", "sessions take turns"]]);
    }

    #[test]
    fn the_cause_that_breaks_a_whole_rule_comes_first() {
        let records = [
            record("turns", "sessions take turns", sample::broken("only blue answered")),
            record("turns", "requests take turns", Verdict::Kept),
            record("handshake", "a WebSocket is formed", sample::broken("no 101")),
        ];
        assert_eq!(names(&records), [["a WebSocket is formed"], ["sessions take turns"]]);
    }

    #[test]
    fn scenarios_that_are_told_the_same_directive_have_one_cause() {
        let told =
            |what: &str| sample::broken(&format!("{what}\nsee `proxy_set_header Upgrade $http_upgrade;`"));
        let mut records = [
            record("stomp", "a client connects", told("minji got no WebSocket")),
            record("handshake", "a WebSocket is formed", told("there is no WebSocket")),
        ];
        records[0].hint = "Nothing to see.".into();
        assert_eq!(names(&records), [["a WebSocket is formed", "a client connects"]]);
    }

    #[test]
    fn where_nothing_reaches_the_app_that_is_the_cause_of_what_else_is_broken_there() {
        let of_route = |route, name: &str, said: &str| Record {
            route: Some(route),
            ..record("r", name, sample::broken(said))
        };
        let mut first = of_route(1, "the first leads to the app", "the proxy answered by itself");
        first.tags.push(FIRST.into());
        let records = [
            of_route(1, "redirects of the first", "no redirect"),
            first,
            of_route(2, "redirects of the second", "no redirect"),
        ];
        let told =
            [vec!["the first leads to the app", "redirects of the first"], vec!["redirects of the second"]];
        assert_eq!(names(&records), told);
    }

    #[test]
    fn warnings_come_last_and_apart_from_what_is_broken() {
        let records = [
            record("r", "a", sample::warned("no header")),
            record("r", "b", sample::broken("no header")),
            record("r", "c", sample::warned("no header")),
        ];
        assert_eq!(names(&records), [vec!["b"], vec!["a", "c"]]);
    }

    #[test]
    fn addresses_and_times_do_not_make_a_cause() {
        let records = [
            record("r", "a", sample::broken("127.0.0.1:40001 refused at 2026/01/02 03:04:05")),
            record("r", "b", sample::broken("127.0.0.1:40002 refused at 2026/01/02 03:04:06")),
        ];
        assert_eq!(names(&records), [["a", "b"]]);
    }
}
