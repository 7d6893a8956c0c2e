//! Gathers what became of each scenario from the runner's events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cucumber::event::{self, Retries, StepError};
use cucumber::{Event, Writer, cli, parser};
use gherkin::{Feature, Rule, Scenario};
use tokio::sync::Notify;

use crate::failure::Failure;
use crate::features::KnownDifference;
use crate::scenarios::{paragraph, path_of};
use crate::world::World;
use hopcheck_report::Progress;
use hopcheck_report::{FailedStep, Record, StepRecord, StepStatus, Verdict};

/// The tag of scenarios whose failure is a warning.
const WARNING_TAG: &str = "warning";

/// The tag of scenarios that hold for those, too, whom the proxy itself refuses or sends elsewhere.
const EVERYBODY_TAG: &str = "everybody";

/// Gathers records from the runner, and shows progress.
pub(super) struct Recorder {
    known: Vec<KnownDifference>,
    is_strict: bool,
    underway: HashMap<(String, usize, String), Attempt>,
    gathered: Arc<SharedRecords>,
}

/// What has been gathered so far; to be had even when the run is cut short.
#[derive(Debug)]
pub(super) struct SharedRecords {
    records: Mutex<Vec<Record>>,
    progress: Mutex<Progress>,
    /// Told when a promise turns out to be broken.
    pub(crate) broken: Notify,
}

/// One attempt at a scenario.
struct Attempt {
    begun: Instant,
    steps: Vec<(StepStatus, Duration)>,
    step_begun: Instant,
    failed: Option<FailedStep>,
}

impl SharedRecords {
    fn add(&self, record: Record) {
        let fails = record.fails();
        self.progress(|progress| progress.scenario(&record));
        if let Ok(mut records) = self.records.lock() {
            records.push(record);
        }
        if fails {
            self.broken.notify_one();
        }
    }

    fn progress(&self, show: impl FnOnce(&mut Progress)) {
        if let Ok(mut progress) = self.progress.lock() {
            show(&mut progress);
        }
    }

    /// The records so far, in the order in which they came; shows what has not been shown of them.
    pub(crate) fn take(&self) -> Vec<Record> {
        self.progress(Progress::flush);
        self.records.lock().map(|mut records| std::mem::take(&mut *records)).unwrap_or_default()
    }
}

impl Recorder {
    /// A recorder for a target with these known differences, to which warnings are broken promises if it `is_strict`.
    pub(crate) fn new(
        progress: Progress,
        known: Vec<KnownDifference>,
        is_strict: bool,
    ) -> (Recorder, Arc<SharedRecords>) {
        let gathered = Arc::new(SharedRecords {
            records: Mutex::default(),
            progress: Mutex::new(progress),
            broken: Notify::new(),
        });
        let recorder =
            Recorder { known, is_strict, underway: HashMap::new(), gathered: Arc::clone(&gathered) };
        (recorder, gathered)
    }

    /// Takes up a scenario that is not run, since it cannot be checked.
    pub(crate) fn not_checked(
        &mut self,
        feature: &Feature,
        rule: Option<&Rule>,
        scenario: &Scenario,
        reason: &str,
    ) {
        let verdict = Verdict::NotChecked { reason: reason.to_owned() };
        self.gathered.add(record(feature, rule, scenario, verdict, None, 0));
    }

    fn scenario(
        &mut self,
        feature: &Feature,
        rule: Option<&Rule>,
        scenario: &Scenario,
        event: event::RetryableScenario<World>,
    ) {
        let attempt = self.underway.entry(key(feature, scenario)).or_insert_with(Attempt::begin);
        match event.event {
            event::Scenario::Started => *attempt = Attempt::begin(),
            event::Scenario::Background(step, event) | event::Scenario::Step(step, event) => {
                attempt.step(&step, event);
            }
            event::Scenario::Hook(_, event::Hook::Failed(_, _)) => {
                attempt.failed = Some(FailedStep {
                    step: "(setting the scene)".into(),
                    line: scenario.position.line,
                    message: "the scenario's world could not be made".into(),
                    ..FailedStep::default()
                });
            }
            event::Scenario::Finished => self.finished(feature, rule, scenario, event.retries),
            event::Scenario::Hook(..) | event::Scenario::Log(_) => {}
        }
    }

