//! cargo fuzz run control_stream
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rendez_net::proto::fuzz::control_stream(bytes));
