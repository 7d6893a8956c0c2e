//! A run: the specification against one target after the other, with output as it goes and reports at the end.

use std::path::{Path, PathBuf};

use super::conf::{ConfArgs, print_notes};
use super::exit::{EXIT_BROKEN, EXIT_COULD_NOT_RUN, EXIT_KEPT, Error};
use super::explained::explained;
use super::interrupt::{Interrupted, interrupted};
use super::routes::print_routes;
use gherkin::tagexpr::TagOperation;
use hopcheck_report::outln;
use hopcheck_report::{
    Outputs, Report, Style, TargetResults, mask, mask_results, print_details, print_failures, print_matrix,
    print_rows, print_summary,
};
use hopcheck_site::Mask;
use hopcheck_steps::features::Specification;
use hopcheck_steps::run::{BROWSER_TAG, SOCKJS_TAG, Selected, Selection, run};
use hopcheck_targets::machine;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Refusal;

/// The default number of concurrent scenarios, which mostly wait.
pub(super) const DEFAULT_JOBS: usize = 16;

/// The options of a run.
#[derive(Debug, Clone)]
pub(crate) struct RunOptions {
    /// The scenarios, and how to run them.
    pub(crate) selection: Selection,
    /// Whether to print more.
    pub(crate) verbose: bool,
    /// Whether to only print failures and the summary.
    pub(crate) quiet: bool,
    /// Whether credentials are shown.
    pub(crate) show_secrets: bool,
    /// Whether an example of each route is explained, for a page.
    pub(crate) explains: bool,
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions {
            selection: Selection { jobs: DEFAULT_JOBS, ..Selection::default() },
            verbose: false,
            quiet: false,
            show_secrets: false,
            explains: false,
        }
    }
}

/// A run in progress.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    specification: &'a Specification,
    options: &'a RunOptions,
    style: Style,
    report: Report,
    /// What is masked in all of the report: the secrets of every target.
    mask: Mask,
    /// How many configurations are run.
    confs: usize,
}

