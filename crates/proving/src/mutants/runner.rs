//! Runs the scenarios on mutants.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use gherkin::{Feature, Rule, Scenario};
use serde::{Deserialize, Serialize};

use super::{ExpectedRules, Mutant};
use hopcheck_report::{Record, Style, TargetResults};
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::{OPTIONAL_TAGS, Selection, run};
use hopcheck_steps::scenarios::{place, tags};
use hopcheck_targets::scene::Scene;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Stage;

/// The outcome of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum MutantOutcome {
    /// It was noticed.
    Killed(Killer),
    /// It is warned of, and breaks no promise.
    Warned(Killer),
    /// No scenario noticed it.
    Survived,
    /// It cannot be noticed; not run.
    Equivalent {
        /// Why.
        reason: String,
    },
    /// Only `@slow` scenarios can notice it, and they were not requested; not run.
    NeedsSlow,
    /// It does not apply here.
    NotApplicable {
        /// Why: the configuration has no place for it, or the engine does not know a directive that nginx knows.
        why: String,
    },
}

/// The step that runs `nginx -t`.
const TEST_STEP: &str = "the configuration is tested";

/// What noticed a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Killer {
    /// The engine, which refuses the configuration.
    Refused {
        /// What it said.
        said: String,
    },
    /// A scenario.
    Scenario {
        /// The statement of its rule.
        rule: String,
        /// Its name.
        name: String,
        /// What it said.
        said: String,
        /// Whether its rule was meant to notice.
        meant: bool,
    },
}

/// Runs scenarios on mutants, all with one engine.
#[derive(Debug, Clone)]
pub struct MutantRunner {
    /// The scenarios.
    pub specification: Arc<Specification>,
    /// The engine, and the original configuration.
    pub stage: Arc<Stage>,
    /// Whether to run `@slow` scenarios too.
    pub slow: bool,
    /// How many scenarios of one mutant run at once.
    pub jobs: usize,
    /// Whether to run all scenarios of the rules that are meant to notice, even after one has.
    pub thorough: bool,
    /// The scenarios that warn of the original configuration, and so say nothing of a mutant; `None`: that is not known.
    pub warned: Option<BTreeSet<String>>,
}

/// The outcome of a mutant, and the scenarios that noticed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Its outcome.
    pub outcome: MutantOutcome,
    /// The scenarios that noticed; without [`MutantRunner::thorough`] those that had before the rest was cancelled.
    pub noticed_by: BTreeSet<String>,
}

impl From<MutantOutcome> for Judgement {
    fn from(outcome: MutantOutcome) -> Judgement {
        Judgement { outcome, noticed_by: BTreeSet::new() }
    }
}

impl MutantRunner {
    /// Runs all scenarios on the original configuration. Unless they all pass, mutants are meaningless.
    pub async fn unmutated(&self, style: Style, end: impl Future<Output = String>) -> TargetResults {
        let selection =
            Selection { jobs: self.jobs * 2, slow: self.slow, fail_fast: true, ..Selection::default() };
        run(&self.specification, Setting::Staged(Arc::clone(&self.stage)), &selection, style, end).await
    }

    /// Judges `mutant`; `None` when interrupted.
    ///
    /// # Errors
    /// When the machine has no resources for another scene, or the engine is gone.
    pub async fn judge<E: Future<Output = String>>(
        &self,
        mutant: &Mutant,
        end: impl Fn() -> E,
    ) -> Result<Option<Judgement>, String> {
        if let Some(reason) = &mutant.equivalent {
            return Ok(Some(MutantOutcome::Equivalent { reason: reason.clone() }.into()));
        }
        if mutant.slow && !self.slow {
            return Ok(Some(MutantOutcome::NeedsSlow.into()));
        }
        let stage = self.stage_for(mutant);
        if let Some(refusal) = Scene::refusal(&stage).await.map_err(|failure| failure.to_string())? {
            let said = &refusal.said;
            let said = said.lines().find(|line| line.contains("[emerg]")).unwrap_or(said).trim().to_owned();
            if refusal.is_unsupported() {
                return Ok(Some(MutantOutcome::NotApplicable { why: said }.into()));
            }
            let outcome = MutantOutcome::Killed(Killer::Refused { said });
            if !self.thorough {
                return Ok(Some(outcome.into()));
            }
            // Without a running proxy, all others would fail.
            let noticed = self.noticed(mutant, &self.testing(), end()).await;
            return Ok(noticed.map(|noticed_by| Judgement { outcome, noticed_by }));
        }
        // If any rule may notice, nearly all do, which says nothing about each.
        let thorough = self.thorough && !mutant.meant.is_any();
        let mut warned = None;
        for meant in [true, false] {
            let part = part(&self.specification, |rule, _, tags| holds(&mutant.meant, rule, tags) == meant);
            let Some(results) = self.run_scenarios(&part, mutant, &stage, !thorough, end()).await else {
                continue;
            };
            let mut broken = results.records.iter().filter(|record| record.fails()).peekable();
            if thorough && results.unfinished.is_some() {
                return Ok(None);
            }
            if let Some(first) = broken.peek() {
                let outcome = MutantOutcome::Killed(killer(first, meant));
                return Ok(Some(Judgement { outcome, noticed_by: self.named(broken) }));
            }
            if results.unfinished.is_some() {
                return Ok(None);
            }
            let new = |name: &String| self.warned.as_ref().is_some_and(|known| !known.contains(name));
            let warns = results.records.iter().find(|record| record.warns() && new(&record.name));
            warned = warned.or_else(|| warns.map(|record| killer(record, meant)));
        }
        Ok(Some(warned.map_or(MutantOutcome::Survived, MutantOutcome::Warned).into()))
    }

