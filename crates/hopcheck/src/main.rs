//! The `hopcheck` program.

fn main() -> std::process::ExitCode {
    hopcheck::cli::main()
}
