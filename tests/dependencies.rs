//! What hopcheck is built of, held to `deny.toml` without `cargo deny`: each crate's licence, and where it comes from.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Whether an SPDX expression can be met with these licences alone. The `/` of older crates is an OR.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = spdx::Expression::parse_mode(expression, spdx::ParseMode::LAX);
    expression.is_ok_and(|expression| expression.evaluate(|licence| allowed.contains(&licence.to_string())))
}

#[test]
fn every_dependency_has_a_licence_and_a_source_that_deny_toml_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let deny: toml::Table = std::fs::read_to_string(root.join("deny.toml")).unwrap().parse().unwrap();
    let allowed = deny["licenses"]["allow"].as_array().unwrap().iter();
    let allowed: BTreeSet<String> = allowed.map(|licence| licence.as_str().unwrap().to_owned()).collect();

    // Of other systems nothing need be on this machine.
    let host = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version=1", "--filter-platform", host])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();

    let packages = metadata["packages"].as_array().unwrap();
    let wrong = packages.iter().filter_map(|package| {
        let name = &package["id"];
        let licence = package["license"].as_str().unwrap_or("none");
        if !is_met(licence, &allowed) {
            return Some(format!("{name}: {licence}"));
        }
        // Crates of the workspace have no source; a registry has an index, a repository would have none.
        let source = package["source"].as_str()?;
        (!source.starts_with("registry+")).then(|| format!("{name} comes from {source}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
    assert!(packages.len() > 100, "that is not all: {}", packages.len());
}

#[test]
fn expressions_are_read_as_spdx_has_them() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-3.0-only", true),
        ("MIT/GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("ISC AND (GPL-3.0-only OR MIT)", true),
        ("(MIT OR GPL-3.0-only) AND GPL-2.0-only", false),
        ("Apache-2.0 WITH LLVM-exception OR Apache-2.0", true),
        ("Apache-2.0", false),
        ("", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}
