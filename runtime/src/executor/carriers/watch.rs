//! The watch: a thread that looks now and then whether a process keeps its carrier, and has others take what waits there.
//!
//! It ticks while any carrier is awake, or a spare stands in. Once all have slept for a while it rests, and then ends; whoever wakes a carrier has it
//! come back.
//!
//! # Why nothing waits behind a kept thread for good
//! What a process wakes or starts goes to the seat that it runs at, and nobody is woken for it: that seat's carrier takes it when the turn
//! is over. A turn that is not over keeps its carrier from `fall_asleep`, so that the watch ticks; at the second look after the turn began
//! the seat counts as stuck, and from then on each look finds what waits there, whenever it was pushed. Then of the other carriers
//! - one sleeps: the look rouses it, and it steals. If it falls asleep meanwhile, having found nothing before the push, the next look does;
//! - or one moves: it is asked for help, and helps when it looks at the clock; if it comes to an end of its own work it steals anyway;
//! - or all are stuck themselves: a spare takes a seat.
//!
//! It has to be the watch that rouses. Whom a worker of tokio wakes it keeps in a slot that no other worker takes from until its own task is
//! through: a carrier that the kept thread roused would stay in that slot, count as awake, and help nobody, nor be roused again.
//! A carrier that waits in such a slot behind a task of tokio's is for the watch as one that is kept: what waits at its seat is for others.

use super::Carriers;
use super::carrier::Carrier;
use super::seat::Seat;
use crate::World;
use crate::log::tell;
use rendez_model::ProcessId;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Between two looks. What waits behind a process that keeps its thread is taken over after two of them at the latest.
const TICK: Duration = Duration::from_micros(700);
/// Looks at which everything sleeps, before it rests.
const QUIET_TICKS: u32 = 10;
/// How long it rests before it ends.
const REST: Duration = Duration::from_secs(1);
/// How long a process may keep its thread before it is named.
const KEPT_MAX: Duration = Duration::from_millis(100);
/// Between two warnings of one runtime.
const WARNING_PERIOD: Duration = Duration::from_secs(1);
/// For how long a process that is seen running counts as having run, at most: what was before a longer break nobody knows.
const SAMPLE_MAX: Duration = Duration::from_millis(10);

const ABSENT: u8 = 0;
const TICKING: u8 = 1;
const RESTING: u8 = 2;

/// The watch over the carriers of one runtime.
#[derive(Default)]
pub(super) struct Watch {
    state: AtomicU8,
    thread: Mutex<Option<Thread>>,
    /// A carrier that moves should take from one that is stuck.
    wants_help: AtomicBool,
    /// No regular carrier moves.
    all_stuck: AtomicBool,
}

impl Watch {
    /// Has it tick.
    pub(super) fn attend(&self, carriers: &Arc<Carriers>) {
        // SeqCst: pairs with `rest`. Either it sees who is awake, or we see that it rests.
        if self.state.load(Ordering::SeqCst) == TICKING {
            return;
        }
        let mut thread = self.lock();
        let before = self.state.swap(TICKING, Ordering::SeqCst);
        if let Some(thread) = thread.as_ref() {
            thread.unpark();
        } else if before == ABSENT {
            let carriers = Arc::clone(carriers);
            let named = thread::Builder::new().name("rendez-watch".to_owned());
            match named.spawn(move || Looks::over(&carriers).serve()) {
                Ok(watch) => *thread = Some(watch.thread().clone()),
                Err(error) => {
                    self.state.store(ABSENT, Ordering::SeqCst);
                    tell!(error, "no thread to watch over processes that keep theirs: {error}");
                }
            }
        }
    }

    /// Whether carriers that move should take from one that is stuck.
    #[inline]
    pub(super) fn wants_help(&self) -> bool {
        // Relaxed: the queues have orderings of their own.
        self.wants_help.load(Ordering::Relaxed)
    }

    /// Whether no regular carrier moves.
    pub(super) fn needs_spares(&self) -> bool {
        // Relaxed: a spare may learn it late.
        self.all_stuck.load(Ordering::Relaxed)
    }

    /// Whether it has a thread.
    pub(super) fn is_there(&self) -> bool {
        self.lock().is_some()
    }

    /// The executor has closed.
    pub(super) fn end(&self) {
        if let Some(thread) = self.lock().as_ref() {
            thread.unpark();
        }
    }

