//! For tests: a network in a time of its own, where nobody is left behind; a probe, and a look at who is blocked. No product uses it.

use crate::explore::{Explored, explore};
use crate::{Failure, IntoOutcome, Outcome, ProcessRef, executor};
use rendez_channels::{ChannelOptions, Ended, Overflow, Receiver, Sender, at, clock};
use rendez_model::State;
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// The variable that says from which seed on a test runs.
const SEED: &str = "RENDEZ_SEED";

/// How a test is run; what the arguments of `#[rendez::test]` say.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// So many schedules by chance, besides the one in turn.
    pub schedules: u64,
    /// All schedules.
    pub exhaustive: bool,
}

/// What `#[rendez::test]` expands to: explores the test and panics with what is wrong.
///
/// # Panics
/// If a schedule has a fault.
#[doc(hidden)]
#[track_caller]
pub fn run_test<F, N>(how: How, test: F)
where
    F: Fn() -> N + Send + Sync + 'static,
    N: Future<Output: IntoOutcome> + Send + 'static,
{
    let explored = explored(how, test);
    let Some(fault) = &explored.fault else { return };
    let again = fault.seed.map_or_else(String::new, |seed| format!("\nagain by its seed: {SEED}={seed}"));
    panic!("{explored}\n{fault}{again}");
}

fn explored<F, N>(how: How, test: F) -> Explored
where
    F: Fn() -> N + Send + Sync + 'static,
    N: Future<Output: IntoOutcome> + Send + 'static,
{
    let explore = explore(test).may_lose_values();
    match (std::env::var(SEED), how.exhaustive) {
        (Ok(seed), _) => {
            let seed =
                seed.parse().unwrap_or_else(|_| panic!("{SEED} is `{seed}`: write the number that a test has printed"));
            explore.randomly(seed, how.schedules.max(1))
        }
        (Err(_), true) => explore.exhaustively(),
        (Err(_), false) => explore.randomly(executor::seed() >> 1, how.schedules),
    }
}

/// Waits until nobody else can go on without time passing.
///
/// # Errors
/// Where no exploration runs: in a test without `#[rendez::test]`, say.
///
/// # Cancel safety
/// Nothing is lost.
pub async fn settled() -> Outcome {
    let on = executor::controlled().ok_or_else(|| {
        Failure::new("only an explored network settles: write #[rendez::test], or run it in explore(..)")
    })?;
    on.settled().await;
    Ok(())
}

/// Asserts that a process waits for other processes, once all others have gone as far as they can without time passing.
///
/// # Errors
/// As [`settled`].
///
/// # Panics
/// If it can go on, waits for a time, or has ended.
///
/// # Cancel safety
/// Nothing is lost.
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::{Outcome, explore, spawn, testing::assert_blocked};
///
/// explore(|| async {
///     let (tx, rx) = channel::<u8>();
///     let waits = spawn(async move { Outcome::Ok(rx.recv().await?) });
///     assert_blocked(&waits.process()).await?;
///     tx.send(1).await?;
///     waits.join().await
/// })
/// .exhaustively()
/// .assert_sound();
/// ```
#[track_caller]
pub fn assert_blocked(process: &ProcessRef) -> impl Future<Output = Outcome> + Send + use<> {
    let (process, asked_at) = (process.clone(), std::panic::Location::caller());
    async move {
        settled().await?;
        let network = crate::network();
        let (id, name) = (process.id(), process.inspect().name);
        let found = network.nodes.iter().find_map(|node| node.process(id));
        let state = found.map_or(State::Waiting, |process| process.state.clone());
        assert!(matches!(state, State::Blocked { .. }), "`{name}` is not blocked at {asked_at}: it is {state:?}");
        Ok(())
    }
}

/// A receiver for tests: it says what it expects, and fails the test with words of its own.
///
/// Give its [sender](Self::sender) to what is tested, as the channel of an answer, of events, of a subscription. It never keeps a sender
/// waiting, and holds [`PROBE_MAX`] values; one that was given more fails the test when it is asked next.
///
/// ```
/// use rendez_runtime::{Outcome, explore, spawn, testing::Probe};
/// use std::time::Duration;
///
/// explore(|| async {
///     let probe = Probe::new("answers");
///     let answers = probe.sender();
///     spawn(async move { Outcome::Ok(answers.send(42).await?) });
///     probe.expect(42).await;
///     probe.expect_nothing(Duration::from_secs(60)).await;
/// })
/// .exhaustively()
/// .assert_sound();
/// ```
pub struct Probe<T: Send + 'static> {
    inlet: Sender<T>,
    outlet: Receiver<T>,
}

/// How many values a probe holds that nobody has asked it for.
pub const PROBE_MAX: usize = 1024;
/// For how long a probe waits, in the network's own time.
const PATIENCE: Duration = Duration::from_secs(60);

impl<T: Send + 'static> Probe<T> {
    /// A probe with a name, which its channel has too.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let (inlet, outlet) = ChannelOptions::bounded(PROBE_MAX).overflow(Overflow::DropNewest).name(name).open();
        Self { inlet, outlet }
    }

    /// An end for what is tested.
    #[must_use]
    pub fn sender(&self) -> Sender<T> {
        self.inlet.clone()
    }

    /// The next value, whatever it is.
    ///
    /// # Panics
    /// If none comes within a minute, or the probe was given more than it holds.
    ///
    /// # Cancel safety
    /// As [`Receiver::recv`].
    pub async fn next(&self) -> T {
        match self.within(PATIENCE).await {
            Some(value) => value,
            None => panic!("nothing has come to the probe `{}` within {PATIENCE:?}", self.outlet.name()),
        }
    }

    /// The next value is this.
    ///
    /// # Panics
    /// If another comes, or none within a minute, or the probe was given more than it holds.
    ///
    /// # Cancel safety
    /// As [`Receiver::recv`].
    pub async fn expect(&self, expected: T)
    where
        T: PartialEq + fmt::Debug,
    {
        let value = self.next().await;
        assert!(value == expected, "the probe `{}` expects {expected:?}, and {value:?} has come", self.outlet.name());
    }

    /// Nothing comes within this time.
    ///
    /// # Panics
    /// If something does, or the probe was given more than it holds.
    ///
    /// # Cancel safety
    /// As [`Receiver::recv`].
    pub async fn expect_nothing(&self, time: Duration)
    where
        T: fmt::Debug,
    {
        if let Some(value) = self.within(time).await {
            panic!("the probe `{}` expects nothing, and {value:?} has come", self.outlet.name());
        }
    }

    async fn within(&self, time: Duration) -> Option<T> {
        let lost = self.outlet.inspect().dropped;
        assert!(
            lost == 0,
            "the probe `{}` holds {PROBE_MAX} values, and {lost} more have come: ask it sooner",
            self.outlet.name()
        );
        let received: Result<T, Ended> = crate::alt! {
            received = self.outlet.recv() => received,
            () = at(clock::now() + time) => return None,
        };
        // It has an inlet itself.
        received.ok()
    }
}

impl<T: Send + 'static> fmt::Debug for Probe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Probe(`{}`)", self.outlet.name())
    }
}
