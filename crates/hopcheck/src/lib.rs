//! The `hopcheck` program.
//!
//! [`cli`] is the command line: one module per command parses its arguments with clap, calls the crates below (`steps` and
//! `report` for runs, `watch`, `init`, `proving`) and returns an exit code. It also handles interrupts, so that whatever a
//! command has started is stopped, and the hidden subcommands by which this program becomes the reference proxy or
//! another child process.
//!
//! [`conformance`] runs the scenarios under `cargo test`, one test per target.

pub mod cli;
pub mod conformance;
