//! What `hopcheck explain` tells: on pages and of sites as it is kept there, of generated configurations as client and app server
//! see it, and of what cannot be asked in a line.

mod beside;
mod generated;
mod kept;
mod refused;
mod seen;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use hopcheck_explain::{ExplainError, Explanation, Question};
use hopcheck_targets::conf::Source;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::Reference;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hopcheck");

/// The root of the checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs `hopcheck explain` at the root of the checkout.
fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).current_dir(root()).arg("explain").args(arguments).output().unwrap()
}

fn stage(mut source: Source) -> Arc<Stage> {
    source.port = None;
    let target = Reference::new(PathBuf::from(PROGRAM)).unwrap().traced();
    Arc::new(Stage { target: Box::new(target), source })
}

/// What is told of a question to a configuration.
async fn explain(source: Source, question: &Question) -> Result<Explanation, ExplainError> {
    hopcheck_explain::explain(&stage(source), question).await
}
