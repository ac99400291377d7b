//! Two clerks each insist on giving first: a deadlock, named while the shop goes on, and what can be done about it.
//!
//! Run: `cargo run --example deadlock`
//!
//! ```text
//!  left ----to-right----> right
//!   ^                       |
//!   +-------to-left---------+
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! deadlock: `left` (..) waits to send on `to-right`, where only `right` (..) can receive there; `right` (..) waits to send on `to-left`, where only `left` (..) can receive there
//!   p.. was spawned at examples/deadlock.rs:..
//!   p.. was spawned at examples/deadlock.rs:..
//! their scope has ended: deadlock: `left` (..) waits to send on `to-right`, where only `right` (..)..
//! meanwhile the shop has served .. customers
//! ```

use rendez::prelude::*;
use rendez::{News, OnDeadlock, deadlocks, on_deadlock};
use std::time::Duration;

/// Sends what it has and then receives: two of these, crossed, wait for each other for ever.
#[process]
async fn stubborn(output: Sender<&'static str>, input: Receiver<&'static str>) -> Outcome {
    output.send("after you").await?;
    input.recv().await?;
    Ok(())
}

#[process]
async fn shop(end: Receiver<()>) -> Outcome<u32> {
    let mut served = 0;
    loop {
        alt! {
            _ = end.next() => return Ok(served),
            _ = after(Duration::from_millis(20)) => served += 1,
        }
    }
}

#[rendez::main]
async fn main() -> Outcome {
    // A certain deadlock fails its scope: here the one of the two clerks.
    on_deadlock(OnDeadlock::FailScope);
    let reports = deadlocks();
    let (close, closed) = channel();
    let shop = spawn(shop(closed));

    let (to_right, from_left) = channel_named("to-right", ChannelKind::Rendezvous);
    let (to_left, from_right) = channel_named("to-left", ChannelKind::Rendezvous);
    let clerks = spawn(async move {
        let (left, right) = (stubborn(to_right, from_right).named("left"), stubborn(to_left, from_left).named("right"));
        Outcome::Ok(par![left, right].await.err().map(|failure| failure.to_string()))
    });

    let report = reports.recv().await?;
    println!("{report}");
    assert_eq!(report.news, News::Certain, "both keep their ends");
    match clerks.join().await? {
        Some(failure) => println!("their scope has ended: {failure}"),
        None => println!("they have met"),
    }
    close.send(()).await?;
    println!("meanwhile the shop has served {} customers", shop.join().await?);
    Ok(())
}
