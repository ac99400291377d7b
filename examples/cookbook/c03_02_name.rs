//! Name a process: two child OS processes say what they are called.
//!
//! Answers recipe 3.2, `Process(name=..)`; `c03_02_name.py` is the same job in Python. The name is that of the process in the
//! tree, so that it stands in the picture, in failures and in `rendez ps`; the child is told it as its zeroth argument, so
//! that it stands in the system's `ps` too.
//!
//! Run: `cargo run --example c03_02_name`
//!
//! ```text
//!  main --> indexer, then courier
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! starting indexer
//! exiting indexer
//! starting courier
//! exiting courier
//! the parent calls them indexer and courier
//! ```

use rendez::prelude::*;

fn work() {
    let name = std::env::args().next().unwrap_or_default();
    println!("starting {name}");
    println!("exiting {name}");
}

#[rendez::main]
async fn main() -> Outcome {
    if std::env::args().nth(1).is_some() {
        work();
        return Ok(());
    }
    let mut names = vec![];
    for name in ["indexer", "courier"] {
        let child = spawn(Program::this()?.named(name).arg("work"));
        names.push(child.process().name());
        child.join().await?;
    }
    println!("the parent calls them {}", names.join(" and "));
    Ok(())
}
