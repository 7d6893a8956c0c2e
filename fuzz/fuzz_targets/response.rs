//! What an app server sends to the reference proxy: heads, and what follows them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| reference_proxy::fuzzing::response(input));
