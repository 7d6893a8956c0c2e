//! Finds a response header that identifies instances.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::SiteClient;
use crate::findings::{Field, Findings};
use hopcheck_clients::Response;

const HEADER: Field = ("instances", "header");

/// The number of requests. With two instances at random, only one of them responds once in 128 times.
const REQUESTS: usize = 8;

/// A header with more values does not identify instances.
const MAX_VALUES: usize = 4;

/// Words in the names of headers that identify instances, most likely first.
const INSTANCE_WORDS: [&str; 9] =
    ["instance", "served", "backend", "upstream", "node", "pod", "host", "server", "via"];

/// Words in the names of headers that vary for other reasons.
const UNRELATED_WORDS: [&str; 23] = [
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

/// Requests `path` several times, and looks for a header that has a few values.
pub(super) async fn explore(client: &SiteClient<'_>, path: Option<&str>, findings: &mut Findings<'_>) {
    let Some(path) = path else {
        return findings.missing(HEADER, "no path is known for which the app servers answer GET");
    };
    let mut responses = Vec::new();
    for _ in 0..REQUESTS {
        responses.extend(client.get_anew(path).await.ok());
    }
    let values = values(&responses);
    let varied = values.iter().filter(|(_, values)| (2..=MAX_VALUES).contains(&values.len()));
    match varied.min_by_key(|(name, _)| rank(name)) {
        Some((name, values)) => {
            let listed: Vec<&str> = values.iter().copied().collect();
            let note =
                format!("{} responses of {path} had the values {}", responses.len(), listed.join(", "));
            findings.found(HEADER, *name, note);
        }
        None => match values.iter().find(|(name, _)| rank(name) < INSTANCE_WORDS.len() - 2) {
            Some((name, values)) => {
                let value = values.first().copied().unwrap_or_default();
                let why = format!(
                    "it was {value:?} in all of {} responses, as if there were only one instance",
                    responses.len()
                );
                findings.suggested(HEADER, *name, why);
            }
            None => findings.missing(HEADER, format!("no header of {path} varies between a few values")),
        },
    }
}

/// The values of each header that every response has, except those that vary for other reasons.
fn values(responses: &[Response]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let Some(first) = responses.first() else { return values };
    for (name, _) in &first.headers {
        let lower = name.to_ascii_lowercase();
        if lower.split('-').any(|part| UNRELATED_WORDS.contains(&part)) {
            continue;
        }
        let all: Option<Vec<&str>> = responses.iter().map(|response| response.value(name)).collect();
        if let Some(all) = all {
            values.entry(name).or_default().extend(all);
        }
    }
    values
}

/// The lower, the more likely a header of that name identifies instances.
fn rank(name: &str) -> usize {
    let name = name.to_ascii_lowercase();
    INSTANCE_WORDS.iter().position(|word| name.contains(word)).unwrap_or(INSTANCE_WORDS.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { headers, ..Response::default() }
    }

    #[test]
    fn only_headers_that_all_responses_have_are_considered() {
        let responses = [
            response(&[("Date", "1"), ("X-Served-By", "a"), ("X-Request-Id", "1"), ("Extra", "1")]),
            response(&[("Date", "2"), ("x-served-by", "b"), ("X-Request-Id", "2")]),
        ];
        let expected = BTreeMap::from([("X-Served-By", BTreeSet::from(["a", "b"]))]);
        assert_eq!(values(&responses), expected);
    }

    #[test]
    fn the_most_likely_name_comes_first() {
        let mut names = ["X-Color", "Server", "Via", "X-Instance", "X-Backend"];
        names.sort_by_key(|name| rank(name));
        assert_eq!(names, ["X-Instance", "X-Backend", "Server", "Via", "X-Color"]);
    }
}
