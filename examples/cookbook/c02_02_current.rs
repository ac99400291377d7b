//! The current thread: each says its name, which nobody has told it.
//!
//! Answers recipe 2.2, how to determine the current thread; `c02_02_current.py` is the same job in Python. A process
//! has an id, too, and the line that spawned it.
//!
//! Run: `cargo run --example c02_02_current`
//!
//! ```text
//!  main ---> first, then second, then greet   (a thread each)
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! first starts
//! first ends
//! second starts
//! second ends
//! greet starts
//! greet ends
//! ```

use rendez::current;
use rendez::prelude::*;

#[process(blocking)]
fn greet() -> Outcome {
    let name = current().map(|process| process.name()).unwrap_or_default();
    println!("{name} starts");
    println!("{name} ends");
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    // Who is not named has the name of its function.
    seq![greet().named("first"), greet().named("second"), greet()].await
}
