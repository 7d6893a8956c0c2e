//! What either side of a STOMP session sends.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mock_upstreams::fuzzing::stomp(input));
