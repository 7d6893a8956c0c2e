//! What another proxy says to the reference proxy before its client does.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| reference_proxy::fuzzing::proxy_header(input));
