//! Where a mutant is put to the scenarios.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use gherkin::{Feature, Rule, Scenario};
use serde::{Deserialize, Serialize};

use super::{ExpectedRules, Mutant};
use hopcheck_report::{Record, Style, TargetResults};
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::{Selection, run};
use hopcheck_steps::scenarios::{place, tags};
use hopcheck_targets::conf::Scratch;
use hopcheck_targets::scene::Scene;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::{Proxy, Target, TargetError, Verdict};

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
    /// It was noticed.
    Killed(Killer),
    /// No scenario noticed.
    Survived,
    /// Nobody can notice; not run.
    Equivalent {
        /// Why.
        reason: String,
    },
    /// Only scenarios that really wait can notice, and they were not asked for; not run.
    NeedsSlow,
    /// It cannot be made here.
    NotApplicable {
        /// Why: the configuration has no place for it, or the engine does not know a directive that nginx knows.
        why: String,
    },
}

/// The step that asks the engine what it thinks of the configuration.
const TESTED: &str = "the configuration is tested";

/// What noticed a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Killer {
    /// The engine: it refuses the configuration.
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
        /// Whether it is of a rule that was meant to notice.
        meant: bool,
    },
}

/// The scenarios and the engine that mutants are put to. One engine serves all of them.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The scenarios.
    pub specification: Arc<Specification>,
    /// The engine, and the configuration without a fault.
    pub stage: Arc<Stage>,
    /// Whether scenarios that really wait are run, too.
    pub slow: bool,
    /// How many scenarios of one mutant run at once.
    pub jobs: usize,
    /// Whether all scenarios of the rules that are meant to notice are run, even when one has.
    pub thorough: bool,
}

/// What became of a mutant, and which scenarios noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What became of it.
    pub fate: Fate,
    /// The scenarios that noticed; without [`Bench::thorough`] those that had by the time when the rest was called off.
    pub noticed_by: BTreeSet<String>,
}

impl From<Fate> for Judged {
    fn from(fate: Fate) -> Judged {
        Judged { fate, noticed_by: BTreeSet::new() }
    }
}

impl Bench {
    /// Runs everything on the configuration without a fault. Unless all of it is kept, no mutant means anything.
    pub async fn unmutated(&self, style: Style, end: impl Future<Output = String>) -> TargetResults {
        let selection =
            Selection { jobs: self.jobs * 2, slow: self.slow, fail_fast: true, ..Selection::default() };
        run(&self.specification, Setting::Staged(Arc::clone(&self.stage)), &selection, style, end).await
    }

    /// What becomes of `mutant`; `None` when it was interrupted.
    ///
    /// # Errors
    /// When this machine has no room for another scene, or the engine is gone.
    pub async fn judge<E: Future<Output = String>>(
        &self,
        mutant: &Mutant,
        end: impl Fn() -> E,
    ) -> Result<Option<Judged>, String> {
        if let Some(reason) = &mutant.equivalent {
            return Ok(Some(Fate::Equivalent { reason: reason.clone() }.into()));
        }
        if mutant.slow && !self.slow {
            return Ok(Some(Fate::NeedsSlow.into()));
        }
        let stage = self.staged(mutant);
        if let Some(refusal) = Scene::refusal(&stage).await.map_err(|failure| failure.to_string())? {
            let said = &refusal.said;
            let said = said.lines().find(|line| line.contains("[emerg]")).unwrap_or(said).trim().to_owned();
            if refusal.is_a_lack() {
                return Ok(Some(Fate::NotApplicable { why: said }.into()));
            }
            let fate = Fate::Killed(Killer::Refused { said });
            if !self.thorough {
                return Ok(Some(fate.into()));
            }
            // With no proxy to ask, all others would fail.
            let noticed = self.noticed(mutant, &self.testing(), end()).await;
            return Ok(noticed.map(|noticed_by| Judged { fate, noticed_by }));
        }
        // Where any rule may notice nearly all do, which tells nothing of any of them.
        let thorough = self.thorough && !mutant.meant.is_any();
        for meant in [true, false] {
            let part = part(&self.specification, |rule, _, tags| holds(&mutant.meant, rule, tags) == meant);
            let Some(results) = self.put(&part, mutant, &stage, !thorough, end()).await else {
                continue;
            };
            let mut broken = results.records.iter().filter(|record| record.fails()).peekable();
            if thorough && results.unfinished.is_some() {
                return Ok(None);
            }
            if let Some(first) = broken.peek() {
                let fate = Fate::Killed(killer(first, meant));
                return Ok(Some(Judged { fate, noticed_by: self.named(broken) }));
            }
            if results.unfinished.is_some() {
                return Ok(None);
            }
        }
        Ok(Some(Fate::Survived.into()))
    }