    /// The scenarios among `names` that notice `mutant`; `None` when interrupted.
    pub async fn noticed(
        &self,
        mutant: &Mutant,
        names: &BTreeSet<String>,
        end: impl Future<Output = String>,
    ) -> Option<BTreeSet<String>> {
        let part = part(&self.specification, |_, name, _| names.contains(name));
        let Some(results) = self.run_scenarios(&part, mutant, &self.stage_for(mutant), false, end).await
        else {
            return Some(BTreeSet::new());
        };
        let broken = results.records.iter().filter(|record| record.fails());
        results.unfinished.is_none().then(|| self.named(broken))
    }

    /// The names of these scenarios in the specification: those in records have placeholders filled in.
    fn named<'a>(&self, records: impl Iterator<Item = &'a Record>) -> BTreeSet<String> {
        let places: HashMap<_, _> =
            self.specification.scenarios().map(|(f, _, s)| (place(f, s), &s.name)).collect();
        records
            .filter_map(|record| places.get(&(record.file.clone(), record.line)).map(|name| (*name).clone()))
            .collect()
    }

    /// The scenarios to run on mutants; `@slow` ones only if requested.
    pub fn scenarios(&self) -> impl Iterator<Item = &str> {
        self.specification
            .scenarios()
            .filter(|(feature, rule, scenario)| {
                let mut tags = tags(feature, *rule, scenario).map(String::as_str);
                tags.all(|tag| !OPTIONAL_TAGS.contains(&tag) && (self.slow || tag != "slow"))
            })
            .map(|(_, _, scenario)| scenario.name.as_str())
    }

    /// The scenarios that only test the configuration.
    fn testing(&self) -> BTreeSet<String> {
        let tests = |scenario: &Scenario| scenario.steps.iter().any(|step| step.value == TEST_STEP);
        let scenarios = self.specification.scenarios().map(|(_, _, scenario)| scenario);
        scenarios.filter(|scenario| tests(scenario)).map(|scenario| scenario.name.clone()).collect()
    }

    /// A stage with the mutant's configuration.
    fn stage_for(&self, mutant: &Mutant) -> Arc<Stage> {
        let source = &self.stage.source;
        // The document's routes are those of its scenarios, and any other site's those that it has.
        let source = match source.as_documented {
            true => source.clone().with_text(mutant.text.clone()),
            false => source.with_files(&BTreeMap::from([(source.name.clone(), mutant.text.clone())])),
        };
        self.stage.with_source(source)
    }

    /// Runs these scenarios on a mutant; `None` if there are none.
    async fn run_scenarios(
        &self,
        part: &Specification,
        mutant: &Mutant,
        stage: &Arc<Stage>,
        fail_fast: bool,
        end: impl Future<Output = String>,
    ) -> Option<TargetResults> {
        if part.features.is_empty() {
            return None;
        }
        let selection = Selection { jobs: self.jobs, slow: mutant.slow, fail_fast, ..Selection::default() };
        let style = Style { silent: true, live: false, colour: false, brief: false };
        Some(run(part, Setting::Staged(Arc::clone(stage)), &selection, style, end).await)
    }
}

fn killer(record: &Record, meant: bool) -> Killer {
    let said = match record.failed_step() {
        Some(failed) => failed.message.lines().next().unwrap_or_default().to_owned(),
        None => "passed, although it is a known difference".to_owned(),
    };
    Killer::Scenario { rule: record.rule.clone(), name: record.name.clone(), said, meant }
}

fn holds(meant: &ExpectedRules, rule: &str, tags: &[&String]) -> bool {
    match meant {
        _ if meant.is_any() => true,
        ExpectedRules::Rules(rules) => rules.iter().any(|wanted| wanted == rule),
        ExpectedRules::Tags(wanted) => tags.iter().any(|tag| wanted.contains(*tag)),
    }
}

/// The scenarios that satisfy `wanted`, given the statement of their rule, their name and their tags.
fn part(whole: &Specification, wanted: impl Fn(&str, &str, &[&String]) -> bool) -> Specification {
    let wanted = |feature: &Feature, rule: Option<&Rule>, scenario: &Scenario| {
        let tags: Vec<&String> = tags(feature, rule, scenario).collect();
        wanted(rule.map_or("", |rule| rule.name.as_str()), &scenario.name, &tags)
    };
    let mut part = whole.clone();
    for (feature, whole) in part.features.iter_mut().zip(&whole.features) {
        feature.scenarios.retain(|scenario| wanted(whole, None, scenario));
        for (rule, whole_rule) in feature.rules.iter_mut().zip(&whole.rules) {
            rule.scenarios.retain(|scenario| wanted(whole, Some(whole_rule), scenario));
        }
        feature.rules.retain(|rule| !rule.scenarios.is_empty());
    }
    part.features.retain(|feature| !(feature.scenarios.is_empty() && feature.rules.is_empty()));
    part
}
