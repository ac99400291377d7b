//! Channel benchmarks beside what one would take instead: `cargo xtask bench commstime`. Not a timed test.
//!
//! Prints one line `bench,contender,ops,seconds,ns_per_op` per contender, the median of alternating runs, and on standard
//! error the ratios, which are what to judge by: they hold within one run only.

mod commstime;
mod contender;
mod measure;

use measure::Bench;
use std::process::ExitCode;

type Describe = fn() -> Bench;

/// One function a network.
const BENCHES: [(&str, Describe); 1] = [("commstime", commstime::bench)];

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let names: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some(unknown) = names.iter().find(|name| BENCHES.iter().all(|(known, _)| known != name)) {
        let known: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        eprintln!("error: there is no benchmark `{unknown}`; there is: {}", known.join(", "));
        return ExitCode::from(2);
    }
    println!("bench,contender,ops,seconds,ns_per_op");
    for (name, bench) in BENCHES {
        if !names.is_empty() && names.iter().all(|wanted| wanted != name) {
            continue;
        }
        if let Err(error) = measure::run(&bench()) {
            eprintln!("error: {name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
