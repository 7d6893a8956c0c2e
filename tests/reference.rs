//! Every scenario against the reference proxy.

fn main() -> std::process::ExitCode {
    hopcheck::conformance::reference()
}
