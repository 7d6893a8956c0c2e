//! What a client sends to the reference proxy over HTTP/2.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| reference_proxy::fuzzing::http2(input));
