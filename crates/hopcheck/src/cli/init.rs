//! `hopcheck init`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Error, KEPT};
use hopcheck_clients::Manners;
use hopcheck_init::{Given, explore, written};
use hopcheck_site::profile::{FILE, Profile};
use hopcheck_targets::target::Deployment;

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The site, as https://shop.example.com is one; asked for on a terminal
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// The file to write. One that is there already is left alone
    #[arg(long, value_name = "FILE", default_value = FILE)]
    profile: PathBuf,
    /// A header that every request carries, its value taken from the environment: Authorization=env:NAME
    #[arg(long = "header", value_name = "NAME=env:NAME")]
    headers: Vec<String>,
    /// Connect here, 192.0.2.7 or 192.0.2.7:8443, whatever the DNS says
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
    /// A PEM file of certificate authorities to trust besides this machine's own
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Asks the site, says what it found, and writes the profile.
pub(super) async fn init_command(arguments: InitArgs) -> Result<u8, Error> {
    let given = arguments.given()?;
    let InitArgs { target, profile: file, .. } = arguments;
    if file.exists() {
        return Err(there_already(&file));
    }
    let target = match target {
        Some(target) => target,
        None => ask_for_target().await?,
    };
    let deployment = Deployment::open("the site", known(&target, &given)?).await?;
    let limits = &deployment.profile().limits;
    outln!("asking {} at most {} times a second", deployment.url(), limits.requests_per_second);
    let mut say = |line: &str| outln!("  {line}");
    let findings = explore(&deployment, &mut say).await;
    write(&file, &written(deployment.url(), &given, &findings))?;
    let asked = deployment.route().manners().map_or(0, Manners::sent);
    outln!("asked {asked} times, only GET, HEAD and OPTIONS; over STOMP only CONNECT and DISCONNECT");
    outln!("wrote {}: read it, fill in what was not found, and then", file.display());
    let named =
        if file == Path::new(FILE) { String::new() } else { format!(" --profile {}", file.display()) };
    outln!("  hopcheck run --target {}{named}", deployment.url().as_str().trim_end_matches('/'));
    Ok(KEPT)
}

impl InitArgs {
    /// What need not be found out.
    fn given(&self) -> Result<Vec<Given>, Error> {
        let mut given: Vec<Given> = Vec::new();
        for text in &self.headers {
            // Not by clap, which would show what it does not like: perhaps a secret.
            let (name, value) = header(text)?;
            given.push(("headers", name, value));
        }
        given.extend(self.address.clone().map(|address| ("connect", "address".to_owned(), address)));
        if let Some(file) = &self.ca_file {
            // From wherever the profile will be read.
            let file = std::path::absolute(file)?.display().to_string();
            given.push(("connect", "ca-file".to_owned(), file));
        }
        Ok(given)
    }
}

/// What is known of the site before it is asked.
fn known(target: &str, given: &[Given]) -> Result<Profile, Error> {
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
        // What it says is not repeated: it may be the secret itself.
        _ => Err("a header is NAME=env:VARIABLE, so that its value stands neither here nor in the profile"
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
    // A thread of its own, which nobody waits for: Ctrl-C must end the program while it reads.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).map(|_| line);
        let _ = send.send(read); // nobody is there to take it once the program ends
    });
    let line = receive.await??;
    match line.trim() {
        "" => Err("no site was named".into()),
        site => Ok(site.to_owned()),
    }
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    let mut opened = opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => there_already(file),
        _ => format!("cannot write {}: {error}", file.display()).into(),
    })?;
    Ok(opened.write_all(text.as_bytes())?)
}

fn there_already(file: &Path) -> Error {
    let file = file.display();
    format!("{file} is there already and is not overwritten\n  help: name another with --profile FILE, or move it away")
        .into()
}
