//! A configuration, as the reference proxy reads it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| reference_proxy::fuzzing::config(input));
