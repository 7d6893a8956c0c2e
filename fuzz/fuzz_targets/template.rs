//! A configuration to be filled in, or what says how.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| hopcheck_templates::fuzzing::template(input));
