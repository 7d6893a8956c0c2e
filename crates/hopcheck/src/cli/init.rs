//! `hopcheck init`.

use hopcheck_report::{out, outln};
use std::fs::OpenOptions;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{EXIT_KEPT, Error};
use super::overwrite::refuse_to_overwrite;
use hopcheck_clients::RequestPolicy;
use hopcheck_init::{PresetField, explore, profile_text, routes_text};
use hopcheck_site::profile::{FILE, Profile};
use hopcheck_targets::conf::Source;
use hopcheck_targets::target::Deployment;

/// A value of --profile.
const STANDARD_OUTPUT: &str = "-";

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The site, such as https://shop.example.com; asked for on a terminal
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Instead of a site, write down the routes of this nginx.conf and where it listens, which `run` then holds it to
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "headers", "address", "ca_file"])]
    conf: Option<PathBuf>,
    /// The file to write, or - for standard output [default: hopcheck.toml; of a configuration, the one beside it]
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long)]
    force: bool,
    /// A header for every request, with its value from the environment: Authorization=env:NAME
    #[arg(long = "header", value_name = "NAME=env:NAME")]
    headers: Vec<String>,
    /// Connect to this address, such as 192.0.2.7 or 192.0.2.7:8443, instead of what DNS says
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
    /// A PEM file of additional CA certificates to trust
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Writes the profile of a site or of a configuration.
pub(super) async fn init_command(arguments: InitArgs) -> Result<u8, Error> {
    match &arguments.conf {
        Some(conf) => of_configuration(conf, arguments.profile.as_deref(), arguments.force),
        None => of_site(arguments).await,
    }
}

/// Writes down the routes of a configuration.
fn of_configuration(conf: &Path, profile: Option<&Path>, force: bool) -> Result<u8, Error> {
    // Of what could not be read whole, a part would be written down.
    let source = Source::read(conf)?;
    let site = source.read_site().map_err(|error| error.to_string())?;
    if site.routes().next().is_none() {
        return Err(format!("{} has no routes to write down", source.name).into());
    }
    let text = routes_text(&source.name, conf, &site, &|line| source.origin.is_filled_in(line));
    let beside = conf.parent().unwrap_or(Path::new("")).join(FILE);
    let file = profile.unwrap_or(&beside);
    if file == Path::new(STANDARD_OUTPUT) {
        out!("{text}");
        return Ok(EXIT_KEPT);
    }
    refuse_to_overwrite(file, &[conf.to_owned()])?;
    write(file, &text, force).map_err(|error| match file.exists() && !force {
        true => format!("{error}\n  help: print the routes with --profile - and add them to it").into(),
        false => error,
    })?;
    outln!("wrote {}: correct it, commit it, and run", file.display());
    let named = if file == beside { String::new() } else { format!(" --profile {}", file.display()) };
    outln!("  hopcheck run {}{named}", source.name);
    Ok(EXIT_KEPT)
}

/// Explores the site, prints what it finds, and writes the profile.
async fn of_site(arguments: InitArgs) -> Result<u8, Error> {
    let given = arguments.given()?;
    let InitArgs { target, profile, force, .. } = arguments;
    let file = profile.unwrap_or_else(|| PathBuf::from(FILE));
    if file == Path::new(STANDARD_OUTPUT) {
        return Err("a site's profile is written to a file, as what is found is printed\n  help: name it with --profile FILE".into());
    }
    if file.exists() && !force {
        return Err(already_exists(&file));
    }
    let target = match target {
        Some(target) => target,
        None => ask_for_target().await?,
    };
    let deployment = Deployment::open("the site", known(&target, &given)?).await?;
    let limits = &deployment.profile().limits;
    outln!("exploring {} with at most {} requests per second", deployment.url(), limits.requests_per_second);
    let mut say = |line: &str| outln!("  {line}");
    let findings = explore(&deployment, &mut say).await;
    write(&file, &profile_text(deployment.url(), &given, &findings), force)?;
    let asked = deployment.route().policy().map_or(0, RequestPolicy::sent);
    outln!("sent {asked} requests, only GET, HEAD and OPTIONS; over STOMP only CONNECT and DISCONNECT");
    outln!("wrote {}: review it, fill in what was not found, and run", file.display());
    let named =
        if file == Path::new(FILE) { String::new() } else { format!(" --profile {}", file.display()) };
    outln!("  hopcheck run --target {}{named}", deployment.url().as_str().trim_end_matches('/'));
    Ok(EXIT_KEPT)
}

impl InitArgs {
    /// The fields set on the command line.
    fn given(&self) -> Result<Vec<PresetField>, Error> {
        let mut given: Vec<PresetField> = Vec::new();
        for text in &self.headers {
            // Not by clap, which would print an invalid value: perhaps a secret.
            let (name, value) = header(text)?;
            given.push(("headers", name, value));
        }
        given.extend(self.address.clone().map(|address| ("connect", "address".to_owned(), address)));
        if let Some(file) = &self.ca_file {
            // Absolute, so that it does not depend on where the profile is.
            let file = std::path::absolute(file)?.display().to_string();
            given.push(("connect", "ca-file".to_owned(), file));
        }
        Ok(given)
    }
}

/// The profile before the site is explored.
fn known(target: &str, given: &[PresetField]) -> Result<Profile, Error> {
    let mut known = toml::Table::new();
    known.insert("url".to_owned(), target.trim().into());
    for (section, name, value) in given {
        let table = known.entry(*section).or_insert_with(|| toml::Table::new().into());
        if let toml::Value::Table(table) = table {
            table.insert(name.clone(), value.as_str().into());
        }
    }
    Ok(Profile::parse(&known.to_string(), "the command line")?)
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && value.starts_with("env:") => {
            Ok((name.to_owned(), value.to_owned()))
        }
        // It is not repeated here: it may be the secret itself.
        _ => Err("a header must be NAME=env:VARIABLE, so that its value is neither here nor in the profile"
            .to_owned()),
    }
}

async fn ask_for_target() -> Result<String, Error> {
    if !std::io::stdin().is_terminal() {
        return Err("which site?\n  help: name it with --target https://shop.example.com".into());
    }
    out!("Which site? (https://shop.example.com) ");
    std::io::stdout().flush()?;
    let (send, receive) = tokio::sync::oneshot::channel();
    // In a separate thread, so that Ctrl-C ends the program while it reads.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).map(|_| line);
        let _ = send.send(read); // fails only when the program is ending
    });
    let line = receive.await??;
    match line.trim() {
        "" => Err("no site given".into()),
        site => Ok(site.to_owned()),
    }
}

fn write(file: &Path, text: &str, force: bool) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    let options = options.write(true);
    let options = if force { options.create(true).truncate(true) } else { options.create_new(true) };
    let opened = options.open(file);
    let mut opened = opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => already_exists(file),
        _ => format!("cannot write {}: {error}", file.display()).into(),
    })?;
    Ok(opened.write_all(text.as_bytes())?)
}

fn already_exists(file: &Path) -> Error {
    let file = file.display();
    format!(
        "{file} already exists\n  help: choose another file with --profile FILE, or overwrite it with --force"
    )
    .into()
}
