#!/usr/bin/env bash
# gherkin, the crate that Rust's cucumber reads features with: a backslash in a table's cell is taken only before `n`, `|` and `\`. A cell
# with `\d` or `\.`, as regular expressions have them, ends the whole feature, and the error names a line behind the end of the
# file rather than the cell's. Gherkin's own parser (@cucumber/gherkin) lets every other backslash stand for itself.
#
# Seen with gherkin 0.16.0 (crates.io) and @cucumber/gherkin 32.1.2 (npm) on 2026-11-29. Needs cargo, node and npm.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >table.feature <<'FEATURE'
Feature: F
  Scenario: S
    Given the paths:
      | app.js |
      | \d+    |
FEATURE

mkdir -p js rust/src
(cd js && npm init -y >/dev/null && npm install --silent --no-fund --no-audit @cucumber/gherkin@32.1.2 @cucumber/messages@27.2.0 >/dev/null)
cat >js/read.mjs <<'JS'
import { AstBuilder, GherkinClassicTokenMatcher, Parser } from '@cucumber/gherkin'
import { IdGenerator } from '@cucumber/messages'
import { readFileSync } from 'node:fs'
const parser = new Parser(new AstBuilder(IdGenerator.incrementing()), new GherkinClassicTokenMatcher())
const document = parser.parse(readFileSync('../table.feature', 'utf8'))
console.log(document.feature.children[0].scenario.steps[0].dataTable.rows[1].cells[0].value)
JS
official=$(cd js && node read.mjs)
echo "@cucumber/gherkin: the cell is $official"

cat >rust/Cargo.toml <<'TOML'
[package]
name = "read"
version = "0.0.0"
edition = "2021"

[dependencies]
gherkin = { version = "=0.16.0", default-features = false, features = ["parser"] }
TOML
cat >rust/src/main.rs <<'RUST'
fn main() {
    let text = std::fs::read_to_string("../table.feature").unwrap();
    let doubled = text.replace('\\', "\\\\");
    let table = |feature: gherkin::Feature| feature.scenarios[0].steps[0].table.clone().unwrap();
    println!("doubled, {}", table(gherkin::Feature::parse(doubled, gherkin::GherkinEnv::default()).unwrap()).rows[1][0]);
    match gherkin::Feature::parse(text, gherkin::GherkinEnv::default()) {
        Ok(feature) => println!("single, {}", table(feature).rows[1][0]),
        Err(error) => println!("single, {error}"),
    }
}
RUST
crate=$(cd rust && cargo run --quiet 2>/dev/null)
echo "the crate: $crate"
[ "$official" = '\d+' ] && [ "$crate" = $'doubled, \\d+\nsingle, Error at 6:1: {"_"}' ]
