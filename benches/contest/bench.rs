//! A benchmark: a network and the contenders that run it, each in a child process of its own. Which ones there are is in `channels` and `runtime`.

use crate::networks::{Measured, Network};
use crate::place::Place;

/// A benchmark and who takes part.
pub(crate) struct Bench {
    /// Its name, in the first column.
    pub(crate) name: String,
    /// How large a run is.
    pub(crate) size: Size,
    /// Those who take part.
    pub(crate) contenders: Vec<Contender>,
}

/// How many operations a run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// As many as take long enough.
    Timed,
    /// The same, but not more than this.
    AtMost(u64),
    /// This many, and each run in a fresh process.
    Fixed(u64),
}

/// One who takes part.
pub(crate) struct Contender {
    /// Its name, in the second column.
    pub(crate) name: String,
    /// Does about this many operations and checks the result.
    pub(crate) run: Box<dyn Fn(u64) -> Measured>,
}

/// All benchmarks of a program, in the order in which they are measured.
pub(crate) type Benches = fn() -> Vec<Bench>;

/// A list of contenders: a network, and for each family its name and its places.
macro_rules! contenders {
    ($network:expr; $($name:literal: $family:ty, $places:expr;)*) => {{
        let (network, mut contenders) = ($network, vec![]);
        $(contenders.extend($places.iter().map(|&place| $crate::bench::Contender::new::<$family, _>($name, place, network)));)*
        contenders
    }};
}
pub(crate) use contenders;

impl Bench {
    /// A benchmark.
    pub(crate) fn new(name: &str, size: Size, contenders: Vec<Contender>) -> Self {
        Self { name: name.to_owned(), size, contenders }
    }
}

impl Contender {
    /// A family, or a troupe, in a network, at a place.
    pub(crate) fn new<F: 'static, N: Network<F>>(family: &str, place: Place, network: N) -> Self {
        let run = move |ops| place.run(Box::pin(network.run(ops)));
        Self { name: format!("{family}-{place}"), run: Box::new(run) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    const OPERATIONS: u64 = 100;
    /// Far more than any pair takes, so that a hung one is named.
    const PATIENCE: Duration = Duration::from_secs(60);

    const PROGRAMS: [Benches; 2] = [crate::channels::benches, crate::runtime::benches];

    /// In a thread each, so that one that hangs can be named.
    fn run(benches: Benches, bench: usize, contender: usize) -> Option<Measured> {
        let (answer, answered) = mpsc::channel();
        thread::spawn(move || answer.send((benches()[bench].contenders[contender].run)(OPERATIONS)));
        answered.recv_timeout(PATIENCE).ok()
    }

    fn all_end_with_a_right_result(benches: Benches) {
        for (b, bench) in benches().iter().enumerate() {
            for (c, contender) in bench.contenders.iter().enumerate() {
                let pair = format!("{}, {}", bench.name, contender.name);
                let run = run(benches, b, c).unwrap_or_else(|| panic!("{pair}: hung or panicked"));
                let run = run.unwrap_or_else(|error| panic!("{pair}: {error}"));
                assert!(run.ops >= OPERATIONS, "{pair}: {run:?}");
            }
        }
    }

    #[test]
    fn every_pair_of_channels_ends_with_a_right_result() {
        all_end_with_a_right_result(crate::channels::benches);
    }

    #[test]
    fn every_pair_of_the_runtime_ends_with_a_right_result() {
        all_end_with_a_right_result(crate::runtime::benches);
    }

    #[test]
    fn names_are_unique() {
        for benches in PROGRAMS.map(|benches| benches()) {
            assert_eq!(benches.iter().map(|bench| &bench.name).collect::<BTreeSet<_>>().len(), benches.len());
            for bench in &benches {
                let names: BTreeSet<_> = bench.contenders.iter().map(|contender| &contender.name).collect();
                assert_eq!(names.len(), bench.contenders.len(), "{}", bench.name);
            }
        }
    }
}
