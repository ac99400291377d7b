//! Arms that do not fit together, and a pattern that the compiler finds not to match always.

use rendez::{Receiver, alt, future};

async fn of_two_types(input: Receiver<u8>, quit: Receiver<()>) -> u8 {
    alt! {
        x = input.recv() => x.unwrap_or(0),
        _ = quit.recv() => "quit",
    }
}

async fn may_not_match() -> u8 {
    alt! {
        (0, x) = future(std::future::ready((0, 7))) => x,
    }
}

fn not_async(input: Receiver<u8>) {
    alt! {
        _ = input.recv() => {}
    }
}

fn main() {}
