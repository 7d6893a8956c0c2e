//! A response header that tells instances apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::ask::Asker;
use crate::findings::{Field, Findings};
use hopcheck_clients::Response;

const HEADER: Field = ("instances", "header");

/// How often is asked. Two instances that take turns at random show only one of them once in 128 times.
const TIMES: usize = 8;

/// Headers with as few values as this may tell instances; one with more says something of the response.
const MOST_VALUES: usize = 4;

/// Words in the names of headers that tell who answered.
const TELLING: [&str; 9] =
    ["instance", "served", "backend", "upstream", "node", "pod", "host", "server", "via"];

/// Parts of the names of headers that differ for other reasons.
const OTHERS: [&str; 23] = [
    "age",
    "alive",
    "cache",
    "connection",
    "cookie",
    "correlation",
    "date",
    "etag",
    "expires",
    "length",
    "limit",
    "modified",
    "nel",
    "policy",
    "ratelimit",
    "ray",
    "report",
    "request",
    "runtime",
    "time",
    "timing",
    "trace",
    "vary",
];

/// Asks for `path` several times, and looks which header has a few values in turn.
pub(super) async fn explore(asker: &Asker<'_>, path: Option<&str>, findings: &mut Findings<'_>) {
    let Some(path) = path else {
        return findings.missing(HEADER, "no path is known that the app servers answer by GET");
    };
    let mut responses = Vec::new();
    for _ in 0..TIMES {
        responses.extend(asker.get(path).await.ok());
    }
    let values = values(&responses);
    let varied = values.iter().filter(|(_, values)| (2..=MOST_VALUES).contains(&values.len()));
    match varied.min_by_key(|(name, _)| rank(name)) {
        Some((name, values)) => {
            let told: Vec<&str> = values.iter().copied().collect();
            let note = format!("{} answers of {path} came with {}", responses.len(), told.join(", "));
            findings.found(HEADER, *name, note);
        }
        None => match values.iter().find(|(name, _)| rank(name) < TELLING.len() - 2) {
            Some((name, values)) => {
                let value = values.first().copied().unwrap_or_default();
                let why = format!(
                    "it was {value:?} in each of {} answers, as if there were one instance only",
                    responses.len()
                );
                findings.suggested(HEADER, *name, why);
            }
            None => findings.missing(HEADER, format!("no header of {path} has a few values in turn")),
        },
    }
}

/// The values of each header that every response has once, but for those that differ anyway.
fn values(responses: &[Response]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let Some(first) = responses.first() else { return values };
    for (name, _) in &first.headers {
        let lower = name.to_ascii_lowercase();
        if lower.split('-').any(|part| OTHERS.contains(&part)) {
            continue;
        }
        let all: Option<Vec<&str>> = responses.iter().map(|response| response.value(name)).collect();
        if let Some(all) = all {
            values.entry(name).or_default().extend(all);
        }
    }
    values
}

/// The smaller, the more likely a header of that name tells who answered.
fn rank(name: &str) -> usize {
    let name = name.to_ascii_lowercase();
    TELLING.iter().position(|word| name.contains(word)).unwrap_or(TELLING.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { headers, ..Response::default() }
    }

    #[test]
    fn only_headers_that_all_have_and_that_say_who_answered_are_looked_at() {
        let responses = [
            response(&[("Date", "1"), ("X-Served-By", "a"), ("X-Request-Id", "1"), ("Extra", "1")]),
            response(&[("Date", "2"), ("x-served-by", "b"), ("X-Request-Id", "2")]),
        ];
        let expected = BTreeMap::from([("X-Served-By", BTreeSet::from(["a", "b"]))]);
        assert_eq!(values(&responses), expected);
    }

    #[test]
    fn the_most_telling_name_comes_first() {
        let mut names = ["X-Color", "Server", "Via", "X-Instance", "X-Backend"];
        names.sort_by_key(|name| rank(name));
        assert_eq!(names, ["X-Instance", "X-Backend", "Server", "Via", "X-Color"]);
    }
}
