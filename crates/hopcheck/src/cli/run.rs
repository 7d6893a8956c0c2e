//! `hopcheck run`.

use hopcheck_report::outln;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use gherkin::tagexpr::TagOperation;
use regex::Regex;

use super::conf::ConfArgs;
use super::exit::{EXIT_KEPT, Error};
use super::interrupt::{Interrupted, unless_interrupted};
use super::overwrite::refuse_to_overwrite;
use super::session::{DEFAULT_JOBS, RunOptions, Session};
use super::targets::TargetName;
use hopcheck_report::{Format, Outputs, ReportOption, Shard};
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::{BROWSER_TAG, SOCKJS_TAG, Selected, Selection};
use hopcheck_steps::scenarios::{place, scenarios, tags};
use hopcheck_targets::conf::Source;
use hopcheck_targets::machine;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Refusal;
use hopcheck_targets::target::{Deployment, InstalledNginx, find_browser};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Configurations to test, one after the other, as with `--conf FILE`
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The target, may be repeated: `reference` (the reference proxy, no Docker), `nginx` (in a container; `nginx=IMAGE`
    /// chooses the image, `nginx=/PATH` an installed nginx), a deployment's URL, NAME=URL, or the NAME of a [target.NAME]
    /// section of the profile
    /// [default: reference, or an installed nginx if the configuration uses features that the reference proxy does not have]
    #[arg(long = "target", value_name = "TARGET")]
    pub(super) targets: Vec<TargetName>,
    /// The profile [default: of a configuration the hopcheck.toml beside it, of deployments the one here]
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    conf: ConfArgs,
    /// The scenarios: a directory or one file [default: features/ of this checkout, or the built-in ones]
    #[arg(long, value_name = "DIR")]
    features: Option<PathBuf>,
    /// Only scenarios whose tags match this expression, e.g. "@D4 and not @slow"
    #[arg(long, value_name = "EXPR", value_parser = tag_expression)]
    tags: Option<TagOperation>,
    /// Only scenarios whose name matches this regular expression
    #[arg(long, value_name = "REGEX")]
    name: Option<Regex>,
    /// Also run slow scenarios, which wait for up to 75 s
    #[arg(long)]
    slow: bool,
    /// How many scenarios to run at once
    #[arg(short, long, value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = at_least_one)]
    jobs: usize,
    /// Retry a failing scenario up to N times; if it passes then, the report says so
    #[arg(long, value_name = "N", default_value_t = 0)]
    retry: usize,
    /// Stop at the first broken promise
    #[arg(long)]
    fail_fast: bool,
    /// Count warnings as broken promises
    #[arg(long)]
    strict: bool,
    /// Run the scenarios in random order, and print the seed to repeat it: `--shuffle SEED`
    #[arg(long, value_name = "SEED", num_args = 0..=1, value_parser = clap::value_parser!(u32))]
    shuffle: Option<Option<u32>>,
    /// Run one shard of the scenarios: 2/5 is the second of five. `merge` joins the results
    #[arg(long, value_name = "N/M")]
    shard: Option<Shard>,
    /// Write reports: html=FILE, junit=FILE, json=FILE (Cucumber's), results=FILE (for `merge`), github (annotations, on
    /// standard output); may be repeated
    #[arg(long = "report", value_name = "REPORT", value_delimiter = ',')]
    reports: Vec<ReportOption>,
    /// Run again whenever the configuration, a file that it includes or the profile is saved, what was broken first; Ctrl-C
    /// ends, with the exit code of the last run
    #[arg(long, conflicts_with_all = ["list", "shard"])]
    pub(super) on_save: bool,
    /// Show credentials in output and reports: secrets of the profile, cookies, Authorization, tokens in URLs
    #[arg(long)]
    show_secrets: bool,
    /// Also have Chromium look at the live site as its visitors' browsers do: whether the page works, what is blocked, sockets,
    /// other origins and service workers. The HTML report shows what it saw
    #[arg(long)]
    browser: bool,
    /// Only list the scenarios
    #[arg(long)]
    list: bool,
    /// Also print every rule, all that was not checked and each warning in full, what was changed in the configuration, the
    /// reason of each known difference, and the slowest scenarios
    #[arg(short, long)]
    verbose: bool,
    /// Only print failures and the summary
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
}

