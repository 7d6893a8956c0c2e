//! What is not traced.

use std::collections::BTreeSet;

use cucumber::World as _;

use super::{OTHER_TAGS, Trace, TraceGap};
use hopcheck_site::profile::Words;
use hopcheck_steps::catalogue;
use hopcheck_steps::scenarios::tags;
use hopcheck_steps::world::World;

impl Trace {
    /// What is not traced, and exceptions that are no longer needed, one per line. `mutants` are the full names of all.
    pub fn holes(&self, mutants: &BTreeSet<String>) -> Vec<String> {
        let mut needless: Vec<&TraceGap> =
            self.tags.justified.iter().map(|justified| &justified.what).collect();
        let mut left_out = Vec::new();
        for (gap, rule) in self.gaps() {
            let excuses = |what: &&TraceGap| **what == gap || rule.as_ref() == Some(*what);
            match self.tags.justified.iter().map(|justified| &justified.what).find(excuses) {
                Some(excuse) => needless.retain(|what| *what != excuse),
                None => left_out.push(gap.describe()),
            }
        }
        let needless = needless
            .into_iter()
            .map(|what| format!("features/traceability.toml: this exception is no longer needed: {what:?}"));
        self.unknown_tags().chain(self.unknown_killers(mutants)).chain(left_out).chain(needless).collect()
    }

    /// Everything that is not traced, excepted or not; scenarios with their rule.
    fn gaps(&self) -> Vec<(TraceGap, Option<TraceGap>)> {
        let used: BTreeSet<&String> =
            self.specification.scenarios().flat_map(|(f, rule, scenario)| tags(f, rule, scenario)).collect();
        let statements = self.tags.statements.iter().filter(|statement| !used.contains(&statement.id));
        let is_standard = |tag: &String| self.tags.standards.iter().any(|standard| standard.id == *tag);
        let scenarios = self.specification.scenarios().filter(|(feature, rule, scenario)| {
            !self.killers.notices(&scenario.name) && !tags(feature, *rule, scenario).any(is_standard)
        });
        let scenarios = scenarios.map(|(_, rule, scenario)| {
            (TraceGap::Scenario(scenario.name.clone()), rule.map(|rule| TraceGap::Rule(rule.name.clone())))
        });
        let used = self.used_steps();
        let steps = catalogue::entries().iter().map(|entry| entry.expression.clone());
        statements
            .map(|statement| (TraceGap::Statement(statement.id.clone()), None))
            .chain(scenarios)
            .chain(
                steps
                    .filter(|expression| !used.contains(expression))
                    .map(|step| (TraceGap::Step(step), None)),
            )
            .collect()
    }

    /// The expressions of the steps used in scenarios.
    fn used_steps(&self) -> BTreeSet<String> {
        let (collection, words) = (World::collection(), Words::example());
        let definition = |mut step: gherkin::Step| {
            step.value = words.put_into(&step.value).unwrap_or(step.value);
            let (_, _, location, _) = collection.find(&step).ok()??;
            let location = location?;
            catalogue::defined_at(location.path, usize::try_from(location.line).ok()?)
        };
        let steps =
            hopcheck_steps::scenarios::steps(&self.specification.features).map(|(_, step)| step.clone());
        steps.filter_map(definition).map(|entry| entry.expression.clone()).collect()
    }

    fn unknown_tags(&self) -> impl Iterator<Item = String> {
        let known = self.tags.statements.iter().chain(&self.tags.standards).map(|tag| tag.id.as_str());
        let known: BTreeSet<&str> = known.chain(OTHER_TAGS).collect();
        self.specification.scenarios().flat_map(move |(feature, rule, scenario)| {
            let unknown = tags(feature, rule, scenario).filter(|tag| !known.contains(tag.as_str()));
            unknown
                .map(|tag| format!("@{tag} is not a known statement: {}", scenario.name))
                .collect::<Vec<_>>()
        })
    }

    fn unknown_killers(&self, mutants: &BTreeSet<String>) -> impl Iterator<Item = String> {
        let known: BTreeSet<&str> =
            self.specification.scenarios().map(|(_, _, scenario)| scenario.name.as_str()).collect();
        let scenarios = self.killers.of.keys().filter(move |name| !known.contains(name.as_str()));
        let noticed: BTreeSet<&String> = self.killers.of.values().flatten().collect();
        let gone = noticed.into_iter().filter(|name| !mutants.contains(*name));
        scenarios
            .map(|name| format!("mutants/killers.json: there is no scenario {name:?}"))
            .chain(gone.map(|name| format!("mutants/killers.json: there is no mutant {name:?}")))
    }
}

