//! Running the specification against a target.

mod before;
mod bind;
mod bound;
mod configuration_lines;
mod log_hints;
mod order;
mod promises;
mod recorder;
mod route_words;
mod select;
mod site_route;
mod versions;

use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Instant;

use cucumber::event::Retries;
use cucumber::feature::Ext as _;
use cucumber::runner::basic::RetryOptions;
use cucumber::{Cucumber, Parser, cli, event, parser, runner};
use futures::FutureExt as _;
use gherkin::Feature;

pub use select::{BROWSER_TAG, OPTIONAL_TAGS, SOCKJS_TAG, Selected, Selection};

use crate::features::{KnownDifference, Specification, fill_in};
use crate::scenarios::{place, scenarios};
use crate::world::{World, collection};
use configuration_lines::relevant_lines;
use hopcheck_report::{
    FailedStep, FeatureOutline, Picture, Progress, Record, SiteMap, Style, TargetResults, Verdict,
};
use hopcheck_targets::conf::Source;
use hopcheck_targets::machine;
use hopcheck_targets::setting::Setting;
use recorder::Recorder;

/// So much of what a page has asked for is told.
const MAX_NOTES: usize = 200;

/// To read a configuration with more servers takes a scenario longer than all that it asks.
const MANY_SERVERS: usize = 1_000;

/// The tag of scenarios that are special to the document's site.
const DOCUMENT_TAG: &str = "document";

/// Runs the selected scenarios against `setting`'s target, showing progress. When `end` is done before they are, it says
/// why no more of them are run.
pub async fn run(
    specification: &Specification,
    setting: Setting,
    selection: &Selection,
    style: Style,
    end: impl Future<Output = String>,
) -> TargetResults {
    let begun = Instant::now();
    let is_another_site = matches!(&setting, Setting::Staged(stage) if !stage.source.as_documented);
    let all = specification.scenarios().count();
    let specification = match is_another_site {
        true => Cow::Owned(specification.without(DOCUMENT_TAG)),
        false => Cow::Borrowed(specification),
    };
    let of_the_document = all - specification.scenarios().count();
    let selected = Selected::of(&specification, selection);
    let part = selected.part(selection.shard);
    let bound = match &setting {
        Setting::Staged(stage) => bind::bind(&part, &stage.source),
        Setting::Live(deployment) => {
            let features = versions::over_each_version(part, deployment.info());
            bind::BoundFeatures { features, ..bind::BoundFeatures::default() }
        }
    };
    let (part, mut unchecked) = fill_in(&bound.features, setting.words());
    unchecked.extend(bound.not_asked);
    let routes = bound.routes;
    let of_scenario = |feature: &Feature, scenario: &gherkin::Scenario| {
        let (file, line) = place(feature, scenario);
        (file, line, scenario.name.clone())
    };
    let order: HashMap<(String, usize, String), usize> =
        scenarios(&part).enumerate().map(|(nth, (f, _, s))| (of_scenario(f, s), nth)).collect();
    let (features, unchecked) = select::divide(&part, &unchecked);
    let features = match selection.shuffle {
        Some(seed) => order::shuffled(&features, seed),
        // Who ends at the first broken promise wants the quick ones first.
        None if selection.fail_fast => features,
        None => order::waiting_early(&features, selection.jobs),
    };
    let features = order::with_first(features, |feature, scenario| {
        let (file, line) = place(feature, scenario);
        let is_it = |(a, b, c): &(String, usize, String)| (a, b, c) == (&file, &line, &scenario.name);
        selection.first.iter().any(is_it)
    });
    let name = setting.name().to_owned();
    let known = specification.known_differences.iter().filter(|known| known.target == name);
    let known: Vec<KnownDifference> = known.cloned().collect();
    let progress = Progress::new(style, order.len(), part.iter().map(outline).collect());
    let (mut recorder, gathered) = Recorder::new(progress, known.clone(), selection.strict);
    for ((feature, rule, scenario), reason) in unchecked {
        recorder.not_checked(feature, rule, scenario, reason);
    }
    let configuration = setting.configuration().to_owned();
    let description = match &setting {
        Setting::Staged(stage) => stage.target.describe(),
        Setting::Live(deployment) => deployment.describe(),
    };
    let mut results = TargetResults {
        name,
        description,
        configuration,
        slow_left_out: selected.slow_left_out,
        of_the_document,
        shard: selection.shard,
        shuffle: selection.shuffle,
        ..TargetResults::default()
    };
    let source = match &setting {
        Setting::Staged(stage) => Some(stage.source.clone()),
        Setting::Live(_) => None,
    };
    let shown = setting.clone();
    let work = go(setting, selection, known, features, recorder);
    let ended = tokio::select! {
        biased;
        () = work => None,
        why = end => Some(why),
        () = gathered.broken.notified(), if selection.fail_fast => Some("stopped at the first broken promise".to_owned()),
    };
    results.records = gathered.take();
    results.pictures = picture(&shown).into_iter().collect();
    let (obituary, unseen) = without_browser(&shown, &results.records).await;
    let ended = ended.or(obituary);
    let of_record = |record: &Record| (record.file.clone(), record.line, record.name.clone());
    results.records.sort_by_key(|record| order.get(&of_record(record)).copied());
    if let Some(source) = source {
        results.records.iter_mut().for_each(|record| explain(record, &source));
        results.site = Some(SiteMap::of(&source.site));
    }
    for record in &mut results.records {
        record.route = routes.get(&(record.feature.clone(), record.line, record.name.clone())).copied();
    }
    let lacks: Vec<&str> = results.records.iter_mut().filter_map(of_the_machine).collect();
    let ended = ended.or_else(|| lacks.first().map(|lack| (*lack).to_owned()));
    let missing = (order.len() + lacks.len() + unseen).saturating_sub(results.records.len());
    results.unfinished = ended
        .filter(|_| missing > 0)
        .map(|why| format!("{why}; {missing} of {} scenarios were not run", order.len()));
    let has = |wanted: fn(&Record) -> bool| results.records.iter().any(wanted);
    if is_another_site
        && results.unfinished.is_none()
        && !results.records.is_empty()
        && !has(|record| !matches!(record.verdict, Verdict::NotChecked { .. }))
    {
        results.unfinished = Some("nothing of it could be checked".to_owned());
    }
    results.took = begun.elapsed();
    results
}