    /// Rests until it is needed; false when it is not.
    fn rest(&self, is_needed: impl Fn() -> bool) -> bool {
        self.state.store(RESTING, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if is_needed() {
            self.state.store(TICKING, Ordering::SeqCst);
            return true;
        }
        thread::park_timeout(REST);
        let mut thread = self.lock();
        let is_needed = self.state.load(Ordering::SeqCst) == TICKING;
        if !is_needed {
            self.state.store(ABSENT, Ordering::SeqCst);
            *thread = None;
        }
        is_needed
    }

    fn lock(&self) -> MutexGuard<'_, Option<Thread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the thread of a watch has seen so far.
struct Looks<'a> {
    carriers: &'a Arc<Carriers>,
    seats: Vec<Seen>,
    warned: Option<Instant>,
    /// The look before, and how long before this one it was.
    last: Instant,
    since: Duration,
}

/// A seat at the last look at which it moved.
#[derive(Clone, Copy)]
struct Seen {
    turns: u64,
    at: Instant,
    /// Whether it was warned of what runs there since.
    warned: bool,
}

/// What all seats together come to.
#[derive(Default)]
struct Sum {
    awake: usize,
    stuck: usize,
    /// Whether something waits where nothing moves.
    waits: bool,
}

impl<'a> Looks<'a> {
    fn over(carriers: &'a Arc<Carriers>) -> Self {
        let seen = Seen { turns: 0, at: Instant::now(), warned: false };
        let seats = vec![seen; carriers.seats.len()];
        Self { carriers, seats, warned: None, last: seen.at, since: Duration::ZERO }
    }

    fn serve(mut self) {
        let watch = &self.carriers.watch;
        let mut quiet = 0;
        while !self.carriers.is_closed() {
            thread::park_timeout(TICK);
            if !self.carriers.all_sleep() {
                quiet = 0;
                self.look(Instant::now());
            } else if quiet < QUIET_TICKS {
                quiet += 1;
            } else if watch.rest(|| !self.carriers.all_sleep() || self.carriers.is_closed()) {
                quiet = 0;
            } else {
                return;
            }
        }
    }

    fn look(&mut self, now: Instant) {
        self.since = now.saturating_duration_since(self.last).min(SAMPLE_MAX);
        self.last = now;
        let (regular, spares) = self.carriers.seats.split_at(self.carriers.regular);
        let mut sum = Sum::default();
        for (i, seat) in regular.iter().enumerate() {
            if !seat.is_asleep() {
                self.look_at(i, seat, now, &mut sum);
            }
        }
        let all_stuck = sum.awake == regular.len() && sum.stuck == sum.awake;
        self.carriers.watch.all_stuck.store(all_stuck, Ordering::Relaxed);
        for (i, seat) in spares.iter().enumerate() {
            if seat.is_taken() {
                self.look_at(regular.len() + i, seat, now, &mut sum);
            }
        }
        // Until the next look: whoever keeps its thread may wake and start others meanwhile.
        self.carriers.watch.wants_help.store(0 < sum.stuck && sum.stuck < sum.awake, Ordering::Relaxed);
        sum.waits |= sum.stuck == sum.awake && !self.carriers.outside.is_empty();
        if sum.waits && !self.carriers.rouse() && all_stuck {
            start_spare(self.carriers);
        }
    }

    fn look_at(&mut self, i: usize, seat: &Seat, now: Instant, sum: &mut Sum) {
        let (seen, turns) = (&mut self.seats[i], seat.turns());
        sum.awake += 1;
        self.carriers.sample(seat, self.since);
        seat.set_stuck(turns == seen.turns);
        if turns != seen.turns {
            *seen = Seen { turns, at: now, warned: false };
            return;
        }
        sum.stuck += 1;
        sum.waits |= seat.has_work();
        // Else a task of tokio's keeps the worker that the carrier waits for.
        let Some(process) = seat.process() else { return };
        let kept = now.saturating_duration_since(seen.at);
        let may_warn = self.warned.is_none_or(|last| now.saturating_duration_since(last) >= WARNING_PERIOD);
        if kept >= KEPT_MAX && may_warn && !seen.warned {
            seen.warned = true;
            self.warned = Some(now);
            warn(process, kept);
        }
    }
}

fn warn(id: ProcessId, kept: Duration) {
    let label = World::global().find(id).map_or_else(|| format!("process {id}"), |process| process.label());
    tell!(
        warn,
        "{label} has kept its thread for {} ms: what blocks or computes for long goes to `blocking(..)`, \
         `#[process(blocking)]` or `spawn_blocking`",
        kept.as_millis()
    );
}

/// Has another thread carry for a while, if there may be one more.
fn start_spare(carriers: &Arc<Carriers>) {
    let mut free = (carriers.regular..carriers.seats.len()).filter(|&seat| !carriers.seats[seat].is_taken());
    if let Some(seat) = free.next() {
        let spare = Carrier::new(Arc::clone(carriers), seat);
        carriers.runtime.spawn_blocking(move || spare.stand_in());
    }
}

#[cfg(test)]
mod tests {
    use super::super::queues::Queues;
    use super::*;
    use crate::Outcome;
    use crate::cell::Draft;
    use crate::drive::process_of;
    use crate::task::Turn;
    use rendez_model::ProcessKind;
    use tokio::runtime::{Builder, Runtime};

    /// What a look comes to is acted on at once: by who sleeps, who looks at the clock, or a new thread.
    const _: () = assert!(2 * TICK.as_micros() < 2_000, "what waits is to be taken over within 2 ms");

