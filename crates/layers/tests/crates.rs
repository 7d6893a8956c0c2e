//! Which crate of the workspace may use which, from the ground up.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A crate may use those of the layers below its own. `reference-proxy` and `mock-upstreams` know nothing of the suite,
/// nor of each other.
const LAYERS: [&[&str]; 9] = [
    // Reads nginx.conf; what is behind a proxy; the measure of this test.
    &["nginx-conf", "mock-upstreams", "layers"],
    // Runs an nginx.conf; what a site is; an nginx.conf as repositories hold it.
    &["reference-proxy", "hopcheck-site", "hopcheck-templates"],
    // Who asks; who reads the answers.
    &["hopcheck-clients", "hopcheck-report"],
    // A browser that asks.
    &["hopcheck-browser"],
    // What is asked.
    &["hopcheck-targets"],
    // The vocabulary and the World; nginx in a container; what asks a deployment, a configuration, or two, without scenarios.
    &[
        "hopcheck-container",
        "hopcheck-steps",
        "hopcheck-init",
        "hopcheck-watch",
        "hopcheck-diff",
        "hopcheck-explain",
    ],
    // What proves the suite; what proves a mend.
    &["hopcheck-proving", "hopcheck-fix"],
    // The program.
    &["hopcheck"],
    // Measures the proxy beside others.
    &["bench"],
];

#[test]
fn crates_use_only_what_lies_below_them() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--locked", "--format-version=1"])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let layer_of: BTreeMap<&str, usize> = LAYERS
        .iter()
        .enumerate()
        .flat_map(|(layer, crates)| crates.iter().map(move |name| (*name, layer)))
        .collect();
    let packages = metadata["packages"].as_array().unwrap();
    assert_eq!(packages.len(), layer_of.len(), "a crate has no layer, or a layer names a crate that is gone");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let own = *layer_of.get(name).unwrap_or_else(|| panic!("{name} has no layer"));
        // What only its tests use may lie anywhere.
        let used = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null());
        for used in used.filter_map(|dependency| dependency["name"].as_str()) {
            let below = layer_of.get(used).is_none_or(|layer| *layer < own);
            assert!(below, "{name} uses {used}, which does not lie below it");
        }
    }
}

/// The crates whose modules have no order of their own in a test beside them.
const SUITE: [&str; 15] = [
    "browser",
    "clients",
    "container",
    "diff",
    "explain",
    "fix",
    "hopcheck",
    "init",
    "proving",
    "report",
    "site",
    "targets",
    "templates",
    "watch",
    "../steps",
];

#[test]
fn no_files_of_the_suite_import_each_other_in_a_circle() {
    for folder in SUITE {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let cycles = layers::Modules::read(crates.join(folder)).unwrap().cycles();
        assert_eq!(cycles, Vec::<Vec<String>>::new(), "{folder}");
    }
}
