//! `hopcheck mutants`.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use regex::Regex;

use super::conf::ConfArgs;
use super::interrupt::{Interrupted, interrupted};
use super::killers::update;
use super::session::JOBS;
use super::targets::TargetName;
use super::workers::each;
use super::{BROKEN, Error, KEPT};
use hopcheck_proving::mutants::{Bench, Catalogue, Fate, Killer, Mutant, Outcome, Score, mutants, sample};
use hopcheck_report::{Record, Style, print_failures};
use hopcheck_steps::features::Specification;
use hopcheck_targets::machine;
use hopcheck_targets::setting::Setting;

#[derive(Debug, Args)]
pub(super) struct MutantsArgs {
    /// What runs them: `reference` (the reference proxy, no Docker) or `nginx` (in a container)
    #[arg(long, value_name = "TARGET", default_value = "reference")]
    target: TargetName,
    #[command(flatten)]
    conf: ConfArgs,
    /// The scenarios: a directory or one file [default: features/ of this checkout, or the built-in ones]
    #[arg(long, value_name = "DIR")]
    features: Option<PathBuf>,
    /// Only mutants of families whose name begins so; may be given more than once
    #[arg(long = "family", value_name = "FAMILY")]
    families: Vec<String>,
    /// Only mutants whose name, place included, matches this regular expression
    #[arg(long, value_name = "REGEX")]
    name: Option<Regex>,
    /// Only so many, an equal part of each family, and always the document's own
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Which ones a sample has
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many mutants to run at once
    #[arg(short, long, value_name = "N", default_value_t = 6, value_parser = super::run::at_least_one)]
    jobs: usize,
    /// Also run mutants that only scenarios which really wait can notice, with these
    #[arg(long)]
    slow: bool,
    /// Run those mutants alone that are said to be equivalent: nobody may notice
    #[arg(long)]
    equivalents: bool,
    /// Do not run the scenarios on the configuration without a fault first
    #[arg(long)]
    skip_unmutated: bool,
    /// Write what became of each mutant, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Run on when a scenario has noticed, to see what each scenario is for: first those of the rules that are meant to notice,
    /// then those that have noticed nothing so far with all other mutants, until they notice one. What is learnt of these mutants
    /// replaces what FILE (JSON) says of them
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
        return Err("no mutant is of that family and name".into());
    }
    if arguments.list {
        made.iter().for_each(|mutant| {
            println!("{}:{}  {}: {}", source.name, mutant.line, mutant.family, mutant.title())
        });
        return Ok(KEPT);
    }
    let stage = match arguments.target.open(&source, None).await? {
        Setting::Staged(stage) => stage,
        Setting::Live(_) => {
            return Err("nobody puts faults into a live deployment: the target is reference or nginx".into());
        }
    };
    machine::check(stage.target.scratch_parent())?;
    let style = Style::detect();
    let thorough = arguments.killers.is_some();
    let bench = Bench {
        specification: Arc::new(specification),
        stage,
        slow: arguments.slow,
        jobs: JOBS / 4,
        thorough,
    };
    println!("{} {} by {}", style.strong("mutating"), source.name, bench.stage.target.describe());
    if !arguments.skip_unmutated {
        without_a_fault(&bench, style).await?;
    }
    let mut score = Score {
        target: arguments.target.name().to_owned(),
        configuration: source.name.clone(),
        outcomes: judged(&bench, &made, arguments.jobs, style).await?,
    };
    machine::done();
    if let Some(file) = &arguments.killers {
        update(file, &bench, &made, &score.outcomes, arguments.jobs).await?;
    }
    score.outcomes.extend(missing.into_iter().map(|(family, fault)| Outcome::not_applicable(family, fault)));
    println!("\n{}", score.told().trim_end());
    if let Some(file) = &arguments.report {
        std::fs::write(file, serde_json::to_string_pretty(&score)? + "\n")?;
    }
    let wrong = match arguments.equivalents {
        true => score.outcomes.iter().any(|outcome| matches!(outcome.fate, Fate::Killed(_))),
        false => score.survivors().next().is_some(),
    };
    Ok(if wrong { BROKEN } else { KEPT })
}

impl MutantsArgs {
    /// Those that were asked for.
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

/// Sees that every promise is kept before anything is made worse.
async fn without_a_fault(bench: &Bench, style: Style) -> Result<(), Error> {
    let results = bench.unmutated(Style { silent: true, ..style }, ending()).await;
    if results.records.iter().any(Record::fails) {
        print_failures(style, &results);
        return Err("the configuration breaks a promise without any fault of ours: mend that first, with `hopcheck run`".into());
    }
    if results.unfinished.is_some() {
        return Err(Interrupted.into());
    }
    println!("  {} {} scenarios kept without a fault", style.good("✓"), results.records.len());
    Ok(())
}

/// What became of each, told as it goes.
async fn judged(bench: &Bench, made: &[Mutant], jobs: usize, style: Style) -> Result<Vec<Outcome>, Error> {
    let mut done = 0;
    let judge = {
        let bench = bench.clone();
        async move |mutant: &Mutant| {
            let judged = bench.judge(mutant, ending).await?.ok_or_else(|| Interrupted.to_string())?;
            Ok(Outcome::of(mutant, &bench.stage.source.text, judged))
        }
    };
    each(made.to_vec(), jobs, judge, |outcome| {
        done += 1;
        progress(style, outcome, done, made.len());
    })
    .await
}

/// Waits for the end of the program.
pub(super) async fn ending() -> String {
    interrupted().await;
    "interrupted".to_owned()
}

fn progress(style: Style, outcome: &Outcome, done: usize, total: usize) {
    let mark = match &outcome.fate {
        Fate::Survived => style.bad("✗"),
        Fate::Killed(Killer::Scenario { meant: false, .. }) => style.quiet("✓"),
        Fate::Killed(_) => style.good("✓"),
        _ => style.quiet("–"),
    };
    if style.live {
        print!("\r\x1b[K");
    }
    if !style.live || outcome.fate == Fate::Survived {
        println!("  {mark} {outcome}");
    }
    if style.live {
        print!("  {done} of {total}  {}", style.quiet(&outcome.mutant));
        let _ = std::io::stdout().flush();
    }
}
