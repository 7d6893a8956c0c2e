//! `hopcheck run`.

use std::path::PathBuf;

use clap::Args;
use gherkin::tagexpr::TagOperation;

use super::conf::{ConfArgs, print_notes};
use super::targets::TargetName;
use super::{BROKEN, Error, KEPT};
use crate::features::Specification;
use crate::report::{Record, Style, print_details, print_failures, print_summary};
use crate::run::{Selection, run};
use crate::setting::Setting;

/// How many scenarios run at once unless told otherwise. Most of a scenario is waiting.
const JOBS: usize = 8;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// What to ask, may be given more than once: `reference` (the reference proxy, no Docker), `nginx` (in a container), a
    /// deployment's URL, NAME=URL, or the NAME of a [target.NAME] section of the profile
    #[arg(long = "target", value_name = "TARGET", default_value = "reference")]
    targets: Vec<TargetName>,
    /// What is known of the deployments [default: hopcheck.toml]
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    conf: ConfArgs,
    /// The scenarios: a directory or one file [default: features/ of this checkout, or the built-in ones]
    #[arg(long, value_name = "DIR")]
    features: Option<PathBuf>,
    /// Only scenarios whose tags satisfy this, e.g. "@D4 and not @slow"
    #[arg(long, value_name = "EXPR", value_parser = tag_expression)]
    tags: Option<TagOperation>,
    /// Also run scenarios that must really wait, up to 75 s
    #[arg(long)]
    slow: bool,
    /// How many scenarios to run at once
    #[arg(short, long, value_name = "N", default_value_t = JOBS, value_parser = at_least_one)]
    jobs: usize,
    /// Also print what was changed in the configuration to run it, the reason of each known difference, and what took
    /// longest
    #[arg(short, long)]
    verbose: bool,
}

/// What is asked of a run.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) tags: Option<TagOperation>,
    pub(crate) slow: bool,
    pub(crate) jobs: usize,
    pub(crate) verbose: bool,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked { tags: None, slow: false, jobs: JOBS, verbose: false }
    }
}

pub(super) async fn run_command(arguments: RunArgs) -> Result<u8, Error> {
    let here = std::env::current_dir()?;
    let specification = match &arguments.features {
        Some(directory) => Specification::read(directory)?,
        None => Specification::find(&here)?,
    };
    let source = arguments.conf.source(&here)?;
    let asked = Asked {
        tags: arguments.tags,
        slow: arguments.slow,
        jobs: arguments.jobs,
        verbose: arguments.verbose,
    };
    let mut code = KEPT;
    for name in arguments.targets {
        let setting = name.open(&source, arguments.profile.as_deref()).await?;
        code = code.max(run_target(&specification, setting, &asked).await?);
    }
    Ok(code)
}

/// Runs the specification against one target, and reports. Returns the exit code.
pub(crate) async fn run_target(
    specification: &Specification,
    setting: Setting,
    asked: &Asked,
) -> Result<u8, Error> {
    let style = Style::detect();
    println!("{} {}", style.strong("testing"), setting.describe());
    if let (true, Setting::Staged(stage)) = (asked.verbose, &setting) {
        print_notes(&stage.source).await?;
    }
    let selection = Selection {
        tags: asked.tags.clone(),
        slow: asked.slow,
        jobs: asked.jobs,
        live: setting.is_live(),
        ..Selection::default()
    };
    let results = run(specification, setting, &selection, style, std::future::pending()).await;
    if results.records.is_empty() {
        return Err("no scenario satisfies --tags".into());
    }
    print_failures(style, &results);
    print_summary(style, &results);
    if asked.verbose {
        print_details(style, &results);
    }
    Ok(if results.records.iter().any(Record::fails) { BROKEN } else { KEPT })
}

fn tag_expression(text: &str) -> Result<TagOperation, String> {
    text.parse().map_err(|error| format!("not a tag expression, as \"@D4 and not @slow\" is one: {error}"))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a number of at least 1".to_owned()),
        Ok(jobs) => Ok(jobs),
    }
}
