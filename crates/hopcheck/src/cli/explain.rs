//! `hopcheck explain`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum, value_parser};
use hopcheck_explain::{Explanation, Question};
use hopcheck_report::{Style, out, outln};
use hopcheck_site::Mask;
use hopcheck_targets::conf::Source;
use hopcheck_targets::machine;
use hopcheck_targets::setting::Setting;
use hopcheck_targets::stage::Stage;
use hopcheck_targets::target::{InstalledNginx, Reference};

use super::conf::ValueArgs;
use super::exit::{EXIT_KEPT, Error};
use super::targets::TargetName;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The nginx.conf, a template of one, or a ConfigMap
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The method, such as GET
    method: String,
    /// Where a client would send it: http://shop.example.com/path
    url: String,
    /// A header of the request; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The body of the request
    #[arg(short = 'd', long = "data", value_name = "BODY")]
    body: Option<String>,
    /// A file that is there, by its path in the configuration (a directory with a slash at its end); may be repeated
    #[arg(long = "file", value_name = "PATH")]
    files: Vec<String>,
    /// An app server that refuses connections, by its address in the configuration; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    down: Vec<String>,
    /// The status that app servers answer with
    #[arg(long, value_name = "STATUS", value_parser = value_parser!(u16).range(200..=599))]
    app_status: Option<u16>,
    /// Another engine to ask the same, to see in what it differs: `nginx` (in a container), `nginx=IMAGE` or `nginx=/PATH`
    #[arg(long, value_name = "TARGET")]
    target: Option<TargetName>,
    /// Show the credentials of the request and of the configuration: cookies, Authorization, tokens in URLs
    #[arg(long)]
    show_secrets: bool,
    /// How it is told
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    values: ValueArgs,
    /// The profile in place of the hopcheck.toml beside the file
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs (docs/use/explain.md)
    Json,
}

/// Runs the configuration, asks it, and tells what became of the request.
pub(super) async fn explain_command(arguments: ExplainArgs) -> Result<u8, Error> {
    let mut question = Question::new(&arguments.method, &arguments.url)?;
    for field in &arguments.headers {
        question = question.header(field)?;
    }
    question.body.clone_from(&arguments.body);
    question.files.clone_from(&arguments.files);
    question.down.clone_from(&arguments.down);
    question.app_status = arguments.app_status;
    let options = arguments.values.options(arguments.profile.as_deref())?;
    let mut source = Source::read_with(&arguments.file, &options)?;
    // The URL says which one.
    source.port = None;
    for warning in source.origin.warnings.iter().chain(&source.origin.address_warnings) {
        eprintln!("hopcheck: {warning}");
    }
    let other = match &arguments.target {
        None | Some(TargetName::Reference) => None,
        Some(TargetName::Live { .. }) => {
            return Err("a live deployment tells nothing: the target must be nginx".into());
        }
        Some(TargetName::Installed(program)) => {
            let target = Box::new(InstalledNginx::find(program).await?.debugging());
            Some(Arc::new(Stage { target, source: source.clone() }))
        }
        Some(target) => match target.open(&source, None).await? {
            Setting::Staged(stage) => Some(stage),
            Setting::Live(_) => None,
        },
    };
    let target = Reference::new(std::env::current_exe()?)?.traced();
    let stage = Arc::new(Stage { target: Box::new(target), source });
    machine::check(stage.target.scratch_parent())?;
    let mut told = hopcheck_explain::explain(&stage, &question).await?;
    if let Some(other) = &other {
        told.beside(other, &question).await?;
    }
    let mask = if arguments.show_secrets { Mask::default() } else { credentials(&arguments, &stage.source) };
    print(&told, arguments.format, &mask)?;
    Ok(EXIT_KEPT)
}

/// Masks the credentials of the request and of the configuration.
fn credentials(arguments: &ExplainArgs, source: &Source) -> Mask {
    let mut mask = Mask::of_credentials([]);
    mask.learn(&arguments.url);
    arguments.headers.iter().chain(&arguments.body).for_each(|text| mask.learn(text));
    mask.learn_configuration(&source.text);
    mask
}

fn print(told: &Explanation, format: Format, mask: &Mask) -> Result<(), Error> {
    match format {
        Format::Json => outln!("{}", mask.text(&serde_json::to_string_pretty(told)?)),
        Format::Text => {
            let style = Style::detect();
            out!("{}", mask.text(&told.text(&|code, text| style.paint(code, text))));
        }
    }
    Ok(())
}
