//! Which scenarios are asked of a live deployment, and why the others are not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gherkin::{Rule, Scenario};

use super::Specification;
use crate::scenarios::path_of;

/// What in a scenario's steps keeps it from being asked of a system that others use, and why. The first that fits counts.
const REASONS: [(&[&str], &str); 9] = [
    (
        &[
            "\"POST ",
            "\"PUT ",
            "\"PATCH ",
            "\"DELETE ",
            "\"PURGE ",
            "with the body",
            "with a body of",
            "chunked body",
        ],
        "It writes, or may.",
    ),
    (
        &[
            "the configuration",
            "the front end has",
            "front end is missing",
            "may not read",
            "failed are left out",
        ],
        "It needs a configuration or files of its own.",
    ),
    (
        &[
            "crash",
            "hang",
            " stopped",
            "started again",
            "restarted",
            "answers with",
            "answer with",
            " the connection \"",
        ],
        "It needs an app server to fail.",
    ),
    (&["these bytes"], "It sends what no browser would: to an intrusion detector it is an attack."),
    (&[" log ", " log\"", "logs", "reopen"], "It reads the logs."),
    (
        &[
            "app server saw",
            "app servers saw",
            "app server sees",
            "app server receives",
            "\"blue",
            "\"green",
            "comes from",
        ],
        "It looks at what reached which app server.",
    ),
    (
        &[
            "/stomp/echo",
            "/api/echo",
            "/api/stream",
            "/api/slow",
            "/api/bytes",
            "/api/status",
            "/api/headers",
            "/topic/",
        ],
        "It needs an answer that only the mock app servers give, or a destination of theirs.",
    ),
    (&["clients send", "clients open", "keep sending"], "It asks much at once."),
    (&["passwd", "%00", "%2e%2e"], "To an intrusion detector it is an attack."),
];

/// Why a scenario is not asked of a live deployment; `None` where nothing stands against it.
pub fn reason_against(scenario: &Scenario, rule: Option<&Rule>) -> Option<&'static str> {
    let before =
        rule.and_then(|rule| rule.background.as_ref()).map_or(&[][..], |background| &background.steps);
    let steps = || before.iter().chain(&scenario.steps);
    let says = |words: &[&str]| steps().any(|step| words.iter().any(|word| step.value.contains(word)));
    REASONS.iter().find(|(words, _)| says(words)).map(|(_, reason)| *reason)
}

/// The page (docs/use/live.md): what is asked, and what is not, by feature.
pub fn markdown(specification: &Specification) -> String {
    let mut out = String::from(
        "# What is asked of a live deployment\n\nScenarios tagged `@deployment`: they are meaningful and safe without control \
         of the app servers. `hopcheck scenarios` prints this page; it is generated from the features.\n\nWords in braces, as \
         `{api.path}`, stand for what [the profile](profile.md) says. A scenario whose words it does not give is reported \
         as not checked.\n",
    );
    let mut feature_name = "";
    let mut others: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for (feature, rule, scenario) in specification.scenarios() {
        let inherited = feature.tags.iter().chain(rule.into_iter().flat_map(|rule| &rule.tags));
        if inherited.chain(&scenario.tags).any(|tag| tag == "deployment") {
            if feature.name != feature_name {
                feature_name = &feature.name;
                let _ = write!(out, "\n## {feature_name}\n\n");
            }
            let has = |wanted: &str| feature.tags.iter().chain(&scenario.tags).any(|tag| tag == wanted);
            let slow = match (has("slow"), has("browser")) {
                (true, _) => " (`--slow`)",
                (_, true) => " (`--browser`)",
                _ => "",
            };
            let _ = writeln!(out, "- {}{slow}", scenario.name);
        } else {
            let reason = reason_against(scenario, rule).unwrap_or(DOCUMENT_S_OWN);
            let file = path_of(feature).file_name().and_then(|name| name.to_str()).unwrap_or_default();
            others.entry(reason).or_default().entry(file).or_default().push(&scenario.name);
        }
    }
    out += "\n# What is not, and why\n";
    for (reason, files) in others {
        let count: usize = files.values().map(Vec::len).sum();
        let _ = write!(out, "\n## {reason}\n\n{count} scenarios:\n\n");
        for (file, names) in files {
            let _ = writeln!(out, "- {file}: {}", names.join("; "));
        }
    }
    out
}

/// Why a scenario is not asked that nothing else stands against.
const DOCUMENT_S_OWN: &str = "It asks for paths or values that are this document's, not every site's.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stands_against_what_is_asked_of_a_live_deployment() {
        let specification = Specification::built_in().unwrap();
        let mut asked = 0;
        for (feature, rule, scenario) in specification.scenarios() {
            let inherited = feature.tags.iter().chain(rule.into_iter().flat_map(|rule| &rule.tags));
            if inherited.chain(&scenario.tags).any(|tag| tag == "deployment") {
                asked += 1;
                assert_eq!(reason_against(scenario, rule), None, "{}", scenario.name);
            }
        }
        assert!(asked >= 19, "{asked}");
    }
}
