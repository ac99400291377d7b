//! Measuring contenders side by side: sizes first, then alternating runs. It knows no network and prints no table.

use crate::bench::{Bench, Size};
use crate::child::Worker;
use crate::networks::{Measured, Run};
use crate::options::Options;
use crate::table::Row;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Measures all benchmarks that are wanted. Fails if a contender did, after all others have been measured.
pub(crate) fn all(benches: &[Bench], options: &Options) -> ExitCode {
    println!("{}", crate::table::HEADER);
    let mut failures = 0;
    for bench in benches.iter().filter(|bench| options.wants(&bench.name)) {
        let mut contest = Contest::begin(bench, options);
        contest.run(options.runs);
        failures += contest.failures;
        let rows: Vec<Row> = contest.entrants.into_iter().filter_map(Entrant::row).collect();
        crate::table::print(&bench.name, &rows);
    }
    ExitCode::from(u8::from(failures > 0))
}

/// One benchmark while it is measured.
struct Contest<'a> {
    bench: &'a Bench,
    entrants: Vec<Entrant>,
    failures: usize,
}

struct Entrant {
    name: String,
    /// Its process, unless each run has one of its own.
    worker: Option<Worker>,
    ops: u64,
    runs: Vec<Run>,
}

impl<'a> Contest<'a> {
    /// Starts and sizes all contenders.
    fn begin(bench: &'a Bench, options: &Options) -> Self {
        let mut contest = Self { bench, entrants: vec![], failures: 0 };
        for contender in &bench.contenders {
            progress(&format!("{}: sizing {}", bench.name, contender.name));
            match Entrant::begin(bench, &contender.name, options) {
                Ok(entrant) => contest.entrants.push(entrant),
                Err(error) => contest.failed(&contender.name, &error),
            }
        }
        contest
    }

    /// Runs all contenders in turn, so often; who fails is out.
    fn run(&mut self, runs: usize) {
        for round in 1..=runs {
            for mut entrant in std::mem::take(&mut self.entrants) {
                progress(&format!("{}: run {round} of {runs}, {}", self.bench.name, entrant.name));
                match entrant.run(&self.bench.name) {
                    Ok(run) => {
                        entrant.runs.push(run);
                        self.entrants.push(entrant);
                    }
                    Err(error) => self.failed(&entrant.name, &error),
                }
            }
        }
        progress("");
    }

    fn failed(&mut self, contender: &str, error: &str) {
        progress("");
        eprintln!("error: {}, {contender}: {error}", self.bench.name);
        self.failures += 1;
    }
}

impl Entrant {
    fn begin(bench: &Bench, contender: &str, options: &Options) -> Result<Self, String> {
        let (worker, ops) = match bench.size {
            Size::Fixed(ops) => (None, ops),
            Size::Timed | Size::AtMost(_) => {
                let mut worker = Worker::start(&bench.name, contender)?;
                let ops = worker.size(options.target)?.ops;
                (Some(worker), ops)
            }
        };
        Ok(Self { name: contender.to_owned(), worker, ops, runs: vec![] })
    }

    fn run(&mut self, bench: &str) -> Measured {
        match &mut self.worker {
            Some(worker) => worker.run(self.ops),
            None => Worker::start(bench, &self.name)?.run(self.ops),
        }
    }

    fn row(self) -> Option<Row> {
        Row::new(self.name, self.runs)
    }
}

/// Says what is being done, in the line that the last such sentence stands in, where somebody looks at it.
fn progress(what: &str) {
    let mut to = std::io::stderr();
    if !to.is_terminal() {
        return;
    }
    // Where nobody reads it, measuring goes on.
    let _ = write!(to, "\r\x1b[K{what}").and_then(|()| to.flush());
}