impl TraceGap {
    fn describe(&self) -> String {
        match self {
            TraceGap::Statement(id) => format!("no scenario has the tag @{id}"),
            TraceGap::Scenario(name) => {
                format!("this scenario notices no fault, and has no tag of a standard: {name}")
            }
            TraceGap::Rule(rule) => format!("no scenario of this rule notices a fault: {rule}"),
            TraceGap::Step(expression) => format!("no scenario uses the step {expression:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Tag, TraceException};
    use hopcheck_steps::features::Specification;

    /// Of one scenario with these tags, which notices these mutants; the one statement is D1, the one standard rfc1.
    fn trace(scenario_tags: &str, notices: &[&str]) -> Trace {
        let directory = tempfile::tempdir().unwrap();
        let text = format!(
            "Feature: F\n  Rule: R\n    {scenario_tags}\n    Scenario: S\n      When the client sends \"GET /\"\n      \
             Then the response is 200\n"
        );
        std::fs::write(directory.path().join("f.feature"), text).unwrap();
        let mut trace = Trace::of(Specification::read(directory.path()).unwrap()).unwrap();
        let tag = |id: &str| Tag { id: id.to_owned(), says: "It is so.".to_owned() };
        trace.tags.statements = vec![tag("D1")];
        trace.tags.standards = vec![tag("rfc1")];
        trace.tags.justified = Vec::new();
        trace.killers.of.clear();
        notices.iter().for_each(|name| trace.killers.add(name, &["S".to_owned()].into()));
        trace
    }

    /// The holes, but for the steps that one scenario cannot use.
    fn holes(trace: &Trace) -> Vec<String> {
        let holes = trace.holes(&["f: known".to_owned()].into()).into_iter();
        holes.filter(|hole| !hole.starts_with("no scenario uses")).collect()
    }

    #[test]
    fn a_traced_scenario_is_not_a_hole() {
        assert_eq!(holes(&trace("@D1", &["f: known"])), [""; 0]);
    }

    #[test]
    fn a_statement_without_a_scenario_is_a_hole() {
        assert_eq!(holes(&trace("@default", &["f: known"])), ["no scenario has the tag @D1"]);
    }

    #[test]
    fn an_unknown_tag_is_a_hole() {
        assert_eq!(holes(&trace("@D1 @D21", &["f: known"])), ["@D21 is not a known statement: S"]);
    }

    #[test]
    fn a_scenario_that_notices_nothing_is_a_hole_unless_it_checks_a_standard() {
        let hole = "this scenario notices no fault, and has no tag of a standard: S";
        assert_eq!(holes(&trace("@D1", &[])), [hole]);
        assert_eq!(holes(&trace("@D1 @rfc1", &[])), [""; 0]);
    }

    #[test]
    fn a_mutant_that_no_longer_exists_is_a_hole() {
        let hole = "mutants/killers.json: there is no mutant \"f: gone\"";
        assert_eq!(holes(&trace("@D1", &["f: known", "f: gone"])), [hole]);
    }

    #[test]
    fn an_unused_step_is_a_hole() {
        let holes = trace("@D1", &["f: known"]).holes(&["f: known".to_owned()].into());
        assert!(
            holes.contains(&"no scenario uses the step \"nothing is sent for {int} second(s)\"".to_owned())
        );
        assert!(!holes.contains(&"no scenario uses the step \"the client sends {string}\"".to_owned()));
    }

    #[test]
    fn an_exception_closes_a_hole_and_an_unneeded_one_is_a_hole() {
        let excused = |notices: &[&str], what: TraceGap| {
            let mut trace = trace("@D1", notices);
            trace.tags.justified = vec![TraceException { what, because: "It is the example.".to_owned() }];
            holes(&trace)
        };
        let (scenario, rule) = (TraceGap::Scenario("S".to_owned()), TraceGap::Rule("R".to_owned()));
        assert_eq!(excused(&[], scenario.clone()), [""; 0]);
        assert_eq!(excused(&[], rule), [""; 0]);
        let hole = "features/traceability.toml: this exception is no longer needed: Scenario(\"S\")";
        assert_eq!(excused(&["f: known"], scenario), [hole]);
    }
}
