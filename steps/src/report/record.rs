//! What became of each scenario, gathered from the runner's events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cucumber::event::{self, StepError};
use cucumber::{Event, Writer, cli, parser};

use super::Progress;
use crate::features::{KnownDifference, path_of};
use crate::world::World;

/// What became of one scenario.
#[derive(Debug, Clone)]
pub struct Record {
    /// The feature's name.
    pub feature: String,
    /// The rule's statement; empty for a scenario outside any rule.
    pub rule: String,
    /// The scenario's name.
    pub name: String,
    /// Where it stands: `features/preflight.feature:12`.
    pub place: String,
    /// Its tags, without the `@`, those of its rule and feature included.
    pub tags: Vec<String>,
    /// The text under its name: what to look at when it fails.
    pub hint: String,
    /// How it went.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// How a scenario went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The promise is kept.
    Kept,
    /// The promise is broken.
    Broken {
        /// The step that said so.
        step: String,
        /// What it said.
        message: String,
        /// What went over the wire, and what the app servers saw.
        evidence: String,
    },
    /// The promise is broken, as it is known to be on this target.
    KnownDifference {
        /// Why.
        reason: String,
    },
    /// The promise is listed as a known difference, and kept: the list is out of date.
    UnexpectedlyKept {
        /// The reason given in the list.
        reason: String,
    },
}

impl Record {
    /// Whether this record fails the run.
    pub fn fails(&self) -> bool {
        matches!(self.verdict, Verdict::Broken { .. } | Verdict::UnexpectedlyKept { .. })
    }
}

/// Every record of a run, in the order of the specification.
pub type Results = Vec<Record>;

/// Gathers records from the runner, and shows progress.
pub struct Recorder {
    progress: Progress,
    known: Vec<KnownDifference>,
    begun: HashMap<String, Instant>,
    broken: HashMap<String, Verdict>,
    results: Arc<Mutex<Results>>,
}

impl Recorder {
    /// A recorder for a target with these known differences. Results appear in the second value.
    pub fn new(progress: Progress, known: Vec<KnownDifference>) -> (Recorder, Arc<Mutex<Results>>) {
        let results = Arc::new(Mutex::new(Vec::new()));
        let recorder = Recorder {
            progress,
            known,
            begun: HashMap::new(),
            broken: HashMap::new(),
            results: Arc::clone(&results),
        };
        (recorder, results)
    }

    fn scenario(
        &mut self,
        feature: &gherkin::Feature,
        rule: Option<&gherkin::Rule>,
        scenario: &gherkin::Scenario,
        event: event::Scenario<World>,
    ) {
        let place = format!("{}:{}", path_of(feature).display(), scenario.position.line);
        match event {
            event::Scenario::Started => {
                self.begun.insert(place, Instant::now());
            }
            event::Scenario::Background(step, event) | event::Scenario::Step(step, event) => {
                if let event::Step::Failed(_, _, world, error) = event {
                    let evidence = world.as_deref().map(|world| world.evidence.clone()).unwrap_or_default();
                    let step = format!("{} {}", step.keyword.trim(), step.value);
                    self.broken.insert(place, Verdict::Broken { step, message: message(&error), evidence });
                }
            }
            event::Scenario::Hook(_, event::Hook::Failed(_, _)) => {
                let verdict = Verdict::Broken {
                    step: "(setting the scene)".into(),
                    message: "the scenario's world could not be made".into(),
                    evidence: String::new(),
                };
                self.broken.insert(place, verdict);
            }
            event::Scenario::Finished => self.finished(feature, rule, scenario, place),
            event::Scenario::Hook(..) | event::Scenario::Log(_) => {}
        }
    }

    fn finished(
        &mut self,
        feature: &gherkin::Feature,
        rule: Option<&gherkin::Rule>,
        scenario: &gherkin::Scenario,
        place: String,
    ) {
        let known =
            self.known.iter().find(|known| known.scenario == scenario.name).map(|known| known.reason.clone());
        let verdict = match (self.broken.remove(&place), known) {
            (None, None) => Verdict::Kept,
            (None, Some(reason)) => Verdict::UnexpectedlyKept { reason },
            (Some(_), Some(reason)) => Verdict::KnownDifference { reason },
            (Some(broken), None) => broken,
        };
        let inherited = feature.tags.iter().chain(rule.iter().flat_map(|rule| rule.tags.iter()));
        let record = Record {
            feature: feature.name.clone(),
            rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
            name: scenario.name.clone(),
            tags: inherited.chain(&scenario.tags).cloned().collect(),
            hint: paragraph(scenario.description.as_deref().unwrap_or_default()),
            verdict,
            took: self.begun.remove(&place).map(|begun| begun.elapsed()).unwrap_or_default(),
            place,
        };
        self.progress.scenario(&record);
        if let Ok(mut results) = self.results.lock() {
            results.push(record);
        }
    }
}

impl Writer<World> for Recorder {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Event<event::Cucumber<World>>>, _: &cli::Empty) {
        let Ok(event) = event else { return };
        match event.value {
            event::Cucumber::Feature(feature, event::Feature::Scenario(scenario, event)) => {
                self.scenario(&feature, None, &scenario, event.event);
            }
            event::Cucumber::Feature(
                feature,
                event::Feature::Rule(rule, event::Rule::Scenario(scenario, event)),
            ) => self.scenario(&feature, Some(&rule), &scenario, event.event),
            event::Cucumber::Feature(feature, event::Feature::Finished) => {
                self.progress.feature(&feature.name)
            }
            _ => {}
        }
    }
}

/// What a failed step said: the text of its `Failure`, or of its panic.
fn message(error: &StepError) -> String {
    match error {
        StepError::Panic(info) => {
            let text = info.downcast_ref::<String>().cloned();
            text.or_else(|| info.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_else(|| "the step panicked".to_owned())
        }
        error => error.to_string(),
    }
}

/// The lines of a description joined to one paragraph.
fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Events may come in any order: every record is kept by its scenario's place.
impl cucumber::writer::Normalized for Recorder {}
