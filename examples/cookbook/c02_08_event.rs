//! An event: three runners wait for the shot, and run.
//!
//! Answers recipe 2.8, threads that synchronise by an event; `c02_08_event.py` is the same job in Python. Where the news
//! has content, send it instead.
//!
//! Run: `cargo run --example c02_08_event`
//!
//! ```text
//!  starter ---> shot ---> runner 1, runner 2, runner 3
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! on your marks
//! go
//! runner 1 runs
//! runner 2 runs
//! runner 3 runs
//! ```

use rendez::prelude::*;
use rendez::sync::Event;
use std::time::Duration;

#[process]
async fn starter(shot: Event) -> Outcome {
    println!("on your marks");
    after(Duration::from_millis(5)).await;
    println!("go");
    shot.set();
    Ok(())
}

#[process]
async fn runner(number: usize, shot: Event) -> Outcome<String> {
    shot.wait().await;
    Ok(format!("runner {number} runs"))
}

#[rendez::main]
async fn main() -> Outcome {
    let shot = Event::named("shot");
    let runners: Vec<_> = (1..=3).map(|n| runner(n, shot.clone()).named(format!("runner {n}"))).collect();
    let ((), ran) = par![starter(shot), par(runners).values()].values().await?;
    println!("{}", ran.join("\n"));
    Ok(())
}