/// What a browser has shown of a live site.
fn picture(setting: &Setting) -> Option<Picture> {
    let Setting::Live(deployment) = setting else { return None };
    let browser = deployment.browser().ok()?;
    let visit = browser.seen()?;
    Some(Picture {
        caption: format!("{} in {}", visit.url, browser.version()),
        notes: visit.summary().into_iter().take(MAX_NOTES).collect(),
        png: visit.screenshot.clone().unwrap_or_default(),
    })
}

/// Why a browser that has broken down cannot look at a live site any more, and of how many scenarios.
async fn without_browser(setting: &Setting, records: &[Record]) -> (Option<String>, usize) {
    let Setting::Live(deployment) = setting else { return (None, 0) };
    let Ok(browser) = deployment.browser() else { return (None, 0) };
    let Some(failure) = browser.failure().map(|failure| failure.to_string()) else { return (None, 0) };
    let is_unseen = |record: &&Record| matches!(&record.verdict, Verdict::NotChecked { reason } if reason.contains(&failure));
    (browser.obituary().await, records.iter().filter(is_unseen).count())
}

/// Takes a failure back that only this machine is to blame for, and says what it lacks.
fn of_the_machine(record: &mut Record) -> Option<&'static str> {
    let FailedStep { message, evidence, .. } = record.failed_step()?;
    let lack =
        machine::exhausted_resource(message).or_else(|| machine::exhausted_resource(&evidence.error_log))?;
    record.verdict = Verdict::NotChecked { reason: lack.to_owned() };
    Some(lack)
}

/// Adds to a failure the lines of the configuration that decided it, and what to look at where the error log knows better.
fn explain(record: &mut Record, source: &Source) {
    if let Verdict::Broken(failed) | Verdict::Warned(failed) = &mut record.verdict {
        let FailedStep { message, evidence, configuration, .. } = failed;
        if let Some(hint) = log_hints::hint(&evidence.error_log) {
            hint.clone_into(&mut record.hint);
        }
        // A message, too, may quote what to change.
        let quoting = format!("{} {message}", record.hint);
        *configuration = relevant_lines(source, &quoting, &format!("{message}\n{}", evidence.error_log));
    }
}

async fn go(
    setting: Setting,
    selection: &Selection,
    known: Vec<KnownDifference>,
    features: Vec<Feature>,
    recorder: Recorder,
) {
    let retries = selection.retries;
    let jobs = match &setting {
        // Each reads the whole configuration, which has nothing to wait for.
        Setting::Staged(stage) if stage.source.site.servers.len() > MANY_SERVERS => {
            selection.jobs.min(available_parallelism().map_or(1, NonZero::get))
        }
        Setting::Staged(_) => selection.jobs,
        // Of a live site each may hold as much as one answer may have.
        Setting::Live(deployment) => selection.jobs.min(deployment.profile().limits.in_flight),
    };
    let runner = runner::Basic::default()
        .steps(collection().clone())
        .max_concurrent_scenarios(jobs)
        .retry_options(move |_, _, scenario, _| {
            // One that is known to fail is not tried again.
            let again = retries > 0 && known.iter().all(|known| known.scenario != scenario.name);
            again.then(|| RetryOptions { retries: Retries::initial(retries), after: None })
        })
        .before(move |feature, _, _, world: &mut World| {
            let is_over_http2 = feature.tags.iter().any(|tag| tag == versions::HTTP2_TAG);
            world.enter(setting.clone(), is_over_http2);
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
    Cucumber::<World, _, _, _, _, cli::Empty>::custom(ParsedFeatures, runner, recorder)
        .with_cli(cli::Opts::<_, _, _, cli::Empty>::default())
        .run(features)
        .await;
}

/// Hands features that have been parsed already to the runner.
struct ParsedFeatures;

impl Parser<Vec<Feature>> for ParsedFeatures {
    type Cli = cli::Empty;
    type Output = futures::stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, features: Vec<Feature>, _: cli::Empty) -> Self::Output {
        futures::stream::iter(features.into_iter().map(Ok).collect::<Vec<_>>())
    }
}
/// What progress shows of a feature.
fn outline(feature: &Feature) -> FeatureOutline {
    let rules = feature.rules.iter().map(|rule| rule.name.clone());
    FeatureOutline {
        name: feature.name.clone(),
        rules: std::iter::once(String::new()).chain(rules).collect(),
        scenarios: feature.count_scenarios(),
    }
}
