//! A process as a type of one's own: what it is given are its fields, what it does is a method that runs in a child OS process.
//!
//! Answers recipe 3.5, a subclass of `Process`; `c03_05_subclass.py` is the same job in Python. There is nothing to inherit from: a
//! type that says how it becomes a process can be spawned, stands in a `par!` and below a supervisor like any other.
//!
//! Run: `cargo run --example c03_05_subclass`
//!
//! ```text
//!  main --> greeter 0, then greeter 1, then greeter 2
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! hello from greeter 0
//! hello from greeter 1
//! hello from greeter 2
//! ```

use rendez::IntoProcess;
use rendez::prelude::*;

struct Greeter {
    program: Program,
    number: u32,
}

impl Greeter {
    fn new(number: u32) -> Outcome<Self> {
        Ok(Self { program: Program::this()?, number })
    }

    /// What it does, in its own OS process.
    fn run(name: &str) {
        println!("hello from {name}");
    }
}

impl IntoProcess for Greeter {
    type Value = ();

    fn into_process(self) -> Process {
        self.program.named(format!("greeter {}", self.number)).arg("greet").into_process()
    }
}

#[rendez::main]
async fn main() -> Outcome {
    if let (Some(name), Some(_)) = (std::env::args().next(), std::env::args().nth(1)) {
        Greeter::run(&name);
        return Ok(());
    }
    for number in 0..3 {
        par![Greeter::new(number)?].await?;
    }
    Ok(())
}
