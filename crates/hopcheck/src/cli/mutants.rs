//! `hopcheck mutants`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use regex::Regex;

use super::conf::ConfArgs;
use super::exit::{EXIT_BROKEN, EXIT_KEPT, Error};
use super::interrupt::{Interrupted, until_interrupted};
use super::killers::update;
use super::session::DEFAULT_JOBS;
use super::targets::TargetName;
use super::workers::run_each;
use hopcheck_proving::mutants::{
    Catalogue, Killer, Mutant, MutantOutcome, MutantResult, MutantRunner, Score, mutants, sample,
};
use hopcheck_report::{Record, Style, print_failures};
use hopcheck_steps::features::Specification;
use hopcheck_targets::machine;
use hopcheck_targets::setting::Setting;

#[derive(Debug, Args)]
pub(super) struct MutantsArgs {
    /// The target: `reference` (the reference proxy, no Docker) or `nginx` (in a container)
    #[arg(long, value_name = "TARGET", default_value = "reference")]
    pub(super) target: TargetName,
    #[command(flatten)]
    conf: ConfArgs,
    /// The scenarios: a directory or one file [default: features/ of this checkout, or the built-in ones]
    #[arg(long, value_name = "DIR")]
    features: Option<PathBuf>,
    /// Only mutants of families with this prefix; may be repeated
    #[arg(long = "family", value_name = "FAMILY")]
    families: Vec<String>,
    /// Only mutants whose name and place match this regular expression
    #[arg(long, value_name = "REGEX")]
    name: Option<Regex>,
    /// Only a sample of this size, evenly from each family, plus all of the document's own
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// The seed of the sample
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many mutants to run at once
    #[arg(short, long, value_name = "N", default_value_t = 6, value_parser = super::run::at_least_one)]
    jobs: usize,
    /// Also run mutants that only slow scenarios can notice
    #[arg(long)]
    slow: bool,
    /// Only run mutants listed as equivalent, which must not be noticed
    #[arg(long)]
    equivalents: bool,
    /// Skip the first run on the original configuration
    #[arg(long)]
    skip_unmutated: bool,
    /// Write the outcome of each mutant as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Find out which mutants each scenario notices: run all scenarios of the rules that are meant to notice, then those that
    /// have noticed nothing so far on all other mutants. Updates FILE (JSON) for these mutants
    #[arg(long, value_name = "FILE")]
    killers: Option<PathBuf>,
    /// Only list the mutants
    #[arg(long)]
    list: bool,
}

pub(super) async fn mutants_command(arguments: MutantsArgs) -> Result<u8, Error> {
    let here = std::env::current_dir()?;
    let specification = match &arguments.features {
        Some(directory) => Specification::read(directory)?,
        None => Specification::find(&here)?,
    };
    let source = arguments.conf.source(&here)?;
    let (made, missing) = arguments.chosen(mutants(&Catalogue::built_in()?, &source));
    if made.is_empty() && missing.is_empty() {
        return Err("no mutant matches --family and --name".into());
    }
    if arguments.list {
        made.iter().for_each(|mutant| {
            println!("{}:{}  {}: {}", source.name, mutant.line, mutant.family, mutant.title())
        });
        return Ok(EXIT_KEPT);
    }
    let stage = match arguments.target.open(&source, None).await? {
        Setting::Staged(stage) => stage,
        Setting::Live(_) => {
            return Err(
                "mutants cannot run on a live deployment: the target must be reference or nginx".into()
            );
        }
    };
    machine::check(stage.target.scratch_parent())?;
    let style = Style::detect();
    let thorough = arguments.killers.is_some();
    let mut runner = MutantRunner {
        specification: Arc::new(specification),
        stage,
        slow: arguments.slow,
        jobs: DEFAULT_JOBS / 4,
        thorough,
        warned: None,
    };
    println!("{} {} by {}", style.strong("mutating"), source.name, runner.stage.target.describe());
    if !arguments.skip_unmutated {
        runner.warned = Some(check_unmutated(&runner, style).await?);
    }
    let mut score = Score {
        target: arguments.target.name().to_owned(),
        configuration: source.name.clone(),
        outcomes: judge_all(&runner, &made, arguments.jobs, style).await?,
    };
    machine::restore_umask();
    if let Some(file) = &arguments.killers {
        update(file, &runner, &made, &score.outcomes, arguments.jobs).await?;
    }
    score
        .outcomes
        .extend(missing.into_iter().map(|(family, fault)| MutantResult::not_applicable(family, fault)));
    println!("\n{}", score.text().trim_end());
    if let Some(file) = &arguments.report {
        std::fs::write(file, serde_json::to_string_pretty(&score)? + "\n")?;
    }
    let wrong = match arguments.equivalents {
        true => score.outcomes.iter().any(|result| matches!(result.outcome, MutantOutcome::Killed(_))),
        false => score.survivors().next().is_some(),
    };
    Ok(if wrong { EXIT_BROKEN } else { EXIT_KEPT })
}

