//! A hand-driven task, a choice without its macro, and chance.

use rendez_channels::__private::{Arm, Attempt, Guard, Order, choose};
use rendez_channels::Inspect;
use rendez_channels::party::{self, Acting, Party};
use rendez_model::ProcessId;
use std::cell::RefCell;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io::{Write, stderr};
use std::ops::DerefMut;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often something is repeated that takes no particular number: less under Miri, which is hundreds of times slower.
pub(crate) const fn scale(count: usize) -> usize {
    match count {
        11.. if cfg!(miri) && count / 50 > 10 => count / 50,
        11.. if cfg!(miri) => 10,
        _ => count,
    }
}

/// So many microseconds, in which others get something done; more under Miri, as above.
pub(crate) const fn moment(micros: u64) -> Duration {
    Duration::from_micros(if cfg!(miri) { 1_000 * micros } else { micros })
}

/// Polls once, with a waker that does nothing.
pub(crate) fn poll_once<P>(future: &mut Pin<P>) -> Poll<<P::Target as Future>::Output>
where
    P: DerefMut<Target: Future>,
{
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// The number of the guard that is committed to now, fairly.
pub(crate) fn choose_now(guards: &mut [Arm<'_>]) -> Poll<usize> {
    poll_once(&mut pin!(choose(guards, Order::Fair, false)))
}

/// A guard of each of many, for a choice.
pub(crate) fn arms<G: Guard>(guards: &mut [Pin<Box<G>>]) -> Vec<Arm<'_>> {
    guards.iter_mut().map(|guard| Some(guard.as_mut() as Pin<&mut dyn Attempt>)).collect()
}

/// Which of two guards a choice has committed to, with what it gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Either<A, B> {
    First(A),
    Second(B),
}

/// A fair choice between two guards, as `alt!` makes it.
pub(crate) async fn either<A: Guard, B: Guard>(a: A, b: B) -> Either<A::Output, B::Output> {
    let (mut a, mut b) = (pin!(a), pin!(b));
    match choose(&mut [Some(a.as_mut()), Some(b.as_mut())], Order::Fair, false).await {
        0 => Either::First(a.output()),
        _ => Either::Second(b.output()),
    }
}

/// A waker that remembers whether it was woken.
#[derive(Default)]
pub(crate) struct Woken(AtomicBool);

impl Woken {
    pub(crate) fn is_woken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn reset(&self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// A future that is polled by hand and knows whether it was woken since.
pub(crate) struct Task<F: Future> {
    future: Pin<Box<F>>,
    woken: Arc<Woken>,
}

impl<F: Future> Task<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future: Box::pin(future), woken: Arc::default() }
    }

    /// One that was polled, and waits.
    pub(crate) fn waiting(future: F) -> Self {
        let mut task = Self::new(future);
        assert!(task.poll().is_pending(), "it has to wait");
        task
    }

    pub(crate) fn poll(&mut self) -> Poll<F::Output> {
        self.woken.reset();
        let waker = Waker::from(Arc::clone(&self.woken));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// What it comes to at this poll.
    pub(crate) fn done(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it still waits"),
        }
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.woken.is_woken()
    }
}

/// Random numbers from a seed that a failing test prints and `RENDEZ_SEED` sets.
pub(crate) struct Chance {
    /// What a failing test prints, if that repeats it.
    seed: Option<u64>,
    state: u64,
}

impl Chance {
    pub(crate) fn seeded() -> Self {
        let given = std::env::var("RENDEZ_SEED").ok();
        let seed = match given {
            Some(text) => text.parse().expect("RENDEZ_SEED is a number"),
            None => Self::any_seed(),
        };
        Self { seed: Some(seed), state: seed }
    }

    /// From a seed that somebody else sees to.
    pub(crate) const fn of(seed: u64) -> Self {
        Self { seed: None, state: seed }
    }

    pub(crate) fn any_seed() -> u64 {
        RandomState::new().hash_one(0)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // splitmix64
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).expect("it is below a usize")
    }

    pub(crate) fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())].clone()
    }
}

impl Drop for Chance {
    fn drop(&mut self) {
        if let Some(seed) = self.seed.filter(|_| thread::panicking()) {
            eprintln!("repeat with RENDEZ_SEED={seed}");
        }
    }
}

/// Ends the test program, and says how its channels stand, when a test takes too long.
pub(crate) struct Watchdog {
    done: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

const PATIENCE: Duration = Duration::from_secs(if cfg!(miri) { 1_200 } else { 60 });

impl Watchdog {
    /// Watches over the channels that `make` makes.
    pub(crate) fn over<T>(make: impl FnOnce() -> T) -> (Self, T) {
        let list = Arc::new(Listing::default());
        let show = |look: &mut dyn FnMut(&dyn Party)| {
            let list = LISTING.with_borrow(Option::clone);
            list.into_iter().for_each(|list| look(&*list));
        };
        let outer = LISTING.replace(Some(Arc::clone(&list)));
        let before = party::swap(Some(Acting::new(list.id(), show)));
        let made = make();
        party::swap(before);
        LISTING.set(outer);
        let (done, waited) = mpsc::channel();
        let test = thread::current().name().unwrap_or_default().to_owned();
        let watch = move || {
            if waited.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                // Not by `eprintln`, which the test harness keeps to itself; and who stands still may hold a lock.
                let _ = writeln!(stderr(), "watchdog: {test} stands still");
                thread::spawn(move || print_state(&list));
                thread::sleep(Duration::from_secs(1));
                std::process::exit(101);
            }
        };
        (Self { done: Some(done), thread: Some(thread::spawn(watch)) }, made)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn print_state(list: &Listing) {
    for channel in list.0.lock().unwrap().iter().filter_map(Weak::upgrade) {
        let _ = writeln!(stderr(), "{:?}\n  waiting: {:?}", channel.channel(), channel.waits());
    }
}

thread_local! {
    static LISTING: RefCell<Option<Arc<Listing>>> = const { RefCell::new(None) };
}

/// A party that lists all channels it makes.
#[derive(Default)]
struct Listing(Mutex<Vec<Weak<dyn Inspect>>>);

impl Party for Listing {
    fn id(&self) -> ProcessId {
        ProcessId(1)
    }
    fn name(&self) -> String {
        "the test".to_owned()
    }
    fn met(&self, channel: Weak<dyn Inspect>) {
        self.0.lock().unwrap().push(channel);
    }
    fn observes(&self) -> bool {
        true
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn wake_on_cancel(&self, _: &Waker) {}
}
