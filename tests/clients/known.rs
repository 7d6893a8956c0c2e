//! What a client sees through one proxy and not through the other, with the reason.

use crate::Run;
use crate::script::Check;

/// A difference that is known.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The client's name, and the check's.
    pub(crate) client: &'static str,
    pub(crate) check: &'static str,
    /// What is seen through the reference proxy, and through nginx: one of these, by chance.
    pub(crate) reference: &'static [&'static str],
    pub(crate) nginx: &'static [&'static str],
    pub(crate) reason: &'static str,
}

/// All of them. One that is not listed fails the test.
pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        client: "waitress",
        check: "a body that it refuses",
        reference: &["413"],
        nginx: &["413", "502"],
        reason: REFUSED_EARLY,
    },
    Difference {
        client: "waitress",
        check: "a body that it refuses, of a client that asks first",
        reference: &["413"],
        nginx: &["413", "502"],
        reason: REFUSED_EARLY,
    },
];

const REFUSED_EARLY: &str = "\
waitress answers as soon as it has read the head, and closes the connection in the middle of the body. nginx reads that answer only if it \
comes before the next piece of the body fails to be written; the reference proxy reads while it writes. To nginx the app server has failed, \
besides: without `max_fails=0`, as here, it would be left out for a while.";

/// What was seen through one proxy only, and is not known.
pub(crate) fn differences(runs: &[Run]) -> Vec<String> {
    let mut faults = Vec::new();
    for pair in runs.chunk_by(|one, other| one.client.name == other.client.name) {
        let [reference, nginx] = pair else { continue };
        let (Ok(by_reference), Ok(by_nginx)) = (&reference.checks, &nginx.checks) else { continue };
        let client = reference.client.name;
        if names(by_reference) != names(by_nginx) {
            faults.push(format!("{client}: the checks are not the same through both proxies"));
            continue;
        }
        for (one, other) in by_reference.iter().zip(by_nginx) {
            let (Ok(one_saw), Ok(other_saw)) = (&one.saw, &other.saw) else { continue };
            let is_known = match known(client, &one.name) {
                Some(known) => {
                    known.reference.contains(&one_saw.as_str()) && known.nginx.contains(&other_saw.as_str())
                }
                None => one_saw == other_saw,
            };
            if !is_known {
                faults.push(format!(
                    "{client}: {}: {one_saw:?} through the reference proxy, {other_saw:?} through nginx; \
                     see tests/clients/known.rs",
                    one.name
                ));
            }
        }
    }
    faults
}

/// The known difference in that check.
pub(crate) fn known(client: &str, check: &str) -> Option<&'static Difference> {
    DIFFERENCES.iter().find(|difference| difference.client == client && difference.check == check)
}

fn names(checks: &[Check]) -> Vec<&str> {
    checks.iter().map(|check| check.name.as_str()).collect()
}
