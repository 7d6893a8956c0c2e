//! The reference proxy as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    reference_proxy::server::main(std::env::args_os().skip(1))
}
