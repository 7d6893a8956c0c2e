//! The command line.

mod completions;
mod conf;
mod container;
mod diff;
mod exit;
mod explain;
mod explained;
mod features;
mod fix;
mod init;
mod interrupt;
mod killers;
mod merge;
mod mutants;
mod on_save;
mod overwrite;
mod routes;
mod run;
mod session;
mod targets;
mod watch;
mod workers;

use hopcheck_report::out;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use completions::{CompletionsArgs, completions_command};
use conf::{OneConfArgs, rewrite_command};
use diff::{DiffArgs, diff_command};
pub(crate) use exit::could_not_run;
use exit::{EXIT_COULD_NOT_RUN, EXIT_KEPT, Error};
use explain::{ExplainArgs, explain_command};
use features::{FeaturesArgs, features_command};
use fix::{FixArgs, fix_command};
use hopcheck_proving::trace::Trace;
use hopcheck_site::profile;
use hopcheck_steps::catalogue;
use hopcheck_steps::failure::silence_failed_steps;
use hopcheck_steps::features::{Specification, live};
use hopcheck_targets::machine;
use hopcheck_targets::target::{
    CHILD_SUBCOMMAND, REFERENCE_SUBCOMMAND, become_child, end_with_parent, enter_sandbox,
};
use init::{InitArgs, init_command};
pub(crate) use interrupt::unless_interrupted;
use merge::{MergeArgs, merge_command};
use mutants::{MutantsArgs, mutants_command};
use on_save::run_command;
use routes::{RoutesArgs, routes_command};
use run::RunArgs;
pub(crate) use run::run_target;
pub(crate) use session::RunOptions;
use targets::TargetName;
use watch::{WatchArgs, watch_command};

/// Checks that a reverse proxy keeps its promises to a single-page app, a REST API and STOMP over WebSocket.
///
/// Runs an nginx.conf with the reference proxy or nginx, in front of two mock app servers, and reports which promises it
/// breaks and what to change. Without a command: `run`.
#[derive(Debug, Parser)]
#[command(name = "hopcheck", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

const EXIT_CODES: &str = "Exit codes: 0 every promise is kept, 1 a promise is broken, 2 could not run.";

const WATCH_EXIT_CODES: &str = "Exit codes: 0 nothing to notice, 1 visitors noticed, 2 could not watch.";

const MUTANTS_EXIT_CODES: &str =
    "Exit codes: 0 every noticeable fault was noticed, 1 one was not, 2 could not run.";

const DIFF_EXIT_CODES: &str =
    "Exit codes: 0 users notice nothing, 1 they notice something, 2 one of the two could not be run.";

const FIX_EXIT_CODES: &str =
    "Exit codes: 0 there is nothing to mend, or all of it was, 1 a promise stays broken, 2 could not run.";

const EXPLAIN_EXIT_CODES: &str = "Exit codes: 0 it is told, 2 the configuration could not be run.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the scenarios against one or more targets
    #[command(after_help = EXIT_CODES)]
    Run(RunArgs),
    /// Watch a deployment while it is switched from blue to green: do visitors notice?
    #[command(after_help = WATCH_EXIT_CODES)]
    Watch(WatchArgs),
    /// What changes for users between two nginx.conf, of files or commits: both are run and asked the same requests
    ///
    /// Both run in front of the same mock app servers, and are asked the same requests, made from
    /// the locations of both. What is answered differently is told by its cause: the changed
    /// directive, with the smallest request that shows it. Where nothing changes for users, however
    /// much of the text was changed, nothing is told.
    ///
    ///   hopcheck diff old.conf new.conf
    ///   hopcheck diff HEAD                             what is not committed
    ///   hopcheck diff main..HEAD -- nginx/nginx.conf   what a branch changes (A...B: since A and B parted)
    ///   hopcheck diff nginx.conf --target nginx=/opt/nginx-1.22/sbin/nginx --target nginx=/usr/sbin/nginx
    ///   hopcheck diff --target https://shop.example.com --target https://203.0.113.7   two live sites, by safe requests
    #[command(after_help = DIFF_EXIT_CODES, verbatim_doc_comment)]
    Diff(DiffArgs),
    /// Where does this URL go, and why? The way of one request through an nginx.conf, with the line that decides each step
    ///
    /// The configuration is run as `run` runs it, and asked. What the proxy does is told as it does
    /// it: which server and location take the request, what is rewritten, who is let in, which file
    /// or app server answers, what that is sent, and where each header of the answer comes from, or
    /// was lost.
    ///
    ///   hopcheck explain nginx.conf GET http://shop.example.com/api/items
    ///   hopcheck explain nginx.conf POST https://shop.example.com/api/items -H 'Origin: https://a.example' -d '{}'
    ///   hopcheck explain nginx.conf GET http://shop.example.com/app.js --file /srv/www/app.js
    #[command(after_help = EXPLAIN_EXIT_CODES, verbatim_doc_comment)]
    Explain(ExplainArgs),
    /// Mend an nginx.conf: edits that are proven, each tried on a copy with the scenarios that found the fault
    ///
    /// Of each broken promise the smallest edits of your text are tried. One is shown only if the
    /// promise is kept with it, no other is lost, and no request that was answered well is answered
    /// with an error. Nothing is written without --apply; what is printed is a patch, too:
    ///
    ///   hopcheck fix nginx.conf
    ///   hopcheck fix nginx.conf | git apply
    ///   hopcheck fix --apply nginx.conf
    #[command(after_help = FIX_EXIT_CODES, verbatim_doc_comment)]
    Fix(FixArgs),
    /// Print the routes of an nginx.conf, where they lead, and the lines that define them
    Routes(RoutesArgs),
    /// Print the configuration as it is run, and what was changed
    Rewrite(OneConfArgs),
    /// Write a first profile: of a site, explored with safe requests only, or of an nginx.conf, with its routes
    #[command(after_help = "Exit codes: 0 the profile is written, 2 it is not.")]
    Init(InitArgs),
    /// Merge results of `run --report results=FILE` from shards and machines into one report
    #[command(after_help = EXIT_CODES)]
    Merge(MergeArgs),
    /// Make one fault at a time in the configuration, and check whether the scenarios notice
    #[command(after_help = MUTANTS_EXIT_CODES)]
    Mutants(MutantsArgs),
    /// Print every step that scenarios can use (docs/extend/steps.md)
    Steps,
    /// Print which scenarios run on a live deployment, and why the others do not (docs/use/live.md)
    Scenarios,
    /// Print the document's statements with their scenarios, and the faults these notice (docs/extend/traceability.md)
    Trace,
    /// Print the JSON schema of hopcheck.toml (docs/hopcheck.schema.json)
    Schema,
    /// List the built-in feature files, or export them for editing
    Features(FeaturesArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
}