impl MutantsArgs {
    /// The selected mutants.
    fn chosen(
        &self,
        (made, missing): (Vec<Mutant>, Vec<(String, String)>),
    ) -> (Vec<Mutant>, Vec<(String, String)>) {
        let wanted = |family: &str, title: &str| {
            (self.families.is_empty()
                || self.families.iter().any(|wanted| family.starts_with(wanted.as_str())))
                && self.name.as_ref().is_none_or(|name| name.is_match(title))
        };
        let mut made: Vec<Mutant> =
            made.into_iter().filter(|mutant| wanted(&mutant.family, &mutant.title())).collect();
        if let Some(count) = self.sample {
            made = sample(made, count, self.seed, self.slow);
        }
        if self.equivalents {
            made.retain(|mutant| mutant.equivalent.is_some());
            made.iter_mut().for_each(|mutant| mutant.equivalent = None);
        }
        (made, missing.into_iter().filter(|(family, fault)| wanted(family, fault)).collect())
    }
}

/// Checks that every promise is kept without a fault. Returns the scenarios that warn of something.
async fn check_unmutated(runner: &MutantRunner, style: Style) -> Result<BTreeSet<String>, Error> {
    let results = runner.unmutated(Style { silent: true, ..style }, until_interrupted()).await;
    if results.records.iter().any(Record::fails) {
        print_failures(style, &results, false);
        return Err(
            "the original configuration already breaks a promise: fix that first, with `hopcheck run`".into(),
        );
    }
    if results.unfinished.is_some() {
        return Err(Interrupted.into());
    }
    let warned: BTreeSet<String> =
        results.records.iter().filter(|record| record.warns()).map(|record| record.name.clone()).collect();
    println!("  {} {} scenarios pass without a fault", style.good("✓"), results.records.len() - warned.len());
    Ok(warned)
}

/// Judges each mutant, and prints its outcome.
async fn judge_all(
    runner: &MutantRunner,
    made: &[Mutant],
    jobs: usize,
    style: Style,
) -> Result<Vec<MutantResult>, Error> {
    let mut done = 0;
    let judge = {
        let runner = runner.clone();
        async move |mutant: &Mutant| {
            let judged =
                runner.judge(mutant, until_interrupted).await?.ok_or_else(|| Interrupted.to_string())?;
            Ok(MutantResult::of(mutant, &runner.stage.source.text, judged))
        }
    };
    run_each(made.to_vec(), jobs, judge, |result| {
        done += 1;
        progress(style, result, done, made.len());
    })
    .await
}

fn progress(style: Style, result: &MutantResult, done: usize, total: usize) {
    let mark = match &result.outcome {
        MutantOutcome::Survived => style.bad("✗"),
        MutantOutcome::Killed(Killer::Scenario { meant: false, .. }) => style.quiet("✓"),
        MutantOutcome::Warned(_) => style.warn("!"),
        MutantOutcome::Killed(_) => style.good("✓"),
        _ => style.quiet("–"),
    };
    if style.live {
        print!("\r\x1b[K");
    }
    if !style.live || result.outcome == MutantOutcome::Survived {
        println!("  {mark} {result}");
    }
    if style.live {
        print!("  {done} of {total}  {}", style.quiet(&result.mutant));
        let _ = std::io::stdout().flush();
    }
}
