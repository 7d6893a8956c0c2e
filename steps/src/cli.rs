//! The command line.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use gherkin::tagexpr::TagOperation;

use crate::catalogue;
use crate::conf::Source;
use crate::features::Specification;
use crate::report::{Record, Style, print_details, print_failures, print_summary};
use crate::run::{Selection, run};
use crate::scene::{Scene, Setting};
use crate::target::{Nginx, NginxOptions, REFERENCE_SUBCOMMAND, Reference, Target};

/// Every promise is kept.
const KEPT: u8 = 0;
/// A promise is broken.
const BROKEN: u8 = 1;
/// The question could not be put.
const COULD_NOT_RUN: u8 = 2;

/// How many scenarios run at once unless told otherwise. Most of a scenario is waiting.
const JOBS: usize = 8;

/// Checks that a reverse proxy keeps its promises to a single-page app, a REST API and STOMP over WebSocket.
///
/// Runs an nginx.conf for real, by the reference proxy or by nginx in a container, in front of two mock app servers, and
/// says which promise it breaks and what to change. Without a command: `run`.
#[derive(Debug, Parser)]
#[command(name = "hopcheck", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

const EXIT_CODES: &str = "Exit codes: 0 every promise is kept, 1 a promise is broken, 2 could not run.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the scenarios against one or more targets
    #[command(after_help = EXIT_CODES)]
    Run(RunArgs),
    /// Print the configuration as it will be run, and what was changed in it
    Rewrite(ConfArgs),
    /// Print every step a scenario can use (docs/steps.md)
    Steps,
}

#[derive(Debug, Args)]
struct ConfArgs {
    /// The nginx.conf to test: a whole file, or a bare `server { … }` file as official images include from conf.d
    /// [default: nginx/nginx.conf of this checkout, or the built-in one]
    #[arg(long, value_name = "FILE")]
    conf: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// What to run it by; may be given more than once
    #[arg(long = "target", value_name = "TARGET", value_enum, default_values_t = [TargetName::Reference])]
    targets: Vec<TargetName>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TargetName {
    /// The reference proxy: no Docker, answers in seconds
    Reference,
    /// nginx in a container
    Nginx,
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

/// Runs the program with this process' arguments.
pub fn main() -> ExitCode {
    if is_reference_proxy() {
        return reference_proxy();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { COULD_NOT_RUN } else { KEPT });
        }
    };
    block_on(async {
        match cli.command.unwrap_or(Command::Run(cli.run)) {
            Command::Run(arguments) => run_command(arguments).await,
            Command::Rewrite(arguments) => rewrite_command(&arguments).await,
            Command::Steps => {
                std::io::stdout().write_all(catalogue::markdown().as_bytes())?;
                Ok(KEPT)
            }
        }
    })
}

/// Whether this process was started by [`Reference`], to be the reference proxy.
pub(crate) fn is_reference_proxy() -> bool {
    std::env::args_os().nth(1).is_some_and(|first| first == REFERENCE_SUBCOMMAND)
}

/// Is the reference proxy, until told to end.
pub(crate) fn reference_proxy() -> ExitCode {
    // Not to outlive the run, even one that was killed. Where that cannot be had, a run that ends as it should ends it.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    reference_proxy::server::main(std::env::args_os().skip(2))
}

/// Runs what the program does, and turns its end into an exit code.
pub(crate) fn block_on(work: impl Future<Output = Result<u8, Error>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return could_not_run(&error),
    };
    // Whatever `work` has started ends when it is dropped: proxies, containers, scratch directories.
    let done = runtime.block_on(async {
        tokio::select! {
            done = work => done,
            () = interrupted() => Err("interrupted; all that was started has been ended".into()),
        }
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => could_not_run(error.as_ref()),
    }
}

/// Waits for Ctrl-C, or for being told to end.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}

pub(crate) type Error = Box<dyn std::error::Error>;

async fn run_command(arguments: RunArgs) -> Result<u8, Error> {
    let here = std::env::current_dir()?;
    let specification = match &arguments.features {
        Some(directory) => Specification::read(directory)?,
        None => Specification::find(&here)?,
    };
    let source = source(&arguments.conf, &here)?;
    let asked = Asked {
        tags: arguments.tags,
        slow: arguments.slow,
        jobs: arguments.jobs,
        verbose: arguments.verbose,
    };
    let mut code = KEPT;
    for name in arguments.targets {
        let target = target(name).await?;
        code = code.max(run_target(&specification, source.clone(), target, &asked).await?);
    }
    Ok(code)
}

/// Runs the specification against one target, and reports. Returns the exit code.
pub(crate) async fn run_target(
    specification: &Specification,
    source: Source,
    target: Box<dyn Target>,
    asked: &Asked,
) -> Result<u8, Error> {
    let style = Style::detect();
    println!("{} {} by {}", style.strong("testing"), source.name, target.describe());
    if asked.verbose {
        print_notes(&source).await?;
    }
    let name = target.name().to_owned();
    let selection = Selection { tags: asked.tags.clone(), slow: asked.slow, jobs: asked.jobs };
    let outcome = run(specification, Setting { target, source }, &selection, style).await;
    if outcome.results.is_empty() {
        return Err("no scenario satisfies --tags".into());
    }
    print_failures(style, &name, &outcome.results);
    print_summary(style, &name, &outcome);
    if asked.verbose {
        print_details(style, &outcome);
    }
    Ok(if outcome.results.iter().any(Record::fails) { BROKEN } else { KEPT })
}

async fn rewrite_command(arguments: &ConfArgs) -> Result<u8, Error> {
    let source = source(arguments, &std::env::current_dir()?)?;
    let scene = sample(&source).await?;
    for note in &scene.rewritten().notes {
        eprintln!("# {note}");
    }
    std::io::stdout().write_all(scene.rewritten().text.as_bytes())?;
    Ok(KEPT)
}

async fn print_notes(source: &Source) -> Result<(), Error> {
    for note in &sample(source).await?.rewritten().notes {
        println!("  {note}");
    }
    Ok(())
}

/// A scene as any scenario would have it, to look at.
async fn sample(source: &Source) -> Result<Scene, Error> {
    let setting =
        Setting { target: Box::new(Reference::new(std::env::current_exe()?)?), source: source.clone() };
    Scene::set(std::sync::Arc::new(setting)).await.map_err(|failure| failure.to_string().into())
}

fn source(arguments: &ConfArgs, here: &Path) -> Result<Source, Error> {
    Ok(match &arguments.conf {
        Some(file) => Source::read(file)?,
        None => Source::find(here)?,
    })
}

async fn target(name: TargetName) -> Result<Box<dyn Target>, Error> {
    Ok(match name {
        TargetName::Reference => Box::new(Reference::new(std::env::current_exe()?)?),
        TargetName::Nginx => Box::new(Nginx::start(&NginxOptions::from_env()).await?),
    })
}

pub(crate) fn could_not_run(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("hopcheck: {error}");
    ExitCode::from(COULD_NOT_RUN)
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
