//! cargo fuzz run framing
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rendez_wire::fuzz::framing(bytes));
