//! What a choice cannot wait for.

use rendez::{Receiver, Sender, alt, future};

async fn the_end_itself(input: Receiver<u8>) {
    alt! {
        _ = input => {}
    }
}

async fn a_plain_future(input: Receiver<u8>) {
    alt! {
        _ = input.recv() => {}
        _ = std::future::ready(5) => {}
    }
}

async fn a_future_that_stays_on_its_thread(input: Receiver<u8>) {
    let shared = std::rc::Rc::new(5);
    alt! {
        _ = input.recv() => {}
        _ = future(async { *shared }) => {}
    }
}

async fn the_wrong_end(output: Sender<u8>) {
    alt! {
        _ = output.recv() => {}
    }
}

async fn a_value_of_the_wrong_type(input: Receiver<u8>, output: Sender<u8>) {
    alt! {
        _ = input.recv() => {}
        _ = output.send("five") => {}
    }
}

fn main() {}
