//! cargo fuzz run decoding
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rendez_wire::fuzz::decoding(bytes));
