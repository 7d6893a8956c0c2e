//! Every scenario against nginx in a container.

fn main() -> std::process::ExitCode {
    hopcheck::conformance::nginx()
}
