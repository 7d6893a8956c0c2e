//! Repositories in small, one a file: what they hold, and what comes of it. `HOPCHECK_BLESS=1` writes the latter.
//!
//! A section begins with `-- PATH --`; the last, `-- open PATH [--env NAME=VALUE] --`, has what comes out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hopcheck_templates::{Overrides, address_warnings, open};

/// A repository in small.
struct Case {
    files: Vec<(String, String)>,
    /// What is opened, with the flags.
    command: String,
    expected: String,
}

impl Case {
    fn read(text: &str) -> Case {
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --")) {
                Some(name) => sections.push((name.to_owned(), String::new())),
                None => {
                    let (_, section) = sections.last_mut().expect("a case begins with a section");
                    section.push_str(line);
                    section.push('\n');
                }
            }
        }
        let (command, expected) = sections.pop().unwrap();
        let command = command.strip_prefix("open ").expect("the last section is what is opened").to_owned();
        Case { files: sections, command, expected }
    }

    /// What comes of it.
    fn run(&self) -> String {
        let directory = tempfile::tempdir().unwrap();
        // Nothing above it belongs to it.
        std::fs::create_dir(directory.path().join(".git")).unwrap();
        for (name, text) in &self.files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut words = self.command.split(' ');
        let path = directory.path().join(words.next().unwrap());
        let mut overrides = Overrides::default();
        let flags: Vec<&str> = words.collect();
        for flag in flags.chunks(2) {
            match flag {
                ["--env", variable] => overrides.argument(variable).unwrap(),
                ["--env-file", file] => overrides.file(&directory.path().join(file)).unwrap(),
                flag => panic!("{flag:?}"),
            }
        }
        outcome(&path, &overrides).replace(&format!("{}/", directory.path().display()), "")
    }
}

fn outcome(path: &Path, overrides: &Overrides) -> String {
    let mut out = String::new();
    match open(path, overrides) {
        Err(error) => writeln!(out, "error: {error}").unwrap(),
        Ok(None) => {
            writeln!(out, "a finished file").unwrap();
            let text = std::fs::read_to_string(path).unwrap();
            for warning in address_warnings(path, &path.display().to_string(), &text) {
                writeln!(out, "warning: {warning}").unwrap();
            }
        }
        Ok(Some(files)) => {
            files
                .warnings
                .iter()
                .chain(&files.address_warnings)
                .for_each(|warning| writeln!(out, "warning: {warning}").unwrap());
            files.refused.iter().for_each(|why| writeln!(out, "refused: {why}").unwrap());
            files.notes.iter().for_each(|note| writeln!(out, "note: {note}").unwrap());
            for file in &files.files {
                writeln!(out, "{} from {}", file.path, file.origin).unwrap();
                // Empty lines only keep the others where they are.
                let lines = file.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
                lines.for_each(|(nth, line)| writeln!(out, "{:>3} {line}", nth + 1).unwrap());
            }
        }
    }
    out
}

#[test]
fn what_comes_of_each_repository_is_as_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 24, "only {} cases", cases.len());
    let mut wrong = String::new();
    for path in cases {
        let text = std::fs::read_to_string(&path).unwrap();
        let case = Case::read(&text);
        let found = case.run();
        if found == case.expected {
            continue;
        }
        if std::env::var_os("HOPCHECK_BLESS").is_some() {
            let kept = &text[..text.len() - case.expected.len()];
            std::fs::write(&path, format!("{kept}{found}")).unwrap();
        }
        let _ = writeln!(wrong, "{}:\nexpected\n{}\nfound\n{found}", path.display(), case.expected);
    }
    assert!(wrong.is_empty(), "{wrong}");
}
