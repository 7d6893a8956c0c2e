//! The body of a response, on its way to the client.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| reference_proxy::fuzzing::body(input));
