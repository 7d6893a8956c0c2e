//! `docs/extend/traceability.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gherkin::{Feature, Rule, Scenario};

use super::{Tag, Trace, TraceGap};
use hopcheck_steps::run::OPTIONAL_TAGS;
use hopcheck_steps::scenarios::tags;

/// The most mutants named per scenario on the page; all are in mutants/killers.json.
const MAX_NAMED: usize = 3;

const PAGE_HEAD: &str = "# Traceability

From the document's statements to the scenarios that check them, the faults in a configuration that these notice, and the
targets they run on. `hopcheck trace` prints this page from the features' tags,
[`features/traceability.toml`](../../features/traceability.toml) and [`mutants/killers.json`](../../mutants/killers.json), where every
scenario is listed with all the [mutants](mutants.md) it notices. Here they are counted, and those that the fewest other scenarios
notice are named.

✓: runs there; *differs*: runs there and is known to fail, see [known-differences.toml](../../features/known-differences.toml);
*slow*: runs with `--slow`.
";

type Place<'a> = (&'a Feature, Option<&'a Rule>, &'a Scenario);

impl Trace {
    /// The page.
    pub fn markdown(&self) -> String {
        let mut out = PAGE_HEAD.to_owned();
        let _ = writeln!(out, "\n|  | says | scenarios | mutants |\n|---|---|---:|---:|");
        for tag in self.tags.statements.iter().chain(&self.tags.standards) {
            let places = self.tagged(tag);
            let mutants = self.noticed_by(&places);
            let (id, count) = (&tag.id, places.len());
            let _ = writeln!(out, "| [{id}](#{}) | {} | {count} | {mutants} |", id.to_lowercase(), tag.says);
        }
        for tag in self.tags.statements.iter().chain(&self.tags.standards) {
            self.section(&mut out, &tag.id, &tag.says, &self.tagged(tag));
        }
        let traced = self.tags.statements.iter().chain(&self.tags.standards);
        let traced: Vec<&str> = traced.map(|tag| tag.id.as_str()).collect();
        let others = self.specification.scenarios().filter(|(feature, rule, scenario)| {
            !tags(feature, *rule, scenario).any(|tag| traced.contains(&tag.as_str()))
        });
        let says = "Scenarios with neither a statement nor a standard: nginx's own behaviour, which the document relies on.";
        self.section(&mut out, "The rest", says, &others.collect::<Vec<_>>());
        self.exceptions(&mut out);
        out
    }

    fn tagged(&self, tag: &Tag) -> Vec<Place<'_>> {
        let has =
            |(feature, rule, scenario): &Place<'_>| tags(feature, *rule, scenario).any(|t| *t == tag.id);
        self.specification.scenarios().filter(has).collect()
    }

    /// How many mutants these scenarios notice.
    fn noticed_by(&self, places: &[Place<'_>]) -> usize {
        let noticed =
            places.iter().filter_map(|(_, _, scenario)| self.killers.of.get(&scenario.name)).flatten();
        noticed.collect::<std::collections::BTreeSet<_>>().len()
    }

    fn section(&self, out: &mut String, title: &str, says: &str, places: &[Place<'_>]) {
        let _ = writeln!(out, "\n## {title}\n\n{says}");
        let mut under = None;
        for place @ (feature, rule, scenario) in places {
            let rule = rule.map_or(feature.name.as_str(), |rule| rule.name.as_str());
            if under != Some(rule) {
                under = Some(rule);
                let _ = writeln!(out, "\n**{}**\n", plain(rule));
                let _ = writeln!(
                    out,
                    "| scenario | reference | nginx | deployment | notices |\n|---|---|---|---|---|"
                );
            }
            let [reference, nginx, deployment] = self.targets(*place);
            let notices = self.notices(&scenario.name);
            let _ = writeln!(
                out,
                "| {} | {reference} | {nginx} | {deployment} | {notices} |",
                plain(&scenario.name)
            );
        }
    }

    /// How a scenario runs on the reference proxy, nginx and a live deployment.
    fn targets(&self, (feature, rule, scenario): Place<'_>) -> [&'static str; 3] {
        let has = |wanted: &str| tags(feature, rule, scenario).any(|tag| tag == wanted);
        let run = if has("slow") { "slow" } else { "✓" };
        let on = |target: &str| {
            let known = &self.specification.known_differences;
            let differs = known.iter().any(|known| known.target == target && known.scenario == scenario.name);
            let is_for_live_sites = OPTIONAL_TAGS.iter().any(|tag| has(tag));
            match (differs, is_for_live_sites) {
                (true, _) => "*differs*",
                (false, true) => "",
                (false, false) => run,
            }
        };
        [on("reference"), on("nginx"), if has("deployment") { run } else { "" }]
    }

    /// The mutants that a scenario notices: their number, and those that the fewest other scenarios notice.
    fn notices(&self, scenario: &str) -> String {
        let Some(mutants) = self.killers.of.get(scenario) else { return "–".to_owned() };
        let mut killers: BTreeMap<&String, usize> = BTreeMap::new();
        self.killers.of.values().flatten().for_each(|mutant| *killers.entry(mutant).or_default() += 1);
        let mut distinctive: Vec<&String> = mutants.iter().collect();
        distinctive.sort_by_key(|mutant| killers.get(mutant).copied());
        let named: Vec<String> =
            distinctive.into_iter().take(MAX_NAMED).map(|mutant| plain(mutant)).collect();
        let more = if mutants.len() > MAX_NAMED { ", …" } else { "" };
        format!("{}: {}{more}", mutants.len(), named.join(", "))
    }

    fn exceptions(&self, out: &mut String) {
        if self.tags.justified.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n## Exceptions\n\nWhat is not traced, and why.\n");
        for justified in &self.tags.justified {
            let what = match &justified.what {
                TraceGap::Statement(id) => format!("The statement {id}"),
                TraceGap::Rule(rule) => format!("Scenarios of the rule *{}*", plain(rule)),
                TraceGap::Scenario(name) => format!("The scenario *{}*", plain(name)),
                TraceGap::Step(expression) => format!("The step `{expression}`"),
            };
            let _ = writeln!(out, "- {what}: {}", justified.because);
        }
    }
}

/// Escapes Markdown for a table cell.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '|' | '<' | '>' | '*' | '_' | '\\' | '`' | '[' | ']' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_in_names_is_escaped() {
        assert_eq!(plain("`location ~ ^/stomp/` | <x>"), "\\`location \\~ ^/stomp/\\` \\| \\<x\\>");
    }
}
