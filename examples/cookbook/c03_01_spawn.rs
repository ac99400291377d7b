//! Spawn a process: five child OS processes, one after another, each calls a function with its number.
//!
//! Answers recipe 3.1, `Process(target=..)`; `c03_01_spawn.py` is the same job in Python. A child is this program again,
//! and what it is to do is in its arguments. It is a process of the tree like any other: spawned,
//! joined, and ended with its scope.
//!
//! Run: `cargo run --example c03_01_spawn`
//!
//! ```text
//!  main --> child 0, then child 1, .. child 4
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! called in child process 0
//! child 0 ended with exit status: 0
//! called in child process 1
//! child 1 ended with exit status: 0
//! called in child process 2
//! child 2 ended with exit status: 0
//! called in child process 3
//! child 3 ended with exit status: 0
//! called in child process 4
//! child 4 ended with exit status: 0
//! ```

use rendez::prelude::*;

fn call(number: &str) {
    println!("called in child process {number}");
}

#[rendez::main]
async fn main() -> Outcome {
    if let Some(number) = std::env::args().nth(1) {
        call(&number);
        return Ok(());
    }
    for number in 0..5 {
        let child = spawn(Program::this()?.arg(number.to_string()).status());
        println!("child {number} ended with {}", child.join().await?);
    }
    Ok(())
}
