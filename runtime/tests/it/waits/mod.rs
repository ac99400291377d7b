//! Deadlocks of many kinds are named with their cycle; look-alikes are not taken for certain.

mod asks;
mod later;
mod moving;
#[cfg(unix)]
mod outside;
mod parts;
mod seen;
mod stuck;
mod told;

use rendez_channels::{Receiver, channel_bounded};
use rendez_model::{ProcessId, Verdict};
use rendez_runtime::{Deadlock, News, Outcome, deadlocks, detached, dump, network, observe, run, spawn};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// How long the test waits for what the runtime promises within a second: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what is said of a cycle of these.
async fn said_of(reports: &Receiver<Deadlock>, members: &BTreeSet<ProcessId>, certain: bool) -> Outcome<Deadlock> {
    loop {
        let report = reports.recv().await?;
        let steps: BTreeSet<_> = report.cycle.steps.iter().map(|step| step.process).collect();
        let sure_enough = !certain || report.cycle.verdict == Verdict::Certain;
        if steps == *members && report.news != News::Over && sure_enough {
            return Ok(report);
        }
    }
}

#[test]
fn each_deadlock_is_named_with_its_cycle() {
    let missed = run(async {
        let mut missed = Vec::new();
        // Several at once, but no more than what is kept of reports.
        for some in stuck::PROGRAMS.chunks(8) {
            let checks: Vec<_> = some.iter().map(|&(name, program, sure)| spawn(check(name, program, sure))).collect();
            for check in checks {
                missed.extend(check.join().await?);
            }
        }
        Outcome::Ok(missed)
    });
    assert_eq!(missed.unwrap(), Vec::<&str>::new());
}

/// Runs a program until its deadlock is named; its own name if it is not.
async fn check(name: &'static str, program: fn() -> Vec<ProcessId>, certain: bool) -> Outcome<Option<&'static str>> {
    let reports = deadlocks();
    let (tell, told) = channel_bounded(1);
    let case = detached(async move {
        let _ = tell.try_send(program());
        std::future::pending::<Outcome>().await
    });
    let members = told.recv().await?.into_iter().collect();
    let said = tokio::time::timeout(PATIENCE, said_of(&reports, &members, certain)).await;
    // Its program never ends.
    case.stop();
    case.process().ended().await;
    Ok(if said.is_ok() { None } else { Some(name) })
}

/// How long it takes until a deadlock is named, by a clock that goes on only while nobody runs: the median of all. Where a look takes
/// long the next one is later, so that a single one says nothing on a busy machine.
fn named_after() -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let _observed = observe();
        let mut times = vec![];
        for &(name, program, certain) in stuck::PROGRAMS {
            let began = tokio::time::Instant::now();
            assert_eq!(check(name, program, certain).await, Ok(None));
            times.push(began.elapsed());
        }
        times.sort();
        times[times.len() / 2]
    })
}

/// How many of 2,000 deadlocks are in the picture before the patience is over.
fn named_of_many() -> usize {
    run(async {
        let case = spawn(async {
            (0..2_000).for_each(|_| drop(stuck::own_receive()));
            std::future::pending::<Outcome>().await
        });
        let all = async {
            while network().cycles.len() < 2_000 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, all).await;
        let named = network().cycles.len();
        // Its processes never end.
        case.stop();
        Outcome::Ok(named)
    })
    .unwrap()
}

/// Of these roots the one below which the members of a certain deadlock live. Other tests of this binary do have deadlocks, and at times
/// hundreds of processes: the picture is made once, and for nothing else.
fn taken_for_certain(report: &Deadlock, roots: impl IntoIterator<Item = ProcessId>) -> Option<ProcessId> {
    if report.news != News::Certain {
        return None;
    }
    let network = network();
    let parent = |&id: &ProcessId| network.nodes[0].process(id).and_then(|process| process.parent);
    let members = report.cycle.steps.iter().map(|step| step.process);
    let above: BTreeSet<_> = members.flat_map(|id| std::iter::successors(Some(id), parent)).collect();
    roots.into_iter().find(|root| above.contains(root))
}

