//! `hopcheck diff`.

mod sites;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use hopcheck_diff::{Accepted, Checkout, Diff, Filter, KINDS, Kind, Options, Revisions};
use hopcheck_report::{Style, out};
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::Selection;
use hopcheck_targets::conf::Source;
use hopcheck_targets::machine;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Stage;

use crate::cli::conf::ValueArgs;
use crate::cli::exit::{EXIT_BROKEN, EXIT_KEPT, Error};
use crate::cli::overwrite::refuse_to_overwrite;
use crate::cli::session::DEFAULT_JOBS;
use crate::cli::targets::TargetName;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// Two files, or commits as `git diff` has them: OLD..NEW, OLD...NEW, or OLD for what is not committed; none for live sites
    #[arg(value_name = "OLD", num_args = 0..=2, value_names = ["OLD", "NEW"])]
    sides: Vec<String>,
    /// Of commits, the file to compare [default: the one that `run` finds]
    #[arg(last = true, value_name = "FILE")]
    file: Option<PathBuf>,
    /// What runs them: `reference`, `nginx` (in a container), `nginx=IMAGE` or `nginx=/PATH`; twice to compare two engines. Or two
    /// live sites, by their URLs or the names of their [target.NAME] sections: the second URL is asked by the name of the first
    #[arg(long = "target", value_name = "TARGET", default_value = "reference")]
    pub(crate) targets: Vec<TargetName>,
    #[command(flatten)]
    values: ValueArgs,
    /// The profile in place of the hopcheck.toml beside each, or of the one here for live sites
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Of live sites, a configuration whose routes they are asked for, too
    #[arg(long, value_name = "FILE")]
    conf: Option<PathBuf>,
    /// Tell only these: who, status, access, headers, body, app, connection, limits, logs
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    only: Vec<KindName>,
    /// Do not tell this: a kind, or a kind and a name, as `header:Server` or `app:X-Request-Id`; may be repeated
    #[arg(long, value_name = "KIND[:NAME]", value_delimiter = ',')]
    ignore: Vec<Ignored>,
    /// A list (TOML) of differences that are meant, each an [[accepted]] with `difference` and `reason`; they are still looked
    /// for, and told when they are gone
    #[arg(long, value_name = "FILE")]
    accept: Option<PathBuf>,
    /// Also write a report: html=FILE, json=FILE, markdown=FILE; may be repeated
    #[arg(long = "report", value_name = "FORMAT=FILE,…", value_delimiter = ',')]
    reports: Vec<DiffReport>,
    /// Do not run the scenarios, which tell what breaks a promise that was kept
    #[arg(long)]
    no_promises: bool,
    /// The scenarios: a directory or one file [default: features/ of this checkout, or the built-in ones]
    #[arg(long, value_name = "DIR", conflicts_with = "no_promises")]
    features: Option<PathBuf>,
    /// The seed of the texts that are made for patterns
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// A kind of difference on the command line.
#[derive(Debug, Clone, Copy)]
struct KindName(Kind);

impl FromStr for KindName {
    type Err = String;

    fn from_str(text: &str) -> Result<KindName, String> {
        // `header:Server` reads better than `headers:Server`.
        let found =
            KINDS.into_iter().find(|kind| kind.name() == text || kind.name().strip_suffix('s') == Some(text));
        found.map(KindName).ok_or_else(|| {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name()).collect();
            format!("a kind is one of {}", names.join(", "))
        })
    }
}

/// A value of `--ignore`.
#[derive(Debug, Clone)]
struct Ignored(Kind, String);

impl FromStr for Ignored {
    type Err = String;

    fn from_str(text: &str) -> Result<Ignored, String> {
        let (kind, name) = text.split_once(':').unwrap_or((text, ""));
        let KindName(kind) = kind.parse()?;
        Ok(Ignored(kind, name.trim().to_ascii_lowercase()))
    }
}

/// A value of `--report`.
#[derive(Debug, Clone)]
struct DiffReport {
    write: fn(&Diff) -> String,
    file: PathBuf,
}

