//! What a name server answers to the reference proxy.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| reference_proxy::fuzzing::name_server(input));