impl Command {
    /// What `--target` names.
    fn targets(&self) -> &[TargetName] {
        match self {
            Command::Run(arguments) => &arguments.targets,
            Command::Diff(arguments) => &arguments.targets,
            Command::Fix(arguments) => arguments.target.as_slice(),
            Command::Mutants(arguments) => std::slice::from_ref(&arguments.target),
            _ => &[],
        }
    }
}

/// Runs the program with this process' arguments.
pub fn main() -> ExitCode {
    if is_reference_proxy() {
        return reference_proxy();
    }
    if std::env::args_os().nth(1).is_some_and(|first| first == CHILD_SUBCOMMAND) {
        return become_child(std::env::args_os().skip(2));
    }
    machine::raise_open_files_limit();
    silence_failed_steps();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { EXIT_COULD_NOT_RUN } else { EXIT_KEPT });
        }
    };
    let command = cli.command.unwrap_or(Command::Run(cli.run));
    if let Some(code) = container::rebuild_if(command.targets().iter().any(TargetName::is_container)) {
        return code;
    }
    match command {
        Command::Run(arguments) => block_on_uninterrupted(run_command(arguments)),
        Command::Watch(arguments) => block_on_uninterrupted(watch_command(arguments)),
        Command::Merge(arguments) => block_on(async { merge_command(&arguments) }),
        Command::Mutants(arguments) => block_on_uninterrupted(mutants_command(arguments)),
        Command::Diff(arguments) => block_on(diff_command(arguments)),
        Command::Explain(arguments) => block_on(explain_command(arguments)),
        Command::Fix(arguments) => block_on(fix_command(arguments)),
        Command::Routes(arguments) => block_on(routes_command(&arguments)),
        Command::Rewrite(arguments) => block_on(rewrite_command(&arguments)),
        Command::Scenarios => block_on(async {
            let specification = Specification::find(&std::env::current_dir()?)?;
            print(live::markdown(&specification)).await
        }),
        Command::Trace => block_on(async {
            let specification = Specification::find(&std::env::current_dir()?)?;
            print(Trace::of(specification)?.markdown()).await
        }),
        Command::Init(arguments) => block_on(init_command(arguments)),
        Command::Steps => block_on(print(catalogue::markdown())),
        Command::Schema => block_on(print(profile::schema())),
        Command::Features(arguments) => block_on(async { features_command(&arguments) }),
        Command::Completions(arguments) => {
            block_on(async { completions_command(&arguments, Cli::command()) })
        }
    }
}

async fn print(text: String) -> Result<u8, Error> {
    out!("{text}");
    Ok(EXIT_KEPT)
}

/// Whether this process was started by [`Reference`] as the reference proxy.
pub(crate) fn is_reference_proxy() -> bool {
    std::env::args_os().nth(1).is_some_and(|first| first == REFERENCE_SUBCOMMAND)
}

/// Runs the reference proxy.
pub(crate) fn reference_proxy() -> ExitCode {
    // It must not outlive the run, even if that is killed.
    if !end_with_parent(rustix::process::Signal::KILL) {
        return ExitCode::from(EXIT_COULD_NOT_RUN);
    }
    enter_sandbox();
    reference_proxy::server::main(std::env::args_os().skip(2))
}

/// Runs `work` until it is done or interrupted, and returns the exit code.
pub(crate) fn block_on(work: impl Future<Output = Result<u8, Error>>) -> ExitCode {
    // Dropping `work` cleans up: proxies, containers, scratch directories.
    block_on_uninterrupted(async { unless_interrupted(work).await? })
}

/// The same for work that handles interrupts itself.
pub(crate) fn block_on_uninterrupted(work: impl Future<Output = Result<u8, Error>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return could_not_run(&error),
    };
    let done = runtime.block_on(async {
        interrupt::listen();
        work.await
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => could_not_run(error.as_ref()),
    }
}
