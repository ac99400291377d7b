//! Measuring contenders side by side: sizes first, then alternating runs, then medians and ratios. It knows no network.

use std::time::Duration;

/// How long one run should take; a size is enough when it takes more than 0.6 of it.
const TARGET: Duration = Duration::from_millis(1_000);
/// The operations that sizing starts with, and where it gives up.
const FIRST: u64 = 1_000;
const MOST: u64 = 1 << 40;
/// Runs of each contender; odd, so that one of them is the median.
const RUNS: usize = 5;

/// What one run of a contender did, or in a sentence what was wrong with its result.
pub(crate) type Measured = Result<Run, String>;

/// A benchmark and who takes part; the first two contenders are what the others are compared with.
pub(crate) struct Bench {
    /// Its name, in the first column.
    pub(crate) name: &'static str,
    /// Those who take part.
    pub(crate) contenders: Vec<Contender>,
}

/// One who takes part.
pub(crate) struct Contender {
    /// Its name, in the second column.
    pub(crate) name: &'static str,
    /// Runs about this many operations and checks the result.
    pub(crate) run: fn(u64) -> Measured,
}

/// What was done in which time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Operations.
    pub(crate) ops: u64,
    /// The time they took.
    pub(crate) time: Duration,
}

impl Run {
    fn ns_per_op(self) -> f64 {
        self.time.as_secs_f64() * 1e9 / self.ops as f64
    }
}

/// Measures all contenders and prints their medians and ratios.
///
/// # Errors
/// The first wrong result.
pub(crate) fn run(bench: &Bench) -> Result<(), String> {
    let sizes = bench.contenders.iter().map(size).collect::<Result<Vec<_>, _>>()?;
    let mut runs = vec![vec![]; bench.contenders.len()];
    for _ in 0..RUNS {
        for (contender, (size, runs)) in bench.contenders.iter().zip(sizes.iter().zip(&mut runs)) {
            runs.push((contender.run)(*size)?);
        }
    }
    for runs in &mut runs {
        runs.sort_by(|a, b| a.ns_per_op().total_cmp(&b.ns_per_op()));
    }
    print(bench, &runs);
    Ok(())
}

/// How many operations take this contender long enough. The runs that find it out warm the machine up, too.
fn size(contender: &Contender) -> Result<u64, String> {
    let mut ops = FIRST;
    while ops < MOST {
        let run = (contender.run)(ops)?;
        let share = run.time.as_secs_f64() / TARGET.as_secs_f64();
        if share >= 0.6 {
            return Ok(ops);
        }
        ops = (ops as f64 * (0.9 / share).clamp(1.3, 10.0)) as u64;
    }
    Err(format!("{} did {MOST} operations in no time", contender.name))
}

fn print(bench: &Bench, runs: &[Vec<Run>]) {
    let medians: Vec<Run> = runs.iter().map(|runs| runs[RUNS / 2]).collect();
    for (contender, run) in bench.contenders.iter().zip(&medians) {
        let seconds = run.time.as_secs_f64();
        println!("{},{},{},{seconds:.3},{:.1}", bench.name, contender.name, run.ops, run.ns_per_op());
    }
    eprintln!("\n{} (ns per operation, median of {RUNS}; ratio to each other)", bench.name);
    eprint!("{:<18}{:>8}{:>8}{:>8}", "", "median", "least", "most");
    bench.contenders.iter().for_each(|other| eprint!("  /{:<14}", other.name));
    eprintln!();
    for ((contender, median), runs) in bench.contenders.iter().zip(&medians).zip(runs) {
        let ns = median.ns_per_op();
        eprint!("{:<18}{ns:>8.1}{:>8.1}{:>8.1}", contender.name, runs[0].ns_per_op(), runs[RUNS - 1].ns_per_op());
        medians.iter().for_each(|other| eprint!("  {:<15.2}", ns / other.ns_per_op()));
        eprintln!();
    }
}
