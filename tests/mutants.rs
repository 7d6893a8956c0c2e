//! Faults put into the document's configuration on purpose: whether the scenarios notice. Usually a sample, by the reference
//! proxy; with `HOPCHECK_SLOW=1` a larger one, and another by nginx, those included that take waiting. `hopcheck mutants` runs
//! all of them, in minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::Command;

use hopcheck_proving::mutants::{Killer, Killers, MutantOutcome, Score};

/// Those that are known to survive, by target: the list may only become shorter.
const KNOWN: &str = include_str!("../mutants/score.toml");

/// What `hopcheck mutants` comes to on `target`; `None` where that cannot be had.
fn run(target: &str, arguments: &[&str]) -> Option<Score> {
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("score.json");
    let output = Command::new(env!("CARGO_BIN_EXE_hopcheck"))
        // The suite itself is another test.
        .args(["mutants", "--skip-unmutated", "--target", target, "--report"])
        .arg(&report)
        .args(arguments)
        .output()
        .unwrap();
    // A step that fails is a panic to cucumber, and to nobody else.
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(!printed.contains("panicked at"), "{printed}");
    if !report.exists() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(target == "nginx" && !is_set("HOPCHECK_REQUIRE_NGINX"), "{said}");
        tell(&format!("nginx did not run: {}", said.lines().next().unwrap_or_default()));
        return None;
    }
    let score: Score = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    tell(&format!("{} by {target}:\n{}", score.configuration, score.text()));
    let survived = score.survivors().next().is_some();
    assert_eq!(output.status.code(), Some(i32::from(survived)));
    Some(score)
}

/// Says it whether or not the test passes: what `println!` says is not shown of one that does.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Sees that what was noticed is in the list of what each scenario notices, from which docs/extend/traceability.md is made.
fn is_listed(score: &Score) {
    let killers = Killers::built_in().unwrap();
    let listed: BTreeSet<&String> = killers.of.values().flatten().collect();
    let by_scenario =
        |outcome: &MutantOutcome| matches!(outcome, MutantOutcome::Killed(Killer::Scenario { .. }));
    let noticed = score.outcomes.iter().filter(|result| by_scenario(&result.outcome));
    let missing: Vec<String> =
        noticed.map(|result| result.full_name()).filter(|name| !listed.contains(name)).collect();
    assert!(
        missing.is_empty(),
        "not in mutants/killers.json: run `cargo run -- mutants --killers mutants/killers.json --name …` for these: {missing:#?}"
    );
}

/// Sees that those survive, and only those, that are known to; of a sample, those in it.
fn is_no_worse(score: &Score) {
    let known: BTreeMap<String, Vec<String>> = toml::from_str(KNOWN).unwrap();
    let known = &known[&score.target];
    let named = |wanted: fn(&MutantOutcome) -> bool| {
        let outcomes = score.outcomes.iter().filter(move |result| wanted(&result.outcome));
        outcomes.map(|result| result.full_name()).collect::<Vec<_>>()
    };
    let new: Vec<_> = named(|outcome| *outcome == MutantOutcome::Survived)
        .into_iter()
        .filter(|name| !known.contains(name))
        .collect();
    // Whose turn it is when a fault shows is for chance to say where sessions are opened until one lands on the right
    // app server. What is noticed when looked at again is noticed, but the scenario that does is worth a look.
    let again = |name: &String| {
        let mutant = name.split_once(": ").map_or(name.as_str(), |(_, mutant)| mutant);
        let survives = || {
            let pattern = format!("^{}$", regex::escape(mutant));
            let score = run(&score.target, &["--slow", "--name", &pattern]);
            score.is_none_or(|score| score.survivors().next().is_some())
        };
        tell(&format!("nobody noticed at first: {name}"));
        (0..2).all(|_| survives())
    };
    let new: Vec<_> = new.into_iter().filter(again).collect();
    assert!(new.is_empty(), "nobody noticed, three times: {new:#?}");
    let noticed: Vec<_> = named(|outcome| matches!(outcome, MutantOutcome::Killed(_)))
        .into_iter()
        .filter(|name| known.contains(name))
        .collect();
    assert!(noticed.is_empty(), "noticed now, so they come off the list in mutants/score.toml: {noticed:#?}");
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}

#[test]
fn faults_are_noticed_by_the_reference_proxys_answers() {
    let sample: &[&str] =
        if is_set("HOPCHECK_SLOW") { &["--sample", "250", "--slow"] } else { &["--sample", "40"] };
    let score = run("reference", sample).expect("the reference proxy is this program");
    assert!(score.outcomes.iter().filter(|result| result.family == "document").count() >= 10);
    is_no_worse(&score);
    is_listed(&score);
}

#[test]
fn faults_are_noticed_by_nginxs_answers() {
    if !is_set("HOPCHECK_SLOW") {
        return;
    }
    if let Some(score) = run("nginx", &["--sample", "200", "--seed", "2", "--slow"]) {
        is_no_worse(&score);
    }
}
