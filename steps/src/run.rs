//! Running the specification against a target.

use std::time::{Duration, Instant};

use cucumber::{Cucumber, Parser, World as _, cli, event, parser, runner};
use futures::FutureExt as _;
use gherkin::Feature;
use gherkin::tagexpr::TagOperation;

use crate::features::Specification;
use crate::report::{Progress, Recorder, Results, Style};
use crate::setting::Setting;
use crate::world::World;

/// Which scenarios are run, and how.
#[derive(Debug, Clone)]
pub struct Selection {
    /// A tag expression that must hold.
    pub tags: Option<TagOperation>,
    /// Whether scenarios that must really wait (`@slow`) are run too.
    pub slow: bool,
    /// How many scenarios are run at once.
    pub jobs: usize,
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// Every scenario's record, in the order of the specification.
    pub results: Results,
    /// Scenarios that the selection left out because they are `@slow`.
    pub slow_left_out: usize,
    /// Wall time.
    pub took: Duration,
}

/// Runs the selected scenarios against `setting`'s target, showing progress.
pub async fn run(
    specification: &Specification,
    setting: Setting,
    selection: &Selection,
    style: Style,
) -> Outcome {
    let begun = Instant::now();
    let (features, slow_left_out) = select(&specification.features, selection);
    let total =
        features.iter().map(|f| f.scenarios.len() + f.rules.iter().map(|r| r.scenarios.len()).sum::<usize>());
    let progress = Progress::new(style, total.sum(), &features);
    let known = specification.known_differences.iter().filter(|known| known.target == setting.name());
    let (recorder, results) = Recorder::new(progress, known.cloned().collect());
    let runner = runner::Basic::default()
        .steps(World::collection())
        .max_concurrent_scenarios(selection.jobs)
        .before(move |_, _, _, world: &mut World| {
            world.enter(setting.clone());
            async {}.boxed_local()
        })
        .after(|_, _, _, finished, world| {
            let failed = !matches!(finished, event::ScenarioFinished::StepPassed);
            async move {
                if let Some(world) = world {
                    world.leave(failed).await;
                }
            }
            .boxed_local()
        });
    let order: Vec<String> = places(&features);
    Cucumber::<World, _, _, _, _, cli::Empty>::custom(Parsed, runner, recorder)
        .with_cli(cli::Opts::<_, _, _, cli::Empty>::default())
        .run(features)
        .await;
    let mut results = results.lock().map(|mut results| std::mem::take(&mut *results)).unwrap_or_default();
    results.sort_by_key(|record| order.iter().position(|place| *place == record.place));
    Outcome { results, slow_left_out, took: begun.elapsed() }
}

/// Hands features that have been parsed already to the runner.
struct Parsed;

impl Parser<Vec<Feature>> for Parsed {
    type Cli = cli::Empty;
    type Output = futures::stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, features: Vec<Feature>, _: cli::Empty) -> Self::Output {
        futures::stream::iter(features.into_iter().map(Ok).collect::<Vec<_>>())
    }
}

/// The features with only the selected scenarios in them, and how many were left out for being slow.
fn select(features: &[Feature], selection: &Selection) -> (Vec<Feature>, usize) {
    let mut slow_left_out = 0;
    let mut keep = |inherited: &[String], scenario: &gherkin::Scenario| {
        let tags: Vec<&str> = inherited.iter().chain(&scenario.tags).map(String::as_str).collect();
        let named = selection.tags.as_ref().is_none_or(|wanted| holds(wanted, &tags));
        let too_slow = named && !selection.slow && tags.contains(&"slow");
        slow_left_out += usize::from(too_slow);
        named && !too_slow
    };
    let mut selected = Vec::new();
    for feature in features {
        let mut feature = feature.clone();
        let tags = feature.tags.clone();
        feature.scenarios.retain(|scenario| keep(&tags, scenario));
        for rule in &mut feature.rules {
            let tags = [tags.clone(), rule.tags.clone()].concat();
            rule.scenarios.retain(|scenario| keep(&tags, scenario));
        }
        feature.rules.retain(|rule| !rule.scenarios.is_empty());
        if !(feature.scenarios.is_empty() && feature.rules.is_empty()) {
            selected.push(feature);
        }
    }
    (selected, slow_left_out)
}

fn holds(expression: &TagOperation, tags: &[&str]) -> bool {
    match expression {
        TagOperation::And(a, b) => holds(a, tags) && holds(b, tags),
        TagOperation::Or(a, b) => holds(a, tags) || holds(b, tags),
        TagOperation::Not(a) => !holds(a, tags),
        TagOperation::Tag(tag) => tags.contains(&tag.trim_start_matches('@')),
    }
}

fn places(features: &[Feature]) -> Vec<String> {
    let place = |feature: &Feature, scenario: &gherkin::Scenario| {
        format!("{}:{}", crate::features::path_of(feature).display(), scenario.position.line)
    };
    features
        .iter()
        .flat_map(|feature| {
            let ruled = feature.rules.iter().flat_map(|rule| rule.scenarios.iter());
            feature.scenarios.iter().chain(ruled).map(|scenario| place(feature, scenario)).collect::<Vec<_>>()
        })
        .collect()
}