impl FromStr for DiffReport {
    type Err = String;

    fn from_str(text: &str) -> Result<DiffReport, String> {
        let write = match text.split_once('=').map(|(format, _)| format) {
            Some("html") => Diff::html,
            Some("json") => Diff::json,
            Some("markdown") => Diff::markdown,
            _ => return Err("a report is html=FILE, json=FILE or markdown=FILE".to_owned()),
        };
        match text.split_once('=') {
            Some((_, file)) if !file.is_empty() => Ok(DiffReport { write, file: file.into() }),
            _ => Err(format!("{text} needs a file, as in {text}report")),
        }
    }
}

/// Where one side comes from.
#[derive(Debug)]
enum Side {
    File(PathBuf),
    Commit(Checkout),
}

/// Runs the comparison, and prints it.
pub(super) async fn diff_command(arguments: DiffArgs) -> Result<u8, Error> {
    let here = std::env::current_dir()?;
    let accepted = arguments.accept.as_deref().map(Accepted::read).transpose()?.unwrap_or_default();
    let ignore = arguments.ignore.iter().map(|Ignored(kind, name)| (*kind, name.clone())).collect();
    let only = arguments.only.iter().map(|KindName(kind)| *kind).collect();
    let options = Options { filter: Filter { only, ignore }, seed: arguments.seed, accepted };
    let diff = match arguments.targets.iter().any(TargetName::is_live) {
        true => arguments.compare_sites(&options).await?,
        false => arguments.compare(&here, &options).await?,
    };
    let style = Style::detect();
    out!("{}", diff.text(&|code, text| style.paint(code, text)));
    for report in &arguments.reports {
        std::fs::write(&report.file, (report.write)(&diff))
            .map_err(|error| format!("cannot write {}: {error}", report.file.display()))?;
    }
    Ok(if diff.is_empty() { EXIT_KEPT } else { EXIT_BROKEN })
}

impl DiffArgs {
    /// Runs the comparison of two configurations.
    async fn compare(&self, here: &Path, options: &Options) -> Result<Diff, Error> {
        if self.conf.is_some() {
            return Err("--conf is for live sites\n  help: name the files to compare without it".into());
        }
        let [old, new] = self.sides(here)?;
        let read: Vec<PathBuf> = [&old, &new].into_iter().filter_map(Side::file).collect();
        self.reports.iter().try_for_each(|report| refuse_to_overwrite(&report.file, &read))?;
        let old = self.stage("old", &old, self.targets.first()).await?;
        let new = self.stage("new", &new, self.targets.last()).await?;
        for stage in [&old, &new] {
            machine::check(stage.target.scratch_parent())?;
        }
        let mut diff = hopcheck_diff::diff(&old, &new, options).await?;
        if !self.no_promises {
            let specification = match &self.features {
                Some(directory) => Specification::read(directory)?,
                None => Specification::find(here)?,
            };
            let selection = Selection { jobs: DEFAULT_JOBS, ..Selection::default() };
            hopcheck_fix::mark_broken_promises(&mut diff, [&old, &new], &specification, &selection).await;
        }
        machine::restore_umask();
        Ok(diff)
    }

    /// Asks two live sites the same.
    async fn compare_sites(&self, options: &Options) -> Result<Diff, Error> {
        if !self.sides.is_empty() || self.file.is_some() {
            return Err(
                "live sites are compared without files\n  help: `--conf FILE` asks them for its routes"
                    .into(),
            );
        }
        let read: Vec<PathBuf> = self.conf.iter().chain(&self.profile).cloned().collect();
        self.reports.iter().try_for_each(|report| refuse_to_overwrite(&report.file, &read))?;
        let paths = match &self.conf {
            Some(conf) => routes_of(&Source::read_with(conf, &self.values.options(None)?)?),
            None => Vec::new(),
        };
        let [old, new] = sites::open(&self.targets, self.profile.as_deref()).await?;
        let pace = old.profile().limits.requests_per_second;
        eprintln!("asking {} and {} at most {pace} times a second each", old.name(), new.name());
        Ok(hopcheck_diff::diff_sites(&old, &new, &paths, options).await?)
    }