    /// Which of the scenarios of these names notice `mutant`; `None` when it was interrupted.
    pub async fn noticed(
        &self,
        mutant: &Mutant,
        names: &BTreeSet<String>,
        end: impl Future<Output = String>,
    ) -> Option<BTreeSet<String>> {
        let part = part(&self.specification, |_, name, _| names.contains(name));
        let Some(results) = self.put(&part, mutant, &self.staged(mutant), false, end).await else {
            return Some(BTreeSet::new());
        };
        let broken = results.records.iter().filter(|record| record.fails());
        results.unfinished.is_none().then(|| self.named(broken))
    }

    /// The names of these scenarios as the specification has them: a record's has the site's words in it.
    fn named<'a>(&self, records: impl Iterator<Item = &'a Record>) -> BTreeSet<String> {
        let places: HashMap<_, _> =
            self.specification.scenarios().map(|(f, _, s)| (place(f, s), &s.name)).collect();
        records
            .filter_map(|record| places.get(&(record.file.clone(), record.line)).map(|name| (*name).clone()))
            .collect()
    }

    /// The scenarios that are run with a mutant: all, but for those that really wait unless they are asked for.
    pub fn scenarios(&self) -> impl Iterator<Item = &str> {
        self.specification
            .scenarios()
            .filter(|(feature, rule, scenario)| {
                self.slow || tags(feature, *rule, scenario).all(|tag| tag != "slow")
            })
            .map(|(_, _, scenario)| scenario.name.as_str())
    }

    /// The scenarios that only have the configuration tested.
    fn testing(&self) -> BTreeSet<String> {
        let tests = |scenario: &Scenario| scenario.steps.iter().any(|step| step.value == TESTED);
        let scenarios = self.specification.scenarios().map(|(_, _, scenario)| scenario);
        scenarios.filter(|scenario| tests(scenario)).map(|scenario| scenario.name.clone()).collect()
    }

    /// The engine with the mutant's configuration.
    fn staged(&self, mutant: &Mutant) -> Arc<Stage> {
        let mut source = self.stage.source.clone();
        source.text.clone_from(&mutant.text);
        Arc::new(Stage { target: Box::new(Shared(Arc::clone(&self.stage))), source })
    }

    /// Runs these scenarios with a mutant; `None` if there are none.
    async fn put(
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
        let style = Style { silent: true, live: false, colour: false };
        Some(run(part, Setting::Staged(Arc::clone(stage)), &selection, style, end).await)
    }
}

fn killer(record: &Record, meant: bool) -> Killer {
    let said = match &record.verdict {
        hopcheck_report::Verdict::Broken { message, .. } => {
            message.lines().next().unwrap_or_default().to_owned()
        }
        _ => "kept, where it is known not to be".to_owned(),
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

/// The scenarios that `wanted` holds of, given the statement of their rule, their name and their tags.
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

/// The engine of another stage, for a configuration of one's own.
#[derive(Debug)]
struct Shared(Arc<Stage>);

#[async_trait]
impl Target for Shared {
    fn name(&self) -> &str {
        self.0.target.name()
    }

    fn describe(&self) -> String {
        self.0.target.describe()
    }

    fn scratch_parent(&self) -> &Path {
        self.0.target.scratch_parent()
    }

    async fn start(&self, scratch: &Scratch) -> Result<Box<dyn Proxy>, TargetError> {
        self.0.target.start(scratch).await
    }

    async fn test(&self, scratch: &Scratch) -> Result<Verdict, TargetError> {
        self.0.target.test(scratch).await
    }
}