    /// Two carriers that this thread plays, at seats where so many wait.
    struct Play {
        carriers: Arc<Carriers>,
        queues: [Queues; 2],
        /// Behind the carriers: its threads do not outlast them.
        _runtime: Runtime,
    }

    impl Play {
        fn new(waiting: [usize; 2]) -> Self {
            let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
            let carriers = Carriers::new(runtime.handle().clone());
            let queues = [0, 1].map(|seat| {
                let queues = carriers.seats[seat].sit().unwrap();
                (0..waiting[seat]).for_each(|_| queues.push(process()));
                queues
            });
            Self { carriers, queues, _runtime: runtime }
        }

        fn begin_turn(&self, seat: usize) {
            self.carriers.seats[seat].begin_turn(ProcessId(1));
        }

        /// How many wait at a seat.
        fn waiting(&self, seat: usize) -> usize {
            std::iter::from_fn(|| self.queues[seat].pop_any()).count()
        }
    }

    fn process() -> Turn {
        process_of(Draft::new("waits", ProcessKind::Function), async { Outcome::Ok(()) }).begin().0
    }

    #[test]
    fn who_has_work_of_its_own_is_asked_to_help_at_the_second_look_and_takes_all_that_waits() {
        const WAITING: usize = 1_000;
        let play = Play::new([WAITING, 1]);
        let mut looks = Looks::over(&play.carriers);
        play.begin_turn(0);
        for (number, wants_help) in [(1, false), (2, true)] {
            play.begin_turn(1);
            looks.look(Instant::now());
            assert_eq!(play.carriers.watch.wants_help(), wants_help, "at look {number}");
        }
        // At each of its own looks it takes a lot.
        for _ in 0..WAITING {
            play.carriers.help(1, &play.queues[1]);
        }
        assert_eq!(play.waiting(1), WAITING + 1);
    }

    #[test]
    fn where_a_task_of_tokios_keeps_the_worker_that_a_carrier_waits_for_who_has_work_takes_what_waits_there() {
        const WAITING: usize = 3;
        let play = Play::new([WAITING, 1]);
        let mut looks = Looks::over(&play.carriers);
        // Nothing runs at the first seat, and nobody sleeps there.
        for _ in 0..2 {
            play.begin_turn(1);
            looks.look(Instant::now());
        }
        assert!(play.carriers.watch.wants_help());
        for _ in 0..WAITING {
            play.carriers.help(1, &play.queues[1]);
        }
        assert_eq!(play.waiting(1), WAITING + 1);
        // It has the worker again.
        [0, 1].into_iter().for_each(|seat| play.begin_turn(seat));
        looks.look(Instant::now());
        play.queues[0].push(process());
        play.carriers.help(1, &play.queues[1]);
        assert_eq!([0, 1].map(|seat| play.waiting(seat)), [1, 0]);
    }

    #[test]
    fn nobody_takes_from_one_that_moves() {
        let play = Play::new([1, 1]);
        let mut looks = Looks::over(&play.carriers);
        for _ in 0..3 {
            [0, 1].into_iter().for_each(|seat| play.begin_turn(seat));
            looks.look(Instant::now());
            assert!(!play.carriers.watch.wants_help() && !play.carriers.watch.needs_spares());
            play.carriers.help(1, &play.queues[1]);
        }
        assert_eq!([0, 1].map(|seat| play.waiting(seat)), [1, 1]);
    }

    #[test]
    fn who_has_to_look_once_more_as_it_falls_asleep_is_watched() {
        let play = Play::new([0, 0]);
        play.carriers.outside.push(process());
        assert!(!play.carriers.watch.is_there());
        assert!(!play.carriers.fall_asleep(&play.carriers.seats[0]), "there is something from outside");
        assert!(play.carriers.watch.is_there());
        drop(play.carriers.outside.pop());
    }

    #[test]
    fn it_does_not_rest_while_a_spare_carries() {
        let play = Play::new([0, 0]);
        let [regular @ .., _, _, _, spare] = &play.carriers.seats[..] else { panic!("there are seats for spares") };
        regular[..2].iter().for_each(|seat| assert!(play.carriers.fall_asleep(seat)));
        assert!(play.carriers.all_sleep());
        let queues = spare.sit().unwrap();
        assert!(!play.carriers.all_sleep());
        spare.stand_up(queues);
        assert!(play.carriers.all_sleep());
    }

    #[test]
    fn where_nobody_moves_a_spare_takes_a_seat_at_the_second_look() {
        let play = Play::new([1, 0]);
        let mut looks = Looks::over(&play.carriers);
        [0, 1].into_iter().for_each(|seat| play.begin_turn(seat));
        looks.look(Instant::now());
        assert!(!play.carriers.watch.needs_spares());
        looks.look(Instant::now());
        assert!(play.carriers.watch.needs_spares() && play.carriers.seats[play.carriers.regular].is_taken());
        // It stays until one of them moves.
        play.begin_turn(0);
        looks.look(Instant::now());
        assert!(!play.carriers.watch.needs_spares());
    }
}
