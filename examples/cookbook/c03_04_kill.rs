//! Kill a process: one is asked to end and does, one ignores that and is killed when its time is over.
//!
//! Answers recipe 3.4, `terminate` and `exitcode`; `c03_04_kill.py` is the same job in Python. To ask is `request_stop`, to kill is
//! `stop`, and `stop_within` asks first and kills after a grace. When a process counts as ended its OS process is gone: there
//! is no join to forget, and no zombie.
//!
//! Run: `cargo run --example c03_04_kill`
//!
//! ```text
//!  main --> polite, stubborn
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! polite runs: true
//! polite has ended with signal 15
//! polite runs: false
//! stubborn has ended by itself: false
//! stubborn runs: false
//! ```

use rendez::model::End;
use rendez::prelude::*;
use std::io::{BufRead, BufReader, pipe};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// Starts a script, and waits until it says that it runs.
async fn start(name: &str, script: &str) -> Outcome<Spawned<ExitStatus>> {
    let (printed, output) = pipe()?;
    let script = format!("{script} echo runs; exec sleep 3600");
    let child = spawn(Program::new("sh").named(name).args(["-c", &script]).stdout(output).status());
    let listen = blocking("listen", move || BufReader::new(printed).read_line(&mut String::new()));
    listen.await?;
    Ok(child)
}

#[rendez::main]
async fn main() -> Outcome {
    let polite = start("polite", "").await?;
    let process = polite.process();
    println!("polite runs: {}", process.os_pid().is_some());
    process.request_stop();
    println!("polite has ended with signal {}", polite.join().await?.signal().unwrap_or_default());
    println!("polite runs: {}", process.os_pid().is_some());

    let process = start("stubborn", "trap '' TERM;").await?.process();
    let end = process.stop_within(Duration::from_millis(100)).await;
    println!("stubborn has ended by itself: {}", end == End::Normal);
    println!("stubborn runs: {}", process.os_pid().is_some());
    Ok(())
}
