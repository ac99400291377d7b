//! Channel benchmarks beside what one would take instead: `cargo xtask bench channels`. No timed test.
//!
//! A *family* is a channel as one library makes it, a *network* is processes over any family, a *place* is where the
//! processes run. A contender is a family at a place; a benchmark is a network and its contenders. Each contender runs in
//! a child process of its own, which is asked for one run after the other in turn with the others.

mod child;
mod choose;
mod families;
mod family;
mod measure;
mod networks;
mod options;
mod place;
mod table;

use options::{Options, Wanted};
use std::process::ExitCode;

/// The program: measures what the command line names.
#[must_use]
pub fn channels() -> ExitCode {
    match Options::parse(std::env::args().skip(1), &choose::benches()) {
        Ok(Wanted::Measure(options)) => measure::all(&options),
        Ok(Wanted::Child { bench, contender }) => child::serve(&bench, &contender),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
