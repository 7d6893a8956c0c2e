//! A run: the specification against one target after the other, told as it goes, and reported at the end.

use super::conf::{ConfArgs, print_notes};
use super::interrupt::{Interrupted, interrupted};
use super::routes::print_routes;
use super::{BROKEN, COULD_NOT_RUN, Error, KEPT};
use hopcheck_report::{
    Outputs, Report, Style, TargetResults, mask, print_details, print_failures, print_matrix, print_rows,
    print_summary,
};
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::{Selected, Selection, run};
use hopcheck_targets::machine;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Refusal;

/// How many scenarios run at once unless told otherwise. Most of a scenario is waiting.
pub(super) const JOBS: usize = 16;

/// What is asked of a run.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Which scenarios, and how.
    pub(crate) selection: Selection,
    /// Whether to tell more.
    pub(crate) verbose: bool,
    /// Whether to tell failures and the summary alone.
    pub(crate) quiet: bool,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked { selection: Selection { jobs: JOBS, ..Selection::default() }, verbose: false, quiet: false }
    }
}

/// A run in progress.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    specification: &'a Specification,
    asked: &'a Asked,
    style: Style,
    report: Report,
    secrets: Vec<String>,
    /// How many configurations are run.
    confs: usize,
}

impl<'a> Session<'a> {
    /// Begins a run.
    ///
    /// # Errors
    /// When no scenario is asked for.
    pub(crate) fn begin(specification: &'a Specification, asked: &'a Asked) -> Result<Session<'a>, Error> {
        let selected = Selected::of(specification, &asked.selection);
        if selected.part(asked.selection.shard).is_empty() {
            return Err(nothing(&selected, asked).into());
        }
        let report = Report::begin(selected.digest(), selected.outlines());
        let style = Style { silent: asked.quiet, ..Style::detect() };
        Ok(Session { specification, asked, style, report, secrets: Vec::new(), confs: 1 })
    }

    /// Runs it against one target, and tells what it came to.
    ///
    /// # Errors
    /// When interrupted; what it had come to until then is kept.
    pub(crate) async fn run(&mut self, setting: Setting) -> Result<(), Error> {
        self.secrets.extend(setting.secrets().iter().cloned());
        let is_of_a_file = matches!(&setting, Setting::Staged(_));
        if !self.asked.quiet || is_of_a_file && !self.has_several() {
            let order = self.asked.selection.shuffle;
            let order = order.map_or(String::new(), |seed| format!(" in random order: --shuffle {seed}"));
            outln!("{} {}{}", self.style.strong("testing"), setting.describe(), self.style.quiet(&order));
        }
        if let (false, Setting::Staged(stage)) = (self.asked.quiet, &setting)
            && !stage.source.as_documented
        {
            print_routes(&stage.source.name, &stage.source.site);
        }
        if let (true, Setting::Staged(stage)) = (self.asked.verbose, &setting) {
            print_notes(&stage.source).await?;
        }
        let selection = Selection { live: setting.is_live(), ..self.asked.selection.clone() };
        let mut was_interrupted = false;
        let end = async {
            interrupted().await;
            was_interrupted = true;
            "interrupted".to_owned()
        };
        let mut results = run(self.specification, setting, &selection, self.style, end).await;
        results.name = self.called(&results.name, &results.configuration);
        let nothing = results.records.is_empty() && results.unfinished.is_none();
        let is_live = selection.live;
        let name = results.name.clone();
        self.tell(results);
        match (was_interrupted, nothing) {
            (true, _) => Err(Interrupted.into()),
            (_, true) if is_live => {
                Err(format!("{name}: none of the scenarios asked for can be checked on a live system").into())
            }
            (_, true) => Err(
                "the scenarios asked for are all about the document's own site (`as-documented = true` in \
                              hopcheck.toml says that this is one)"
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    /// Tells that an engine does not take the configuration: nothing was run, so that no promise is broken or kept.
    pub(crate) fn refused(&mut self, setting: &Setting, refusal: &Refusal) {
        let name = self.called(setting.name(), setting.configuration());
        let (why, help) = match refusal.is_a_lack() {
            true => (
                "it does not have all that this configuration uses",
                "name an nginx that has: --target nginx or nginx=nginx:1.29 (in a container), --target nginx=/usr/sbin/nginx (one \
                 that is installed)",
            ),
            false => (
                "it finds fault with the configuration",
                "mend the line that is named, and see it with `nginx -t`",
            ),
        };
        outln!("\n{} {} was not run: {why}", self.style.bad("✗"), setting.describe());
        for line in refusal.said.trim_end().lines() {
            outln!("    {line}");
        }
        outln!("  {} {help}", self.style.strong("help:"));
        self.report.targets.push(TargetResults {
            name,
            configuration: setting.configuration().to_owned(),
            unfinished: Some(format!("it was not run: {why}")),
            refused: !refusal.is_a_lack(),
            ..TargetResults::default()
        });
    }

    /// Expects so many configurations, each with a row of its own in reports.
    pub(crate) fn expect(&mut self, confs: usize) {
        self.confs = confs;
    }

    /// Whether several configurations are run.
    pub(crate) fn has_several(&self) -> bool {
        self.confs > 1
    }

    /// What a target is called in reports: with the configuration, where there are several.
    fn called(&self, target: &str, conf: &str) -> String {
        if self.has_several() { format!("{conf} by {target}") } else { target.to_owned() }
    }

    /// Tells that one of several configurations could not be run.
    pub(crate) fn could_not_run(&mut self, conf: &ConfArgs, error: &dyn std::error::Error) {
        outln!("\n{} {error}", self.style.bad("✗"));
        self.not_run(&conf.name(), &error.to_string());
    }

    /// Says something about the run, unless that is to be quiet.
    pub(crate) fn say(&self, text: &str) {
        if !self.asked.quiet {
            outln!("{text}");
        }
    }

    /// Notes that a target was not run, and why.
    pub(crate) fn not_run(&mut self, name: &str, why: &str) {
        let why = why.lines().next().unwrap_or_default();
        let unfinished = Some(format!("it was not run: {why}"));
        self.report.targets.push(TargetResults {
            name: name.to_owned(),
            unfinished,
            ..TargetResults::default()
        });
    }

    /// Whether no other target is to be run.
    pub(crate) fn is_over(&self) -> bool {
        self.asked.selection.fail_fast && self.report.fails()
    }

    /// Ends the run: targets side by side, and reports. Returns the exit code.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub(crate) fn end(mut self, outputs: Outputs) -> Result<u8, Error> {
        mask(&mut self.report, &self.secrets);
        if self.has_several() {
            print_rows(self.style, &self.report);
        } else if self.report.targets.iter().filter(|target| !target.records.is_empty()).count() > 1 {
            print_matrix(self.style, &self.report);
        }
        machine::done();
        outputs.write(&self.report)?;
        Ok(code(&self.report))
    }

    fn tell(&mut self, results: TargetResults) {
        self.report.targets.push(results);
        mask(&mut self.report, &self.secrets);
        if let Some(results) = self.report.targets.last() {
            tell(self.style, results, self.asked.verbose);
        }
    }
}

/// Prints what a target came to.
pub(super) fn tell(style: Style, results: &TargetResults, verbose: bool) {
    print_failures(style, results);
    print_summary(style, results);
    if verbose {
        print_details(style, results);
    }
}

/// The exit code of what has been run: a broken promise is one, whatever else was not found out.
pub(super) fn code(report: &Report) -> u8 {
    let unfinished = |target: &TargetResults| target.unfinished.is_some();
    match report.fails() {
        true => BROKEN,
        false if report.targets.iter().any(unfinished) => COULD_NOT_RUN,
        false => KEPT,
    }
}

/// Why there is nothing to run.
fn nothing(selected: &Selected, asked: &Asked) -> String {
    let Selection { tags, name, shard, .. } = &asked.selection;
    match (shard, tags, name) {
        (Some(shard), _, _) if !selected.features.is_empty() => {
            format!("there are fewer scenarios than shards: none is left for {shard}")
        }
        (_, Some(_), Some(_)) => "no scenario satisfies --tags and --name".to_owned(),
        (_, None, Some(_)) => "no scenario's name matches --name".to_owned(),
        _ => "no scenario satisfies --tags".to_owned(),
    }
}
