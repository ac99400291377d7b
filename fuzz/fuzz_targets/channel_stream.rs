//! cargo fuzz run channel_stream
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rendez_net::proto::fuzz::channel_stream(bytes));
