//! Run a process in the background: one that is waited for, and one that ends with the program.
//!
//! Answers recipe 3.3, `daemon=True`; `c03_03_background.py` is the same job in Python. A process that is spawned belongs to its
//! scope, which waits for it; one that is `detached` belongs to nobody, and ends with the program at the latest, also when
//! that is killed.
//!
//! Run: `cargo run --example c03_03_background`
//!
//! ```text
//!  main --> foreground        background
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! background starts
//! foreground starts
//! foreground exits
//! the background still runs: true
//! ```

use rendez::detached;
use rendez::prelude::*;
use std::io::{BufRead, BufReader, pipe};
use std::time::Duration;

async fn work(name: &str) -> Outcome {
    println!("{name} starts");
    let takes = if name == "background" { Duration::from_secs(3600) } else { Duration::from_millis(50) };
    after(takes).await;
    println!("{name} exits");
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    let name = std::env::args().nth(1);
    if let Some(name) = name {
        return work(&name).await;
    }
    let (printed, output) = pipe()?;
    let background = detached(Program::this()?.named("background").arg("background").stdout(output));
    let first_line = blocking("listen", move || BufReader::new(printed).lines().take(1).collect::<Result<String, _>>());
    println!("{}", first_line.await?);
    spawn(Program::this()?.named("foreground").arg("foreground")).join().await?;
    println!("the background still runs: {}", background.process().os_pid().is_some());
    Ok(())
}
