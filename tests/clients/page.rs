//! The table of clients and proxies, `docs/trust/clients.md`.

use std::fmt::Write as _;

use crate::packages::Packages;
use crate::script::Check;
use crate::{Run, known};

const PAGE: &str = "../../docs/trust/clients.md";

const INTRODUCTION: &str = "\
# Real clients

What packages that people use see through the reference proxy and through nginx: the packages that `tests/clients` pins, as their users use
them, against hopcheck's mock app servers or against a package's own. The test fails when this table is not what it sees;
`HOPCHECK_BLESS=1` writes it anew.

`✓` means that the check held. Where there is more to see it is said, and `same` stands for the same through nginx.
";

/// The line that says where the table was made, which may be another machine.
const MADE: &str = "Made with ";

/// Compares the page with what was seen, or writes it if so told.
pub(crate) fn compare(packages: &Packages, made_with: &str, runs: &[Run]) -> Vec<String> {
    let page = page(packages, made_with, runs);
    if std::env::var_os("HOPCHECK_BLESS").is_some() {
        return std::fs::write(PAGE, page)
            .err()
            .map(|error| format!("{PAGE}: {error}"))
            .into_iter()
            .collect();
    }
    let known = std::fs::read_to_string(PAGE).unwrap_or_default();
    let lines = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with(MADE)).map(str::to_owned).collect()
    };
    let (now, was) = (lines(&page), lines(&known));
    let missing = |from: &[String], of: &[String], word: &str| -> Vec<String> {
        of.iter().filter(|line| !from.contains(line)).map(|line| format!("{word} {line}")).collect()
    };
    let news = [missing(&was, &now, "now"), missing(&now, &was, "was")].concat();
    match news.is_empty() {
        true => Vec::new(),
        false => vec![format!(
            "docs/trust/clients.md says otherwise (HOPCHECK_BLESS=1 writes it):\n{}",
            news.join("\n")
        )],
    }
}

fn page(packages: &Packages, made_with: &str, runs: &[Run]) -> String {
    let mut page = format!("{INTRODUCTION}\n{MADE}{made_with}.\n");
    for pair in runs.chunk_by(|one, other| one.client.name == other.client.name) {
        let [Run { client, checks: Ok(reference), .. }, Run { checks: Ok(nginx), .. }] = pair else {
            continue;
        };
        let _ = write!(page, "\n## {}\n\n", packages.title(client));
        page.push_str("| | reference proxy | nginx |\n|---|---|---|\n");
        let mut reasons = Vec::new();
        for (one, other) in reference.iter().zip(nginx) {
            let known = known::known(client.name, &one.name);
            let (reference, nginx) = match known {
                Some(known) => (known.reference.join(" or "), known.nginx.join(" or ")),
                None => (cell(one), cell(other)),
            };
            let _ = writeln!(page, "{}", row(&one.name, &reference, &nginx));
            reasons.extend(known.map(|known| known.reason));
        }
        reasons.dedup();
        for reason in reasons {
            let _ = write!(page, "\n{reason}\n");
        }
    }
    page
}

fn row(name: &str, reference: &str, nginx: &str) -> String {
    let nginx = match (reference == nginx, reference) {
        (true, "✓") | (false, _) => nginx,
        (true, _) => "same",
    };
    format!("| {} | {reference} | {nginx} |", escaped(name))
}

fn cell(check: &Check) -> String {
    match check.saw.as_deref() {
        Ok("") => "✓".to_owned(),
        Ok(saw) => escaped(saw),
        Err(_) => "✗".to_owned(),
    }
}

/// Text within a cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