    /// The two sides.
    fn sides(&self, here: &Path) -> Result<[Side; 2], Error> {
        if self.targets.len() > 2 {
            return Err("--target can be given twice, for the old and the new one".into());
        }
        let is_file = |text: &str| Path::new(text).exists();
        match self.sides.as_slice() {
            [_, _] if self.file.is_some() => {
                Err("a file behind `--` is one of commits: OLD..NEW -- FILE".into())
            }
            [old, new] => Ok([side(old, here)?, side(new, here)?]),
            [file] if is_file(file) && self.targets.len() == 2 => {
                Ok([Side::File(file.into()), Side::File(file.into())])
            }
            [file] if is_file(file) && self.file.is_none() => Err(format!(
                "{file} is one file: there is nothing to compare it with\n  help: name the other one, or a commit \
                 (`hopcheck diff HEAD -- {file}`), or two engines (`--target … --target …`)"
            )
            .into()),
            [revisions] => {
                let file = match &self.file {
                    Some(file) => file.clone(),
                    None => Source::locate(here).ok_or(
                        "there is no nginx.conf here\n  help: name the file to compare, behind `--`",
                    )?,
                };
                let revisions = Revisions::parse(revisions).resolved(here)?;
                let old = Side::Commit(Checkout::of(here, &revisions.old, &file)?);
                let new = match &revisions.new {
                    Some(new) => Side::Commit(Checkout::of(here, new, &file)?),
                    None => Side::File(file),
                };
                Ok([old, new])
            }
            _ => Err("nothing to compare\n  help: name two files, commits (`hopcheck diff HEAD`), or two live sites (`--target URL \
                      --target URL`)"
                .into()),
        }
    }

    /// One side with its engine.
    async fn stage(
        &self,
        which: &str,
        side: &Side,
        target: Option<&TargetName>,
    ) -> Result<Arc<Stage>, Error> {
        let target = target.unwrap_or(&TargetName::Reference);
        let options = self.values.options(self.profile.as_deref())?;
        let mut source = Source::read_with(side.conf(), &options)
            .map_err(|error| format!("the {which} one cannot be run: {}", side.named(&error.to_string())))?;
        source.name = side.named(&source.name);
        match target.open(&source, None).await? {
            Setting::Staged(stage) => Ok(stage),
            Setting::Live(_) => Err("a live deployment cannot be compared".into()),
        }
    }
}

/// The paths of a configuration's routes, which live sites are asked for.
fn routes_of(source: &Source) -> Vec<String> {
    let reachable = source.site.routes().filter(|(server, _)| server.unreachable.is_none());
    let paths: BTreeSet<String> = reachable.map(|(_, route)| route.path.clone()).collect();
    paths.into_iter().filter(|path| !path.is_empty()).collect()
}

/// A file, or `COMMIT:FILE` as git has it.
fn side(text: &str, here: &Path) -> Result<Side, Error> {
    match text.split_once(':') {
        Some((revision, file)) if !Path::new(text).exists() && !revision.is_empty() => {
            Ok(Side::Commit(Checkout::of(here, revision, Path::new(file))?))
        }
        _ => Ok(Side::File(text.into())),
    }
}

impl Side {
    fn conf(&self) -> &Path {
        match self {
            Side::File(file) => file,
            Side::Commit(checkout) => checkout.conf(),
        }
    }

    /// The file of the user's, if it is one.
    fn file(&self) -> Option<PathBuf> {
        match self {
            Side::File(file) => Some(file.clone()),
            Side::Commit(_) => None,
        }
    }

    /// `text` with the commit's name of the file.
    fn named(&self, text: &str) -> String {
        match self {
            Side::File(_) => text.to_owned(),
            Side::Commit(checkout) => text.replace(&checkout.conf().display().to_string(), checkout.name()),
        }
    }
}
