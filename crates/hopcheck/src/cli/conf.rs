//! The configuration of a command, and `hopcheck rewrite`.

use hopcheck_report::outln;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{EXIT_KEPT, Error};
use hopcheck_targets::conf::Source;
use hopcheck_targets::target::Reference;
use hopcheck_targets::{scene::Scene, stage::Stage};

#[derive(Debug, Clone, Args)]
pub(super) struct ConfArgs {
    /// The nginx.conf to test: a whole file, or a bare `server { … }` file as in conf.d of official images
    /// [default: nginx.conf, nginx/nginx.conf, nginx/default.conf, conf.d/default.conf or default.conf here, nginx/nginx.conf of
    /// this checkout, or the built-in one]
    #[arg(long, value_name = "FILE")]
    conf: Option<PathBuf>,
}

/// One configuration, named with or without `--conf`.
#[derive(Debug, Args)]
pub(super) struct OneConfArgs {
    /// The nginx.conf, as with --conf
    #[arg(value_name = "FILE", conflicts_with = "conf")]
    file: Option<PathBuf>,
    #[command(flatten)]
    conf: ConfArgs,
}

impl OneConfArgs {
    /// Which it is.
    pub(super) fn named(&self) -> ConfArgs {
        ConfArgs { conf: self.file.clone().or_else(|| self.conf.conf.clone()) }
    }
}

impl ConfArgs {
    /// The arguments for this file.
    pub(super) fn of(file: &Path) -> ConfArgs {
        ConfArgs { conf: Some(file.to_owned()) }
    }

    /// The file, as given.
    pub(super) fn name(&self) -> String {
        self.conf.as_ref().map_or_else(String::new, |file| file.display().to_string())
    }

    /// The file that is read; `None` for the built-in configuration.
    pub(super) fn path(&self, here: &Path) -> Option<PathBuf> {
        self.conf.clone().or_else(|| Source::locate(here))
    }

    /// Whether a file was given.
    pub(super) fn is_named(&self) -> bool {
        self.conf.is_some()
    }

    /// The configuration, with the files beside it.
    pub(super) fn source(&self, here: &Path) -> Result<Source, Error> {
        self.source_with(here, None)
    }

    /// The same with this profile in place of the one beside it, if one is named.
    pub(super) fn source_with(&self, here: &Path, profile: Option<&Path>) -> Result<Source, Error> {
        Ok(match &self.conf {
            Some(file) => Source::read_with(file, profile)?,
            None => Source::find_with(here, profile)?,
        })
    }

    /// The same, to be inspected but not run.
    pub(super) fn source_to_look_at(&self, here: &Path) -> Result<Source, Error> {
        Ok(match &self.conf {
            Some(file) => Source::open(file)?,
            None => Source::find(here)?,
        })
    }
}

/// Prints the configuration as it is run.
pub(super) async fn rewrite_command(arguments: &OneConfArgs) -> Result<u8, Error> {
    let source = arguments.named().source(&std::env::current_dir()?)?;
    let scene = sample(&source).await?;
    for note in &scene.rewritten().notes {
        eprintln!("# {note}");
    }
    std::io::stdout().write_all(scene.rewritten().text.as_bytes())?;
    Ok(EXIT_KEPT)
}

/// Prints what was changed in the configuration.
pub(super) async fn print_notes(source: &Source) -> Result<(), Error> {
    for note in &sample(source).await?.rewritten().notes {
        outln!("  {note}");
    }
    Ok(())
}

/// A scene, to inspect its configuration.
async fn sample(source: &Source) -> Result<Scene, Error> {
    let stage = Stage { target: Box::new(Reference::new(std::env::current_exe()?)?), source: source.clone() };
    Scene::set(std::sync::Arc::new(stage)).await.map_err(|failure| failure.to_string().into())
}