/// What came of a run.
pub(super) struct Ran {
    /// The exit code.
    pub(super) code: u8,
    /// What is broken, by file, line and name.
    pub(super) broken: Vec<(String, usize, String)>,
}

impl RunArgs {
    /// The configurations.
    pub(super) fn confs(&self) -> Result<Vec<ConfArgs>, Error> {
        match self.files.as_slice() {
            [] => Ok(vec![self.conf.clone()]),
            _ if self.conf.is_named() => Err("FILE and --conf FILE cannot be combined".into()),
            files => Ok(files.iter().map(|file| self.conf.with_file(file)).collect()),
        }
    }

    /// The profile, if one is named.
    pub(super) fn profile(&self) -> Option<&Path> {
        self.profile.as_deref()
    }

    /// The scenarios, and how to run them.
    ///
    /// # Errors
    /// When they cannot be read, or none is selected.
    pub(super) fn scenarios(&self) -> Result<(Specification, RunOptions), Error> {
        let specification = match &self.features {
            Some(directory) => Specification::read(directory)?,
            None => Specification::find(&std::env::current_dir()?)?,
        };
        let selection = Selection {
            tags: self.tags.clone(),
            name: self.name.clone(),
            slow: self.slow,
            shard: self.shard,
            live: false,
            with: self.browser.then_some(BROWSER_TAG).into_iter().chain([SOCKJS_TAG]).collect(),
            jobs: self.jobs,
            retries: self.retry,
            fail_fast: self.fail_fast,
            strict: self.strict,
            shuffle: self.shuffle.map(|seed| seed.unwrap_or_else(any_seed)),
            first: Vec::new(),
        };
        if let Some((tag, nearest)) = selection.misspelt_tag(&specification) {
            return Err(format!("no scenario has the tag @{tag}\n  help: did you mean @{nearest}?").into());
        }
        let options = RunOptions {
            selection,
            verbose: self.verbose,
            quiet: self.quiet,
            show_secrets: self.show_secrets,
            explains: self.reports.iter().any(|report| report.format == Format::Html),
        };
        Session::begin(&specification, &options)?;
        Ok((specification, options))
    }
}

/// Runs the scenarios, `first` before the others.
pub(super) async fn run_once(arguments: &RunArgs, first: Vec<(String, usize, String)>) -> Result<Ran, Error> {
    let here = std::env::current_dir()?;
    let (specification, mut options) = arguments.scenarios()?;
    options.selection.first = first;
    if arguments.list {
        let live = !arguments.targets.is_empty() && arguments.targets.iter().all(TargetName::is_live);
        let mut selection = Selection { live, ..options.selection.clone() };
        selection.with.retain(|_| live);
        let code = list(&specification, &selection);
        return Ok(Ran { code, broken: Vec::new() });
    }
    if arguments.browser {
        if !arguments.targets.iter().any(TargetName::is_live) {
            return Err("--browser has a live site looked at: name one, as in `hopcheck run --browser --target https://shop.example.com`".into());
        }
        find_browser()?;
    }
    let mut session = Session::begin(&specification, &options)?;
    let confs = arguments.confs()?;
    let mut read: Vec<PathBuf> = confs.iter().filter_map(|conf| conf.path(&here)).collect();
    read.extend(arguments.profile.clone());
    for report in arguments.reports.iter().filter_map(|report| report.file.as_deref()) {
        refuse_to_overwrite(report, &read)?;
    }
    let outputs = Outputs::open(&arguments.reports)?;
    session.expect(confs.len());
    let mut ran = Ok(());
    for conf in confs {
        ran = match conf.source_with(&here, arguments.profile.as_deref()) {
            Ok(source) => {
                session.warn(&source.origin.warnings);
                match arguments.targets.as_slice() {
                    [] => run_any(&mut session, &source).await,
                    targets => {
                        run_targets(&mut session, targets, &source, arguments.profile.as_deref()).await
                    }
                }
            }
            Err(error) => Err(error),
        };
        // If one of several could not be run, go on with the next, unless interrupted.
        match &ran {
            Err(error) if session.has_several() && !error.is::<Interrupted>() => {
                session.could_not_run(&conf, error.as_ref())
            }
            Err(_) => break,
            Ok(()) if session.is_over() => break,
            Ok(()) => continue,
        }
        ran = Ok(());
    }
    // Report what was found out by then.
    let broken = session.broken();
    let code = session.end(outputs)?;
    ran.map(|()| Ran { code, broken })
}

