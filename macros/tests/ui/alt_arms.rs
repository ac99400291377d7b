//! Arms that lack a part, or have one that cannot be.

use rendez::{Ended, Receiver, Sender, alt};

async fn no_pattern(input: Receiver<u8>) {
    alt! {
        input.recv() => {}
    }
}

async fn no_body(input: Receiver<u8>, quit: Receiver<()>) {
    alt! {
        x = input.recv(),
        _ = quit.recv() =>
    }
}

async fn no_guard() {
    alt! {}
}

async fn only_else() {
    alt! { else => {} }
}

async fn else_first(input: Receiver<u8>) {
    alt! {
        else => {}
        _ = input.recv() => {}
    }
}

async fn a_pattern_that_may_not_match(input: Receiver<u8>, output: Sender<u8>) -> Result<(), Ended> {
    alt! {
        Ok(x) = input.recv() => output.send(x).await.map_err(|error| error.into_cause()),
    }
}

async fn no_comma(input: Receiver<u8>, quit: Receiver<()>) {
    alt! {
        x = input.recv() => drop(x)
        _ = quit.recv() => drop(quit.id()),
    }
}

fn main() {}
