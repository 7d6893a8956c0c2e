//! What is told is what is kept: on the page of the command, and of a few sites. With `HOPCHECK_BLESS=1` it is written there.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::{root, run};

/// The beginning of a line with a command.
const PROMPT: &str = "$ hopcheck explain ";

/// The words of a command line, with those in single quotes as one.
fn words(line: &str) -> Vec<String> {
    let word = Regex::new(r"'([^']*)'|(\S+)").unwrap();
    let words = word.captures_iter(line);
    words.map(|found| found.get(1).or(found.get(2)).unwrap().as_str().to_owned()).collect()
}

/// What a command prints, without what changes from run to run.
fn printed(line: &str) -> String {
    let words = words(line);
    let output = run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let varying = Regex::new(
        r#"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|"[0-9a-f]{8}-[0-9a-f]+""#,
    )
    .unwrap();
    varying.replace_all(&text, "…").into_owned()
}

/// A page with what its commands print now. A block of code ends the output of a command.
fn renewed(page: &str) -> String {
    let mut out = String::new();
    let mut is_output = false;
    for line in page.split_inclusive('\n') {
        if line.starts_with("```") {
            is_output = false;
        }
        if let Some(command) = line.strip_prefix(PROMPT) {
            out += line;
            out += &printed(command);
            is_output = true;
        } else if !is_output {
            out += line;
        }
    }
    out
}

fn check(path: &Path) {
    let kept = fs::read_to_string(path).unwrap();
    assert!(kept.contains(PROMPT), "{} has no command", path.display());
    let now = renewed(&kept);
    if std::env::var_os("HOPCHECK_BLESS").is_some() {
        return fs::write(path, &now).unwrap();
    }
    assert!(kept == now, "{} is not what is told now:\n{now}", path.display());
}

#[test]
fn the_page_has_what_is_printed() {
    check(&root().join("docs/use/explain.md"));
}

#[test]
fn sites_are_explained_as_it_is_kept() {
    let mut files: Vec<_> =
        fs::read_dir(root().join("tests/explain/told")).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(files.len() > 4);
    files.iter().for_each(|file| check(file));
}
