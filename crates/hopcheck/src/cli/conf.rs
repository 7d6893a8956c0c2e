//! The configuration of a command, and `hopcheck rewrite`.

use hopcheck_report::outln;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{EXIT_KEPT, Error};
use hopcheck_targets::conf::{Source, SourceOptions};
use hopcheck_targets::target::Reference;
use hopcheck_targets::{scene::Scene, stage::Stage};
use hopcheck_templates::Overrides;

#[derive(Debug, Clone, Args)]
pub(super) struct ConfArgs {
    /// The nginx.conf to test: a whole file, a bare `server { … }` file or a whole conf.d as in official images, a template of
    /// one or a directory of templates, or a ConfigMap
    /// [default: nginx.conf, nginx/nginx.conf, nginx/default.conf, conf.d, nginx/conf.d, default.conf or a template of one
    /// here, nginx/nginx.conf of this checkout, or the built-in one]
    #[arg(long, value_name = "FILE")]
    conf: Option<PathBuf>,
    #[command(flatten)]
    values: ValueArgs,
}

/// What templates are filled in with.
#[derive(Debug, Clone, Args)]
pub(super) struct ValueArgs {
    /// A variable to fill a template in with; NAME alone takes it from the environment. May be repeated, and comes before what
    /// compose, .env and Dockerfile say
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// A file of such variables, may be repeated
    #[arg(long = "env-file", value_name = "FILE")]
    env_files: Vec<PathBuf>,
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
        match &self.file {
            Some(file) => self.conf.with_file(file),
            None => self.conf.clone(),
        }
    }
}

impl ValueArgs {
    /// What a configuration is read with.
    pub(super) fn options(&self, profile: Option<&Path>) -> Result<SourceOptions, Error> {
        let mut values = Overrides::default();
        self.env.iter().try_for_each(|variable| values.argument(variable))?;
        self.env_files.iter().try_for_each(|file| values.file(file))?;
        Ok(SourceOptions { profile: profile.map(Path::to_owned), values })
    }
}

impl ConfArgs {
    /// The same arguments for this file.
    pub(super) fn with_file(&self, file: &Path) -> ConfArgs {
        ConfArgs { conf: Some(file.to_owned()), ..self.clone() }
    }

    /// What the configuration is read with.
    fn options(&self, profile: Option<&Path>) -> Result<SourceOptions, Error> {
        self.values.options(profile)
    }

    /// The file, as given.
    pub(super) fn name(&self) -> String {
        self.conf.as_ref().map_or_else(String::new, |file| file.display().to_string())
    }

    /// The file that is read; `None` for the built-in configuration.
    pub(super) fn path(&self, here: &Path) -> Option<PathBuf> {
        self.conf.as_deref().map(Source::file_in).or_else(|| Source::locate(here))
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
            Some(file) => Source::read_with(file, &self.options(profile)?)?,
            None => Source::find_with(here, &self.options(profile)?)?,
        })
    }

    /// The same, to be inspected but not run.
    pub(super) fn source_to_look_at(&self, here: &Path) -> Result<Source, Error> {
        let source = match &self.conf {
            Some(file) => Source::open(file, &self.options(None)?)?,
            None => Source::find_with(here, &self.options(None)?)?,
        };
        let warnings = source.origin.warnings.iter().chain(&source.origin.address_warnings);
        warnings.for_each(|warning| eprintln!("hopcheck: {warning}"));
        // A part of it may be missing from what is seen.
        if let Some(error) = source.not_run() {
            eprintln!("hopcheck: {error}");
        }
        Ok(source)
    }
}

/// Prints the configuration as it is run.
pub(super) async fn rewrite_command(arguments: &OneConfArgs) -> Result<u8, Error> {
    let source = arguments.named().source(&std::env::current_dir()?)?;
    let scene = sample(&source).await?;
    let warnings = source.origin.warnings.iter().chain(&source.origin.address_warnings);
    warnings.for_each(|warning| eprintln!("# {warning}"));
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
