//! Benchmarks beside what one would take instead: `cargo xtask bench channels`, `cargo xtask bench runtime`. No timed test.
//!
//! A *family* is a channel as one library makes it, a *troupe* actors as one makes them, a *network* is processes over any
//! family, or actors of any troupe, a *place* is where they run. A contender is a family or troupe at a place; a benchmark is a network and its contenders. Each contender runs in
//! a child process of its own, which is asked for one run after the other in turn with the others.

mod bench;
mod channels;
mod child;
mod families;
mod family;
mod measure;
mod networks;
mod options;
mod place;
mod runtime;
mod table;
mod troupe;
mod troupes;

use bench::Benches;
use options::{Options, Wanted};
use std::process::ExitCode;

/// The program that measures channels: what its command line names.
#[must_use]
pub fn channels() -> ExitCode {
    program(channels::benches)
}

/// The program that measures what runs processes: what its command line names.
#[must_use]
pub fn runtime() -> ExitCode {
    program(runtime::benches)
}

fn program(benches: Benches) -> ExitCode {
    let benches = benches();
    match Options::parse(std::env::args().skip(1), &benches) {
        Ok(Wanted::Measure(options)) => measure::all(&benches, &options),
        Ok(Wanted::Child { bench, contender }) => child::serve(&benches, &bench, &contender),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
