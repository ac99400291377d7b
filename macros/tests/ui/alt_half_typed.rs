//! Arms as they are while they are typed: the compiler knows what is before the dot, and the other arms stay whole.

use rendez::{Receiver, alt};

async fn a_guard(input: Receiver<u8>, quit: Receiver<()>) -> u8 {
    alt! {
        x = input.rec
        _ = quit.recv() => 5,
    }
}

async fn a_body(input: Receiver<u8>, quit: Receiver<()>) -> u8 {
    alt! {
        x = input.recv() => x.unwrap().lead
        quit = quit.recv() => quit.map_or(0, |()| 5),
    }
}

async fn no_body(input: Receiver<u8>, quit: Receiver<()>) {
    alt! {
        x = input.recv() =>
        mut _quit = quit.recv(), if true => {}
    }
}

async fn no_guard(quit: Receiver<()>) {
    alt! {
        x =
        _ = quit.recv() => {}
    }
}

async fn a_dot(input: Receiver<u8>) {
    alt! {
        x = input.
    }
}

fn main() {}
