//! The scenarios as one test among others, for `[[test]]` with `harness = false`: `--list`, and a part of a scenario's name,
//! are understood as by other tests. From here:
//!
//! ```sh
//! cargo run --example conformance -- --list
//! cargo run --example conformance -- preflight
//! ```

use std::process::ExitCode;

fn main() -> ExitCode {
    hopcheck::conformance::reference()
}
