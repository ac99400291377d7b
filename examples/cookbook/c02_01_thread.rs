//! Threads: three of them count vowels, each in a word of its own.
//!
//! Answers recipe 2.1, how to define a thread; `c02_01_thread.py` is the same job in Python.
//! A function becomes a thread by one line above it; what it has found out it returns.
//!
//! Run: `cargo run --example c02_01_thread`
//!
//! ```text
//!  main ---> count, count, count   (a thread each)
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! concurrency has 3 vowels
//! rendezvous has 4 vowels
//! rhythm has 0 vowels
//! ```

use rendez::prelude::*;

#[process(blocking)]
fn count(word: &'static str) -> Outcome<String> {
    let vowels = word.chars().filter(|letter| "aeiou".contains(*letter)).count();
    Ok(format!("{word} has {vowels} vowels"))
}

#[rendez::main]
async fn main() -> Outcome {
    let counted = par(["concurrency", "rendezvous", "rhythm"].map(count)).values().await?;
    println!("{}", counted.join("\n"));
    Ok(())
}
