//! `hopcheck diff`.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use hopcheck_diff::{Accepted, Checkout, Diff, Filter, KINDS, Kind, Options, Revisions};
use hopcheck_report::{Style, out};
use hopcheck_targets::conf::Source;
use hopcheck_targets::machine;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Stage;

use super::conf::ValueArgs;
use super::exit::{EXIT_BROKEN, EXIT_KEPT, Error};
use super::overwrite::refuse_to_overwrite;
use super::targets::TargetName;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// Two files, or commits as `git diff` has them: OLD..NEW, OLD...NEW, or OLD for what is not committed
    #[arg(value_name = "OLD", required = true, num_args = 1..=2, value_names = ["OLD", "NEW"])]
    sides: Vec<String>,
    /// Of commits, the file to compare [default: the one that `run` finds]
    #[arg(last = true, value_name = "FILE")]
    file: Option<PathBuf>,
    /// What runs them: `reference`, `nginx` (in a container), `nginx=IMAGE` or `nginx=/PATH`; twice to compare two engines
    #[arg(long = "target", value_name = "TARGET", default_value = "reference")]
    targets: Vec<TargetName>,
    #[command(flatten)]
    values: ValueArgs,
    /// The profile in place of the hopcheck.toml beside each
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
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
    let [old, new] = arguments.sides(&here)?;
    let read: Vec<PathBuf> = [&old, &new].into_iter().filter_map(Side::file).collect();
    arguments.reports.iter().try_for_each(|report| refuse_to_overwrite(&report.file, &read))?;
    let accepted = arguments.accept.as_deref().map(Accepted::read).transpose()?.unwrap_or_default();
    let ignore = arguments.ignore.iter().map(|Ignored(kind, name)| (*kind, name.clone())).collect();
    let only = arguments.only.iter().map(|KindName(kind)| *kind).collect();
    let options = Options { filter: Filter { only, ignore }, seed: arguments.seed, accepted };

    let old = arguments.stage("old", &old, arguments.targets.first()).await?;
    let new = arguments.stage("new", &new, arguments.targets.last()).await?;
    for stage in [&old, &new] {
        machine::check(stage.target.scratch_parent())?;
    }
    let diff = hopcheck_diff::diff(&old, &new, &options).await?;
    machine::restore_umask();
    let style = Style::detect();
    out!("{}", diff.text(&|code, text| style.paint(code, text)));
    for report in &arguments.reports {
        std::fs::write(&report.file, (report.write)(&diff))
            .map_err(|error| format!("cannot write {}: {error}", report.file.display()))?;
    }
    Ok(if diff.is_empty() { EXIT_KEPT } else { EXIT_BROKEN })
}

impl DiffArgs {
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
            _ => Err("two files, or commits".into()),
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
        if target.is_live() {
            return Err("a live deployment cannot be compared: the target must be reference or nginx".into());
        }
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