    fn finished(
        &mut self,
        feature: &Feature,
        rule: Option<&Rule>,
        scenario: &Scenario,
        retries: Option<Retries>,
    ) {
        let Some(mut attempt) = self.underway.remove(&key(feature, scenario)) else { return };
        let known = self.known.iter().find(|known| known.scenario == scenario.name);
        let reason = known.map(|known| known.reason.clone());
        let has_tag = |wanted: &str| scenario.tags.iter().any(|tag| tag == wanted);
        let is_for_everybody = has_tag(EVERYBODY_TAG);
        if let Some(why) = attempt.failed.as_ref().and_then(|failed| not_asked(failed, is_for_everybody)) {
            self.not_checked(feature, rule, scenario, &why);
            return;
        }
        let is_warning = !self.is_strict && has_tag(WARNING_TAG);
        let verdict = match (attempt.failed.take(), reason) {
            // The runner is about to try again.
            (Some(_), None) if retries.is_some_and(|retries| retries.left > 0) => return,
            (None, None) => Verdict::Kept,
            (None, Some(reason)) => Verdict::UnexpectedlyKept { reason },
            (Some(_), Some(reason)) => Verdict::KnownDifference { reason },
            (Some(failed), None) if is_warning => Verdict::Warned(failed),
            (Some(failed), None) => Verdict::Broken(failed),
        };
        let attempts = retries.map_or(0, |retries| retries.current) + 1;
        self.gathered.add(record(feature, rule, scenario, verdict, Some(&attempt), attempts));
    }
}

impl Writer<World> for Recorder {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Event<event::Cucumber<World>>>, _: &cli::Empty) {
        let Ok(event) = event else { return };
        match event.value {
            event::Cucumber::Feature(feature, event::Feature::Scenario(scenario, event)) => {
                self.scenario(&feature, None, &scenario, event);
            }
            event::Cucumber::Feature(
                feature,
                event::Feature::Rule(rule, event::Rule::Scenario(scenario, event)),
            ) => self.scenario(&feature, Some(&rule), &scenario, event),
            _ => {}
        }
    }
}

/// Events may come in any order: every record is kept by its scenario's place.
impl cucumber::writer::Normalized for Recorder {}

impl Attempt {
    fn begin() -> Attempt {
        let now = Instant::now();
        Attempt { begun: now, steps: Vec::new(), step_begun: now, failed: None }
    }

    fn step(&mut self, step: &gherkin::Step, event: event::Step<World>) {
        let status = match event {
            event::Step::Started => {
                self.step_begun = Instant::now();
                return;
            }
            event::Step::Passed { .. } => StepStatus::Passed,
            event::Step::Skipped => StepStatus::Skipped,
            event::Step::Failed(_, _, world, error) => {
                self.failed = Some(FailedStep {
                    step: format!("{} {}", step.keyword.trim(), step.value),
                    line: step.position.line,
                    message: message(&error),
                    evidence: world.as_deref().map(|world| world.evidence.clone()).unwrap_or_default(),
                    configuration: Vec::new(),
                });
                StepStatus::Failed
            }
        };
        self.steps.push((status, self.step_begun.elapsed()));
    }
}

/// What tells a scenario apart: one that is bound to several routes stands at one place for all of them.
fn key(feature: &Feature, scenario: &Scenario) -> (String, usize, String) {
    (path_of(feature).display().to_string(), scenario.position.line, scenario.name.clone())
}

fn record(
    feature: &Feature,
    rule: Option<&Rule>,
    scenario: &Scenario,
    verdict: Verdict,
    attempt: Option<&Attempt>,
    attempts: usize,
) -> Record {
    let (file, line, name) = key(feature, scenario);
    let inherited = feature.tags.iter().chain(rule.iter().flat_map(|rule| rule.tags.iter()));
    let backgrounds = [feature.background.as_ref(), rule.and_then(|rule| rule.background.as_ref())];
    let steps = backgrounds.into_iter().flatten().flat_map(|background| &background.steps);
    let mut went = attempt.into_iter().flat_map(|attempt| attempt.steps.iter().copied());
    let steps = steps.chain(&scenario.steps).map(|step| {
        // Those after a failed one are not heard of.
        let (status, took) = went.next().unwrap_or((StepStatus::Skipped, Duration::ZERO));
        StepRecord {
            keyword: step.keyword.trim().to_owned(),
            text: step.value.clone(),
            line: step.position.line,
            doc_string: step.docstring.as_ref().map(|text| text.trim_matches('\n').to_owned()),
            table: step.table.as_ref().map(|table| table.rows.clone()).unwrap_or_default(),
            status,
            took,
        }
    });
    Record {
        feature: feature.name.clone(),
        rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
        name,
        tags: inherited.chain(&scenario.tags).cloned().collect(),
        hint: paragraph(scenario.description.as_deref().unwrap_or_default()),
        verdict,
        attempts,
        took: attempt.map(|attempt| attempt.begun.elapsed()).unwrap_or_default(),
        steps: steps.collect(),
        file,
        line,
        route: None,
    }
}

/// Why a scenario that failed is not to be counted: it was not asked, or strangers are kept out.
fn not_asked(failed: &FailedStep, is_for_everybody: bool) -> Option<String> {
    let kept_out = failed.evidence.kept_out.clone().filter(|_| !is_for_everybody);
    Failure::why_not_asked(&failed.message).map(str::to_owned).or(kept_out)
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
