//! `docs/trust/benchmarks.md` and its picture.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::Error;
use crate::contender::Contender;
use crate::plot;
use crate::process::Cores;
use crate::table::{self, Outcome};

/// What was measured on, with what, and for how long.
#[derive(Debug)]
pub(crate) struct Machine {
    lines: Vec<String>,
}

impl Machine {
    /// Reads it off the machine.
    pub(crate) fn read(
        cores: Cores,
        contenders: &[Contender],
        rounds: u32,
        time: Duration,
        took: Duration,
    ) -> Machine {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let versions: Vec<String> = contenders
            .iter()
            .map(|contender| {
                let version = contender.version().unwrap_or_default();
                format!("{} {version}", contender.name())
            })
            .collect();
        Machine {
            lines: vec![
                format!("- {}", jiff::Zoned::now().strftime("%Y-%m-%d")),
                format!("- {}", versions.join(", ")),
                format!(
                    "- {} cores of {}, Linux {}",
                    cores.count,
                    model.map_or("unknown make", |(_, model)| model),
                    kernel.trim()
                ),
                format!(
                    "- the proxy on core {}, the backend on {}, the load on {}; one worker",
                    cores.proxy, cores.backend, cores.load
                ),
                format!(
                    "- {rounds} rounds of {} s, contenders in turn; {} minutes in all",
                    time.as_secs(),
                    took.as_secs() / 60
                ),
            ],
        }
    }
}

/// Writes both files, keeping what people wrote into the first above and below the table.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn write(
    directory: &Path,
    machine: &Machine,
    outcomes: &[Outcome],
    contenders: &[Contender],
) -> Result<(), Error> {
    const BEGIN: &str = "<!-- measured -->\n";
    const END: &str = "<!-- end -->\n";
    let page = directory.join("benchmarks.md");
    let text = fs::read_to_string(&page).unwrap_or_default();
    let (above, below) = match (text.split_once(BEGIN), text.split_once(END)) {
        (Some((above, _)), Some((_, below))) => (above, below),
        _ => ("# Benchmarks\n\n", ""),
    };
    let failures = table::failures(outcomes);
    let measured = format!(
        "{}\n\n{}\n{failures}\n![ratios](benchmarks.svg)\n",
        machine.lines.join("\n"),
        table::markdown(outcomes, contenders),
    );
    fs::write(&page, format!("{above}{BEGIN}{measured}{END}{below}"))?;
    fs::write(directory.join("benchmarks.svg"), plot::svg(outcomes))?;
    Ok(())
}
