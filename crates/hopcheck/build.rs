//! How the program is linked.

use std::env;

/// A run starts the program hundreds of times, as the reference proxy. As a position-independent executable a development build
/// has 250 000 addresses relocated at each start, which takes twice as long as all the rest of it: it is linked at a fixed
/// address. A release build stays position-independent.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|found| found == value);
    if is("PROFILE", "debug") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
