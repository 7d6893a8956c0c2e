//! The mutants of the document's file: how many are mended. With `HOPCHECK_ALL_CHANGES=1` all of them, with another number so many.

use std::path::Path;

use hopcheck_proving::mutants::{Catalogue, Mutant, mutants, sample};
use hopcheck_targets::conf::Source;

use crate::{Site, said};

/// What came of one mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Every promise is kept with the mends, as a run of its own says.
    Mended,
    /// Something is left, or nothing was proven.
    Left,
    /// No scenario of a usual run notices.
    Unnoticed,
    /// The engine refuses it, and no other name is near.
    Refused,
}

fn outcome(nginx: &Path, mutant: &Mutant) -> Outcome {
    let site = Site::of(&[("nginx.conf", &mutant.text)]);
    copy(nginx, site.0.path());
    let output = site.hopcheck(&["fix", "nginx.conf", "--report", "json", "--apply"]);
    let Ok(told) = serde_json::from_slice::<serde_json::Value>(&output.stdout) else {
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        return Outcome::Refused;
    };
    let has = |name: &str| !told[name].as_array().unwrap().is_empty();
    if output.status.code() != Some(0) {
        return Outcome::Left;
    }
    if !has("mends") {
        return Outcome::Unnoticed;
    }
    let ran = site.hopcheck(&["run", "nginx.conf", "--quiet", "--retry", "1"]);
    assert_eq!(ran.status.code(), Some(0), "{} is shown as mended: {}", mutant.full_name(), said(&ran));
    Outcome::Mended
}

/// What lies beside the configuration.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path() {
            path if path.is_dir() => copy(&path, &target),
            path if path.ends_with("nginx.conf") => {}
            path => drop(std::fs::copy(path, target).unwrap()),
        }
    }
}

#[test]
fn mutants_of_the_document_are_mended() {
    let Ok(wanted) = std::env::var("HOPCHECK_ALL_CHANGES") else { return };
    let nginx = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nginx");
    let original = Source::built_in();
    let (made, _) = mutants(&Catalogue::built_in().unwrap(), &original);
    let noticeable = made.into_iter().filter(|mutant| mutant.equivalent.is_none() && !mutant.slow).collect();
    let chosen = match wanted.parse() {
        Ok(count) if count > 1 => sample(noticeable, count, 1, true),
        _ => noticeable,
    };
    let (mut mended, mut left) = (0, Vec::new());
    for mutant in &chosen {
        let outcome = outcome(&nginx, mutant);
        eprintln!("{outcome:?}: {}", mutant.full_name());
        match outcome {
            Outcome::Mended => mended += 1,
            Outcome::Left | Outcome::Refused => left.push(mutant.full_name()),
            Outcome::Unnoticed => {}
        }
    }
    let noticed = mended + left.len();
    eprintln!("{mended} of {noticed} are mended");
    assert!(100 * mended >= 80 * noticed, "{mended} of {noticed} are mended, and not {left:#?}");
}
