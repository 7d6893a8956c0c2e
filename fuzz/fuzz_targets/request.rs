//! What a client sends to the reference proxy: a head, and what follows it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| reference_proxy::fuzzing::request(input));