#[test]
fn look_alikes_finish_and_are_never_taken_for_certain() {
    run(async {
        let reports = deadlocks();
        let cases: Vec<_> = moving::PROGRAMS.iter().map(|(name, program)| (*name, spawn(program()))).collect();
        let roots: BTreeMap<_, _> = cases.iter().map(|(name, case)| (case.process().id(), *name)).collect();
        let all = async move {
            for (name, case) in cases {
                case.join().await.unwrap_or_else(|failure| panic!("{name}: {failure}"));
            }
        };
        let mut all = std::pin::pin!(tokio::time::timeout(PATIENCE, all));
        loop {
            tokio::select! {
                ended = &mut all => break ended.unwrap_or_else(|_| panic!("some do not finish:\n{}", dump())),
                report = reports.recv() => {
                    let report = report.unwrap();
                    if let Some(own) = taken_for_certain(&report, roots.keys().copied()) {
                        panic!("{}: {report}", roots[&own]);
                    }
                }
            }
        }
        Outcome::Ok(())
    })
    .unwrap();
}

/// Runs rings that pause for an hour of their own, and fails at a certain deadlock of theirs.
fn an_hour_of_rings() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let _observed = observe();
        let reports = deadlocks();
        let pauses =
            [110_u32, 170, 230, 390, 410, 590, 730, 1_100].map(|ms| (3_600_000 / ms, Duration::from_millis(ms.into())));
        let rings = pauses.map(|(hops, pause)| detached(later::turning(hops, pause)));
        let roots = rings.each_ref().map(|ring| ring.process().id());
        let began = tokio::time::Instant::now();
        for ring in rings {
            ring.join().await.unwrap();
            while let Ok(report) = reports.try_recv() {
                assert_eq!(taken_for_certain(&report, roots), None, "{report}");
            }
        }
        assert!(began.elapsed() > Duration::from_secs(3_500), "it has taken its time, though not ours");
    });
}

/// Of the look-alikes, those that are of no use for an hour of a time that passes only while nobody runs: threads of their own help
/// them, or they run for long.
const IN_REAL_TIME: &[&str] = &[
    "a ring that moves",
    "an end lent to a thread",
    "a task of tokio that holds a waker",
    "a notification of tokio",
    "a process that computes",
    "a blocking process that sleeps",
    "a blocking process with a thread of its own",
    "an event that a thread has, too",
    "a condition that a thread has, too",
    "a condition in a choice that a thread has, too",
];

/// Starts look-alikes by chance, one every 0.6 to 1.4 s for an hour of their own, so that some are under way at any time, each at
/// another point of its own; fails at a certain deadlock. How many there were.
fn an_hour_of_churn() -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let _observed = observe();
        let reports = deadlocks();
        let programs: Vec<_> = moving::PROGRAMS.iter().filter(|(name, _)| !IN_REAL_TIME.contains(name)).collect();
        let (mut seed, mut under_way, mut ended) = (7_u64, VecDeque::new(), 0);
        let mut below = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        let began = tokio::time::Instant::now();
        while began.elapsed() < Duration::from_secs(3_600) {
            let (name, program) = programs[usize::try_from(below(programs.len() as u64)).unwrap()];
            under_way.push_back((name, detached(program())));
            tokio::time::sleep(Duration::from_millis(600 + below(800))).await;
            while let Ok(report) = reports.try_recv() {
                assert!(report.news != News::Certain, "{report}");
            }
            while under_way.len() > 10
                && let Some((name, oldest)) = under_way.pop_front()
            {
                oldest.join().await.unwrap_or_else(|failure| panic!("{name}: {failure}"));
                ended += 1;
            }
        }
        ended
    })
}
