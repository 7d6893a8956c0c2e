//! The reference proxy beside nginx and others that are installed: the same site, backend and load, in one run, in turn.
//!
//! Figures are compared, never asserted on: `docs/trust/benchmarks.md` says how to read them.

mod backend;
mod cases;
mod contender;
mod load;
mod measure;
mod plot;
mod process;
mod relay;
mod report;
mod site;
mod table;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;

use cases::{CASES, Case};
use contender::Contender;
use process::Cores;
use site::Site;
use table::Outcome;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Compares the reference proxy with nginx, and with HAProxy, Caddy and Apache httpd where they are installed.
///
/// Contenders take turns, round by round; the table shows medians and half the distance between the best and the worst round.
/// Needs wrk and taskset; nothing is asked but what runs here, on loopback.
#[derive(Debug, Parser)]
#[command(name = "bench", version, after_help = "Exit codes: 0 measured, 2 could not run.")]
struct Cli {
    /// Fewer and shorter rounds: to see whether a change is worth a longer look
    #[arg(long)]
    quick: bool,
    /// Only cases whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    case: String,
    /// Whom to compare: by default all that are installed
    #[arg(long, value_enum, value_delimiter = ',')]
    contenders: Vec<Contender>,
    /// Another build of reference-proxy to compare, as `before`: what a change costs shows in one run (it is asked nothing by HTTP/2, which it may not know)
    #[arg(long, value_name = "PROGRAM")]
    before: Option<PathBuf>,
    /// Rounds for each case [default: 5, with --quick 3]
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Seconds of load in a round [default: 4, with --quick 1]
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Also write benchmarks.md and benchmarks.svg into this directory
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Only list the cases
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    // Both are how this program starts itself: what is measured need not be installed.
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(first) if first == "reference-proxy" => return reference_proxy::server::main(arguments),
        Some(first) if first == "relay" => {
            let ports: Vec<u16> = arguments.filter_map(|port| port.to_str()?.parse().ok()).collect();
            let [port, app_server] = ports[..] else { return ended(Err("relay: two ports".into())) };
            return ended(relay::run(port, app_server).map_err(Error::from));
        }
        Some(first) if first == "backend" => {
            let ports = arguments.filter_map(|port| port.to_str()?.parse().ok());
            return ended(backend::run(ports));
        }
        _ => {}
    }
    ended(compare(&Cli::parse()))
}

fn ended(result: Result<(), Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare(cli: &Cli) -> Result<(), Error> {
    let cases: Vec<&'static Case> = CASES.iter().filter(|case| case.name.contains(&cli.case)).collect();
    if cases.is_empty() {
        return Err(format!("no case's name contains {:?}: --list shows them", cli.case).into());
    }
    if cli.list {
        cases.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    if cfg!(debug_assertions) {
        return Err(
            "this is a development build, whose figures mean nothing: cargo run --release -p bench".into()
        );
    }
    if let Some(before) = &cli.before {
        let _ = contender::BEFORE
            .set(before.canonicalize().map_err(|error| format!("--before {}: {error}", before.display()))?);
    }
    let contenders = contenders(cli)?;
    let cores = Cores::choose();
    process::stay_on(cores.load);
    let site = Site::new(cores)?;
    let rounds = cli.rounds.unwrap_or(if cli.quick { 3 } else { 5 }).max(1);
    let time = Duration::from_secs(cli.seconds.unwrap_or(if cli.quick { 1 } else { 4 }).max(1));

    let begun = Instant::now();
    let mut outcomes = Vec::new();
    for (nth, case) in cases.iter().copied().enumerate() {
        progress(&format!("{}/{} {}", nth + 1, cases.len(), case.name));
        outcomes.push(in_turn(case, &contenders, &site, rounds, time)?);
    }
    progress("");
    let machine = report::Machine::read(cores, &contenders, rounds, time, begun.elapsed());
    print!("{}", table::markdown(&outcomes, &contenders));
    print!("{}", table::failures(&outcomes));
    if let Some(directory) = &cli.write {
        report::write(directory, &machine, &outcomes, &contenders)?;
    }
    Ok(())
}

/// Those that were asked for, which must be there, or else those that are there.
fn contenders(cli: &Cli) -> Result<Vec<Contender>, Error> {
    let asked = !cli.contenders.is_empty();
    let wanted = if asked { &cli.contenders } else { <Contender as clap::ValueEnum>::value_variants() };
    let mut there = Vec::new();
    for contender in wanted {
        if !asked && *contender == Contender::Before && cli.before.is_none() {
            continue;
        }
        match contender.version() {
            Ok(_) => there.push(*contender),
            Err(error) if asked || Contender::PAIR.contains(contender) => return Err(error),
            Err(error) => eprintln!("left out: {error}"),
        }
    }
    Ok(there)
}

/// Each contender in each round, so that a machine that is slower for a while is slower for everybody.
fn in_turn(
    case: &'static Case,
    contenders: &[Contender],
    site: &Site,
    rounds: u32,
    time: Duration,
) -> Result<Outcome, Error> {
    let mut samples: BTreeMap<Contender, Vec<_>> = BTreeMap::new();
    for _ in 0..rounds {
        for contender in contenders.iter().copied().filter(|contender| case.suits(*contender)) {
            let sample = measure::measure(case, contender, site, time);
            match sample {
                Ok(sample) => samples.entry(contender).or_default().push(sample),
                // What one of the others cannot do is no reason to stop.
                Err(error) if !Contender::PAIR.contains(&contender) => {
                    eprintln!("\n{}, {}: {error}", case.name, contender.name());
                }
                Err(error) => return Err(format!("{}, {}: {error}", case.name, contender.name()).into()),
            }
        }
    }
    Ok(Outcome { case, samples })
}

fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{text}");
    } else if !text.is_empty() {
        eprintln!("{text}");
    }
}
