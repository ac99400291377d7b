//! Who takes part in what: the benchmarks, each with its contenders. It runs nothing.

use crate::families::{Crossbeam, Kanal, Rendez, Tokio, TokioShared, TokioUnbounded};
use crate::family::{Capacity, Family};
use crate::networks::{Commstime, Many, Measured, Network, PingPong, Ring, Stream};
use crate::place::{Place, TASKS};

/// Messages after which a run over a channel without a bound is long enough: they may all be in memory at once.
const MOST_UNBOUNDED: u64 = 4_000_000;
/// Where sizing gives up.
const MOST: u64 = 1 << 40;

/// The capacity that is `1k` in a name.
const ONE_K: Capacity = Capacity::Bounded(1_024);

/// A benchmark and who takes part.
pub(crate) struct Bench {
    /// Its name, in the first column.
    pub(crate) name: String,
    /// Those who take part.
    pub(crate) contenders: Vec<Contender>,
    /// A size that is large enough however short it takes.
    pub(crate) most: u64,
}

/// One who takes part.
pub(crate) struct Contender {
    /// Its name, in the second column.
    pub(crate) name: String,
    /// Does about this many operations and checks the result.
    pub(crate) run: Box<dyn Fn(u64) -> Measured>,
}

/// All benchmarks, in the order in which they are measured.
pub(crate) fn benches() -> Vec<Bench> {
    let mut benches = vec![
        Bench::new("commstime", MOST, bounded(Commstime)),
        Bench::new("ring", MOST, tasks(Ring)),
        Bench::new("pingpong", MOST, bounded(PingPong)),
    ];
    for (suffix, capacity) in [("0", Capacity::Rendezvous), ("1k", ONE_K), ("unb", Capacity::Unbounded)] {
        for (name, producers) in [("spsc", 1), ("mpsc2", 2), ("mpsc8", 8)] {
            benches.push(stream(&format!("{name}_{suffix}"), Stream { producers, capacity }));
        }
    }
    for (suffix, capacity) in [("0", Capacity::Rendezvous), ("1k", ONE_K)] {
        let network = Many { pairs: 4, capacity };
        benches.push(Bench::new(&format!("mpmc4_{suffix}"), MOST, several_receivers(network)));
    }
    benches
}

fn stream(name: &str, network: Stream) -> Bench {
    match network.capacity {
        Capacity::Unbounded => Bench::new(name, MOST_UNBOUNDED, unbounded(network)),
        _ => Bench::new(name, MOST, bounded(network)),
    }
}

/// Those who run a network over channels with a bound.
fn bounded<N: Network<Rendez> + Network<Tokio> + Network<Kanal> + Network<Crossbeam>>(network: N) -> Vec<Contender> {
    [tasks(network), at::<Crossbeam, N>("crossbeam", &[Place::Threads], network)].into_iter().flatten().collect()
}

/// Those who run a network of more processes than there should be threads, over channels with a bound.
fn tasks<N: Network<Rendez> + Network<Tokio> + Network<Kanal>>(network: N) -> Vec<Contender> {
    let contenders = [
        at::<Rendez, N>("rendez", &TASKS, network),
        at::<Tokio, N>("tokio", &TASKS, network),
        at::<Kanal, N>("kanal", &TASKS, network),
    ];
    contenders.into_iter().flatten().collect()
}

/// Those who run a network over channels without a bound.
fn unbounded<N: Network<Rendez> + Network<TokioUnbounded> + Network<Kanal> + Network<Crossbeam>>(
    network: N,
) -> Vec<Contender> {
    let contenders = [
        at::<Rendez, N>("rendez", &TASKS, network),
        at::<TokioUnbounded, N>("tokio", &TASKS, network),
        at::<Kanal, N>("kanal", &TASKS, network),
        at::<Crossbeam, N>("crossbeam", &[Place::Threads], network),
    ];
    contenders.into_iter().flatten().collect()
}

/// Those who run a network over channels with several receivers.
fn several_receivers<N: Network<Rendez> + Network<TokioShared> + Network<Kanal> + Network<Crossbeam>>(
    network: N,
) -> Vec<Contender> {
    let contenders = [
        at::<Rendez, N>("rendez", &TASKS, network),
        at::<TokioShared, N>("tokio", &TASKS, network),
        at::<Kanal, N>("kanal", &TASKS, network),
        at::<Crossbeam, N>("crossbeam", &[Place::Threads], network),
    ];
    contenders.into_iter().flatten().collect()
}

/// A family at each of these places.
fn at<F: Family, N: Network<F>>(family: &str, places: &[Place], network: N) -> Vec<Contender> {
    places.iter().map(|&place| Contender::new::<F, N>(family, place, network)).collect()
}

impl Bench {
    fn new(name: &str, most: u64, contenders: Vec<Contender>) -> Self {
        Self { name: name.to_owned(), contenders, most }
    }
}

impl Contender {
    fn new<F: Family, N: Network<F>>(family: &str, place: Place, network: N) -> Self {
        let run = move |ops| place.run(network.run(place, ops));
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

    /// In a thread each, so that one that hangs can be named.
    fn run(bench: usize, contender: usize) -> Option<Measured> {
        let (answer, answered) = mpsc::channel();
        thread::spawn(move || answer.send((benches()[bench].contenders[contender].run)(OPERATIONS)));
        answered.recv_timeout(PATIENCE).ok()
    }

    #[test]
    fn every_pair_ends_with_a_right_result() {
        for (b, bench) in benches().iter().enumerate() {
            for (c, contender) in bench.contenders.iter().enumerate() {
                let pair = format!("{}, {}", bench.name, contender.name);
                let run = run(b, c).unwrap_or_else(|| panic!("{pair}: hung or panicked"));
                let run = run.unwrap_or_else(|error| panic!("{pair}: {error}"));
                assert!(run.ops >= OPERATIONS, "{pair}: {run:?}");
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let benches = benches();
        assert_eq!(benches.iter().map(|bench| &bench.name).collect::<BTreeSet<_>>().len(), benches.len());
        for bench in &benches {
            let names: BTreeSet<_> = bench.contenders.iter().map(|contender| &contender.name).collect();
            assert_eq!(names.len(), bench.contenders.len(), "{}", bench.name);
        }
    }
}
