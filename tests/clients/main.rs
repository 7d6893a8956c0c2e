//! Real clients and real app servers, at both ends of the reference proxy and of nginx.
//!
//! A client is a script in `scripts/` that uses a package as its users would, and prints a line of JSON for each check. What
//! it saw must be the same through both proxies; where it is not, [`known`] has the reason. [`page`] makes the table of all that,
//! `docs/trust/clients.md`.
//!
//! The packages are installed by `tests/clients/install`. Without them this says in one line that nothing ran, and only fails if
//! `HOPCHECK_REQUIRE_CLIENTS` is set.

mod app_server;
mod backstage;
#[path = "../certificate.rs"]
mod certificate;
mod engine;
mod known;
mod list;
mod packages;
mod page;
mod script;

use std::process::ExitCode;

use futures::{StreamExt as _, stream};

use crate::engine::Engine;
use crate::list::{CLIENTS, Client, Program};
use crate::packages::Packages;
use crate::script::Check;

/// How many clients run at a time.
const CONCURRENCY: usize = 4;

/// What one client saw through one proxy.
#[derive(Debug)]
pub(crate) struct Run {
    client: &'static Client,
    /// The name of the proxy.
    engine: &'static str,
    /// Its checks; or why there are none.
    checks: Result<Vec<Check>, String>,
    /// What the proxy and the app servers have to say about a failure.
    logs: String,
}

fn main() -> ExitCode {
    // The proxies are started by this very program.
    if engine::is_child() {
        return hopcheck::cli::main();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted =
        |name: &str| filters.is_empty() || filters.iter().any(|part| name.contains(part.as_str()));
    let clients: Vec<&Client> = CLIENTS.iter().filter(|client| is_wanted(client.name)).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        clients.iter().for_each(|client| println!("{}: test", client.name));
        return ExitCode::SUCCESS;
    }
    let packages = match Packages::find() {
        Ok(packages) => packages,
        Err(why) => {
            println!("real clients did not run: {why}");
            return if is_set("HOPCHECK_REQUIRE_CLIENTS") { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let (mut clients, mut is_whole) = (clients, filters.is_empty());
    for (program, name, variable) in [
        (Program::Chromium, "Chromium", "HOPCHECK_REQUIRE_CHROMIUM"),
        (Program::RabbitMq, "RabbitMQ", "HOPCHECK_REQUIRE_CLIENTS"),
    ] {
        let needs = |client: &&Client| client.needs == Some(program);
        if packages.program(program).is_none() && clients.iter().any(needs) {
            println!("{name} did not run: it is not installed");
            if is_set(variable) {
                return ExitCode::FAILURE;
            }
            clients.retain(|client| !needs(client));
            is_whole = false;
        }
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runtime.block_on(run(&packages, &clients, is_whole)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(packages: &Packages, clients: &[&'static Client], is_whole: bool) -> Result<(), String> {
    let engines = engine::engines().await?;
    let names: Vec<String> = engines.iter().map(Engine::describe).collect();
    println!("real clients through {}", names.join(" and "));
    let pairs = clients.iter().flat_map(|client| engines.iter().map(move |engine| (*client, engine)));
    // In order of the list, however long each takes.
    let runs = stream::iter(pairs).map(|(client, engine)| backstage::run(packages, client, engine));
    let runs: Vec<Run> =
        runs.buffered(CONCURRENCY).inspect(|run| println!("{}", run.line(packages))).collect().await;
    let mut faults: Vec<String> = runs.iter().filter_map(Run::fault).collect();
    faults.extend(known::differences(&runs));
    // Of a part there is no page to be made.
    if is_whole && engines.len() == 2 && faults.is_empty() {
        let made_with = [names, packages.platform().await].concat().join(", ");
        faults.extend(page::compare(packages, &made_with, &runs));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n\n")) }
}

impl Run {
    /// One line that says how it went.
    fn line(&self, packages: &Packages) -> String {
        let what = format!("{} {}", packages.title(self.client), self.engine);
        match &self.checks {
            Ok(checks) => {
                let failed = checks.iter().filter(|check| check.saw.is_err()).count();
                let mark = if failed == 0 { '✓' } else { '✗' };
                format!("  {mark} {what}: {} checks, {failed} failed", checks.len())
            }
            Err(why) => format!("  ✗ {what}: {}", why.lines().next().unwrap_or_default()),
        }
    }

    /// What went wrong, in full.
    fn fault(&self) -> Option<String> {
        let what = format!("{} through {}", self.client.name, self.engine);
        let failed: Vec<String> = match &self.checks {
            Ok(checks) => checks
                .iter()
                .filter_map(|check| Some(format!("{}: {}", check.name, check.saw.as_ref().err()?)))
                .collect(),
            Err(why) => vec![why.clone()],
        };
        (!failed.is_empty()).then(|| format!("{what}\n{}\n{}", failed.join("\n"), self.logs))
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}