impl<'a> Session<'a> {
    /// Begins a run.
    ///
    /// # Errors
    /// When no scenario is selected.
    pub(crate) fn begin(
        specification: &'a Specification,
        options: &'a RunOptions,
    ) -> Result<Session<'a>, Error> {
        let selected = Selected::of(specification, &options.selection);
        if selected.part(options.selection.shard).is_empty() {
            return Err(nothing(&selected, options).into());
        }
        let report = Report::begin(selected.digest(), selected.outlines());
        let style = Style { silent: options.quiet, ..Style::detect() };
        Ok(Session { specification, options, style, report, mask: Mask::default(), confs: 1 })
    }

    /// Runs it against one target, and prints the results.
    ///
    /// # Errors
    /// When interrupted; the results so far are kept.
    pub(crate) async fn run(&mut self, setting: Setting) -> Result<(), Error> {
        let mask = if self.options.show_secrets { Mask::default() } else { setting.mask() };
        self.mask.add_secrets_of(&mask);
        let is_of_a_file = matches!(&setting, Setting::Staged(_));
        if !self.options.quiet || is_of_a_file && !self.has_several() {
            let order = self.options.selection.shuffle;
            let order = order.map_or(String::new(), |seed| format!(" in random order: --shuffle {seed}"));
            outln!(
                "{} {}{}",
                self.style.strong("testing"),
                mask.text(&setting.describe()),
                self.style.quiet(&order)
            );
        }
        let is_another_site = matches!(&setting, Setting::Staged(stage) if !stage.source.as_documented);
        self.style.brief = is_another_site && !self.options.verbose;
        if let (false, Setting::Staged(stage)) = (self.options.quiet, &setting)
            && is_another_site
        {
            print_routes(&stage.source.name, &stage.source.site, |server| server.alike.is_one_of_many());
        }
        if let (true, Setting::Staged(stage)) = (self.options.verbose, &setting) {
            print_notes(&stage.source).await?;
        }
        let with = with(&self.options.selection, &setting);
        let selection = Selection { live: setting.is_live(), with, ..self.options.selection.clone() };
        let mut was_interrupted = false;
        let end = async {
            interrupted().await;
            was_interrupted = true;
            "interrupted".to_owned()
        };
        let explained = match &setting {
            Setting::Staged(stage) if self.options.explains => explained(&stage.source).await,
            _ => Vec::new(),
        };
        let mut results = run(self.specification, setting, &selection, self.style, end).await;
        if let Some(site) = &mut results.site {
            site.explained = explained;
        }
        results.name = self.report_name(&results.name, &results.configuration);
        let nothing = results.records.is_empty() && results.unfinished.is_none();
        let is_live = selection.live;
        if selection.live && !self.options.show_secrets {
            mask_results(&mut results, &mask);
        }
        let name = results.name.clone();
        self.record(results);
        match (was_interrupted, nothing) {
            (true, _) => Err(Interrupted.into()),
            (_, true) if is_live => {
                Err(format!("{name}: none of the selected scenarios can run on a live deployment").into())
            }
            (_, true) => Err(
                "all selected scenarios are about the document's own site (set `as-documented = true` in \
                              hopcheck.toml if this is one)"
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    /// Reports that an engine refuses the configuration: nothing was run, so no promise is broken or kept.
    pub(crate) fn refused(&mut self, setting: &Setting, refusal: &Refusal) {
        let name = self.report_name(setting.name(), setting.configuration());
        let (why, help) = match refusal.is_unsupported() {
            true if setting.name() == "nginx" => (
                "it lacks a feature that this configuration uses",
                "use a newer nginx, or one with the module: --target nginx=IMAGE (in a container), --target nginx=/PATH (installed)",
            ),
            true => (
                "it lacks a feature that this configuration uses",
                "use an nginx that has it: --target nginx or nginx=nginx:1.29 (in a container), --target nginx=/usr/sbin/nginx \
                 (installed)",
            ),
            false if refusal.said.contains("invalid URL prefix") => (
                "it refuses the configuration",
                "`proxy_pass` begins with http:// or https://, for WebSockets (ws://), too; verify with `nginx -t`",
            ),
            false => ("it refuses the configuration", "fix the line above, and verify with `nginx -t`"),
        };
        let lacks = LACKS_OF_PARTS.iter().any(|lack| refusal.said.contains(lack));
        let whole = whole_of(Path::new(setting.configuration())).filter(|_| lacks);
        let whole = whole.map(|whole| format!("it seems to be a part of {}: run that", whole.display()));
        let help = whole.as_deref().unwrap_or(help);
        outln!("\n{} {} was not run: {why}", self.style.bad("✗"), setting.describe());
        for line in refusal.said.trim_end().lines() {
            outln!("    {line}");
        }
        outln!("  {} {help}", self.style.strong("help:"));
        self.report.targets.push(TargetResults {
            name,
            configuration: setting.configuration().to_owned(),
            unfinished: Some(format!("it was not run: {why}")),
            refused: !refusal.is_unsupported(),
            ..TargetResults::default()
        });
    }

    /// Sets the number of configurations, each of which has a row in reports.
    pub(crate) fn expect(&mut self, confs: usize) {
        self.confs = confs;
    }

    /// Whether a browser looks at live sites.
    pub(crate) fn has_browser(&self) -> bool {
        self.options.selection.with.contains(&BROWSER_TAG)
    }

    /// Whether several configurations are run.
    pub(crate) fn has_several(&self) -> bool {
        self.confs > 1
    }

    /// The name of a target in reports: with the configuration, if there are several.
    fn report_name(&self, target: &str, conf: &str) -> String {
        if self.has_several() { format!("{conf} by {target}") } else { target.to_owned() }
    }

    /// Reports that one of several configurations could not be run.
    pub(crate) fn could_not_run(&mut self, conf: &ConfArgs, error: &dyn std::error::Error) {
        outln!("\n{} {error}", self.style.bad("✗"));
        self.not_run(&conf.name(), &error.to_string());
    }

    /// Prints what a reader should know of the configuration, before what comes of it.
    pub(crate) fn warn(&self, warnings: &[String]) {
        for warning in warnings {
            outln!("{} {warning}", self.style.strong("warning:"));
        }
    }

    /// Prints something about the run, unless it is quiet.
    pub(crate) fn say(&self, text: &str) {
        if !self.options.quiet {
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

    /// Whether no other target should run.
    pub(crate) fn is_over(&self) -> bool {
        self.options.selection.fail_fast && self.report.fails()
    }

    /// What is broken so far, by file, line and name.
    pub(crate) fn broken(&self) -> Vec<(String, usize, String)> {
        let records = self.report.targets.iter().flat_map(|target| &target.records);
        let broken = records.filter(|record| record.fails());
        broken.map(|record| (record.file.clone(), record.line, record.name.clone())).collect()
    }

    /// Ends the run: compares targets, and writes reports. Returns the exit code.
    ///
    /// # Errors
    /// When a report cannot be written.
    pub(crate) fn end(mut self, outputs: Outputs) -> Result<u8, Error> {
        mask(&mut self.report, &self.mask);
        if self.has_several() {
            print_rows(self.style, &self.report);
        } else if self.report.targets.iter().filter(|target| !target.records.is_empty()).count() > 1 {
            print_matrix(self.style, &self.report);
        }
        machine::restore_umask();
        outputs.write(&self.report)?;
        Ok(exit_code(&self.report))
    }

    fn record(&mut self, results: TargetResults) {
        self.report.add(results);
        mask(&mut self.report, &self.mask);
        if let Some(results) = self.report.targets.last() {
            // Of many files the rows say how many warnings each has.
            let with_warnings = !self.has_several() || self.options.verbose;
            print_results(self.style, results, with_warnings, self.options.verbose);
        }
    }
}

/// What is run of that which makes sense for some targets only.
fn with(selection: &Selection, setting: &Setting) -> Vec<&'static str> {
    let Setting::Live(deployment) = setting else { return Vec::new() };
    let has_sockjs = deployment.profile().sockjs().is_some();
    let makes_sense = |tag: &&'static str| **tag != *SOCKJS_TAG || has_sockjs;
    selection.with.iter().copied().filter(|tag| makes_sense(tag)).collect()
}

/// Prints the results of a target.
pub(super) fn print_results(style: Style, results: &TargetResults, with_warnings: bool, verbose: bool) {
    print_failures(style, results, with_warnings);
    print_summary(style, results);
    if verbose {
        print_details(style, results);
    }
}

/// The exit code: a broken promise counts more than an unfinished run.
pub(super) fn exit_code(report: &Report) -> u8 {
    let unfinished = |target: &TargetResults| target.unfinished.is_some();
    match report.fails() {
        true => EXIT_BROKEN,
        false if report.targets.iter().any(unfinished) => EXIT_COULD_NOT_RUN,
        false => EXIT_KEPT,
    }
}

/// Why there is nothing to run.
fn nothing(selected: &Selected, options: &RunOptions) -> String {
    let Selection { tags, name, shard, .. } = &options.selection;
    match (shard, tags, name) {
        (Some(shard), _, _) if !selected.features.is_empty() => {
            format!("there are fewer scenarios than shards: shard {shard} is empty")
        }
        (_, Some(tags), _) if names_browser(tags) && !options.selection.with.contains(&BROWSER_TAG) => {
            "the scenarios with the tag @browser are run with --browser, against a live site".to_owned()
        }
        (_, Some(_), Some(_)) => "no scenario matches --tags and --name".to_owned(),
        (_, None, Some(_)) => "no scenario's name matches --name".to_owned(),
        _ => "no scenario matches --tags".to_owned(),
    }
}

/// Whether a tag expression names that of scenarios which need a browser, and none is asked for.
fn names_browser(tags: &TagOperation) -> bool {
    match tags {
        TagOperation::And(a, b) | TagOperation::Or(a, b) => names_browser(a) || names_browser(b),
        TagOperation::Not(_) => false,
        TagOperation::Tag(tag) => tag.trim_start_matches('@') == BROWSER_TAG,
    }
}

/// What nginx says of a file that uses what the file around it defines.
const LACKS_OF_PARTS: [&str; 4] = [
    "unknown log format",
    "zero size shared memory zone",
    "\" variable in ",
    "directive is not allowed here",
];

/// The `nginx.conf` beside a file, or beside its directory (`conf.d`), of which it may be a part.
fn whole_of(part: &Path) -> Option<PathBuf> {
    part.file_name().filter(|name| *name != "nginx.conf")?;
    let beside = part.with_file_name("nginx.conf");
    let above = part.canonicalize().ok()?.parent()?.parent()?.join("nginx.conf");
    [beside, above].into_iter().find(|whole| whole.is_file())
}
