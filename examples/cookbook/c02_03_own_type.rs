//! A thread of one's own type: it knows how far to count, and has a body.
//!
//! Answers recipe 2.3, a thread in a subclass; `c02_03_own_type.py` is the same job in Python. Any type can say what
//! process it is, and is then spawned, put into a `par!` or awaited like any other.
//!
//! Run: `cargo run --example c02_03_own_type`
//!
//! ```text
//!  main ---> long, short   (a thread each)
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! long: 3 2 1 lift-off
//! short: 1 lift-off
//! ```

use rendez::IntoProcess;
use rendez::prelude::*;

struct Countdown {
    name: &'static str,
    from: u32,
}

impl Countdown {
    fn run(&self) -> String {
        let numbers = (1..=self.from).rev().map(|n| format!("{n} "));
        format!("{}: {}lift-off", self.name, numbers.collect::<String>())
    }
}

impl IntoProcess for Countdown {
    type Value = String;

    fn into_process(self) -> Process<String> {
        blocking(self.name, move || Outcome::Ok(self.run()))
    }
}

#[rendez::main]
async fn main() -> Outcome {
    let (long, short) = (Countdown { name: "long", from: 3 }, Countdown { name: "short", from: 1 });
    let (long, short) = par![long, short].values().await?;
    println!("{long}\n{short}");
    Ok(())
}