async fn run_targets(
    session: &mut Session<'_>,
    targets: &[TargetName],
    source: &Source,
    profile: Option<&Path>,
) -> Result<(), Error> {
    for target in targets {
        let opened = unless_interrupted(target.open(source, profile)).await;
        let setting = match opened.map_err(Error::from).and_then(|opened| opened) {
            Ok(setting) => setting,
            Err(error) => {
                session.not_run(target.name(), &error.to_string());
                return Err(error);
            }
        };
        match (refusal(&setting).await?, &setting) {
            (Some(refusal), _) => session.refused(&setting, &refusal),
            (None, Setting::Live(deployment)) if session.has_browser() => {
                run_in_browser(session, target, deployment).await?;
            }
            _ => session.run(setting).await?,
        }
        if session.is_over() {
            break;
        }
    }
    Ok(())
}

/// Runs it against a live site that a browser looks at, too.
async fn run_in_browser(
    session: &mut Session<'_>,
    target: &TargetName,
    deployment: &Arc<Deployment>,
) -> Result<(), Error> {
    let started = unless_interrupted(deployment.start_browser()).await;
    if let Err(error) = started.map_err(Error::from).and_then(|started| Ok(started?)) {
        session.not_run(target.name(), &error.to_string());
        return Err(error);
    }
    let ran = session.run(Setting::Live(Arc::clone(deployment))).await;
    deployment.close_browser().await;
    ran
}

/// Runs it with the reference proxy or, if that refuses the configuration, with an installed nginx.
async fn run_any(session: &mut Session<'_>, source: &Source) -> Result<(), Error> {
    let reference = unless_interrupted(TargetName::Reference.open(source, None)).await??;
    let Some(refused) = refusal(&reference).await? else { return session.run(reference).await };
    if let Some(program) = InstalledNginx::locate() {
        let nginx = unless_interrupted(TargetName::Installed(program).open(source, None)).await?;
        if let Ok(nginx) = nginx {
            return match refusal(&nginx).await? {
                // The reference proxy tells a mistake with its line, and what to do.
                Some(too) => {
                    match refused.is_unsupported() {
                        true => session.refused(&nginx, &too),
                        false => session.refused(&reference, &refused),
                    }
                    Ok(())
                }
                None => {
                    let said = refused.said.lines().next().unwrap_or_default();
                    session.say(&format!("the reference proxy refuses it: {said}"));
                    session.run(nginx).await
                }
            };
        }
    }
    session.refused(&reference, &refused);
    Ok(())
}

/// Why the engine refuses the configuration, if so.
async fn refusal(setting: &Setting) -> Result<Option<Refusal>, Error> {
    match setting {
        Setting::Staged(stage) => {
            machine::check(stage.target.scratch_parent())?;
            Ok(unless_interrupted(hopcheck_targets::scene::Scene::refusal(stage))
                .await?
                .map_err(|failure| failure.to_string())?)
        }
        Setting::Live(_) => Ok(None),
    }
}

/// Runs the specification against one target, and prints the results. Returns the exit code.
pub(crate) async fn run_target(
    specification: &Specification,
    setting: Setting,
    options: &RunOptions,
) -> Result<u8, Error> {
    let mut session = Session::begin(specification, options)?;
    session.run(setting).await?;
    session.end(Outputs::default())
}

/// Prints the place, name and tags of each scenario that would run.
fn list(specification: &Specification, selection: &Selection) -> u8 {
    let selected = Selected::of(specification, selection).part(selection.shard);
    for (feature, rule, scenario) in scenarios(&selected) {
        let (file, line) = place(feature, scenario);
        let tags: Vec<String> = tags(feature, rule, scenario).map(|tag| format!("@{tag}")).collect();
        outln!("{file}:{line}  {}  {}", scenario.name, tags.join(" "));
    }
    EXIT_KEPT
}

/// A random seed.
fn any_seed() -> u32 {
    // The keys of this hasher are random.
    let random = RandomState::new().build_hasher().finish();
    u32::try_from(random >> 32).unwrap_or_default()
}

fn tag_expression(text: &str) -> Result<TagOperation, String> {
    text.parse().map_err(|error| format!("not a tag expression such as \"@D4 and not @slow\": {error}"))
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("must be at least 1".to_owned()),
        Ok(jobs) => Ok(jobs),
    }
}
