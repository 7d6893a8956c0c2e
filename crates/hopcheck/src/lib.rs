//! The `hopcheck` program: its commands, and what `cargo test` runs of the scenarios.

#[macro_use]
extern crate hopcheck_report;

pub mod cli;
pub mod conformance;
