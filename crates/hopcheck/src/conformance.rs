//! The whole suite as a `cargo test` for each target.
//!
//! Such a test does not use libtest's harness, as a run prints its own report. It supports as much of libtest's command line
//! as cargo and cargo-nextest use: `--list`, and a filter, which selects scenarios by a part of their name.

use hopcheck_report::outln;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::{self, RunOptions};
#[cfg(feature = "container")]
use hopcheck_container::{Nginx, NginxOptions};
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::OPTIONAL_TAGS;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::{Reference, Target};

/// libtest's options that have no effect here.
const IGNORED_OPTIONS: [&str; 6] =
    ["--nocapture", "--no-capture", "--quiet", "-q", "--exact", "--include-ignored"];

/// Runs the suite against the reference proxy.
pub fn reference() -> ExitCode {
    let Some(arguments) = arguments() else { return cli::reference_proxy() };
    conform(arguments, async || {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        Ok(Box::new(Reference::new(program).map_err(|error| error.to_string())?) as Box<dyn Target>)
    })
}

/// Runs the suite against nginx in a container. If that is not available, says so in one line, and only fails if
/// `HOPCHECK_REQUIRE_NGINX` is set.
#[cfg(feature = "container")]
pub fn nginx() -> ExitCode {
    let Some(arguments) = arguments() else { return cli::reference_proxy() };
    conform(arguments, async || match Nginx::start(&NginxOptions::from_env()).await {
        Ok(nginx) => Ok(Box::new(nginx) as Box<dyn Target>),
        Err(error) => Err(error.to_string()),
    })
}

struct Arguments {
    list: bool,
    filter: Option<String>,
}

/// The command line, or `None` when this process was started as the reference proxy.
fn arguments() -> Option<Arguments> {
    if cli::is_reference_proxy() {
        return None;
    }
    let given: Vec<String> =
        std::env::args().skip(1).filter(|argument| !IGNORED_OPTIONS.contains(&argument.as_str())).collect();
    let filter = given.iter().find(|argument| !argument.starts_with('-')).cloned();
    Some(Arguments { list: given.iter().any(|argument| argument == "--list"), filter })
}

fn conform<F: AsyncFnOnce() -> Result<Box<dyn Target>, String>>(arguments: Arguments, target: F) -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut specification = match Specification::find(here) {
        // What only live sites are asked is none of these tests.
        Ok(specification) => OPTIONAL_TAGS.iter().fold(specification, |rest, tag| rest.without(tag)),
        Err(error) => return cli::could_not_run(&error),
    };
    if let Some(filter) = &arguments.filter {
        specification.keep(|scenario| scenario.name.contains(filter.as_str()));
    }
    if arguments.list {
        specification.scenarios().for_each(|(_, _, scenario)| outln!("{}: test", scenario.name));
        return ExitCode::SUCCESS;
    }
    if specification.scenarios().next().is_none() {
        return ExitCode::SUCCESS;
    }
    let mut options = RunOptions { verbose: is_set("HOPCHECK_VERBOSE"), ..RunOptions::default() };
    options.selection.slow = is_set("HOPCHECK_SLOW");
    cli::block_on_uninterrupted(async {
        match cli::unless_interrupted(target()).await? {
            Ok(target) => {
                let source = hopcheck_targets::conf::Source::find(here)?;
                let setting = Setting::Staged(Arc::new(Stage { target, source }));
                cli::run_target(&specification, setting, &options).await
            }
            Err(error) if is_set("HOPCHECK_REQUIRE_NGINX") => Err(error.into()),
            Err(error) => {
                let line = error.lines().next().unwrap_or_default();
                outln!("nginx did not run, so only half of this was tested: {line}");
                Ok(0)
            }
        }
    })
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}
