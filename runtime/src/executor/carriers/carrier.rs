//! A carrier: works off the queue of its seat, as a tokio task or, for a time, as a thread. When it does what is in `pace`.

use super::Carriers;
use super::pace::{Look, Pace};
use super::queues::Queues;
use super::seat::Seat;
use crate::task::{Ran, Turn};
use std::cell::{self, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};
use tokio::task::coop::has_budget_remaining;

/// After how many turns what came from outside is looked at, while there is work enough.
const OUTSIDE: u32 = 16;
/// How long a spare with nothing to do waits for something.
const SPARE_PERIOD: Duration = Duration::from_millis(1);

/// One carrier, while its worker does something else.
pub(super) struct Carrier {
    /// None while it runs: they are this thread's then.
    queues: Option<Queues>,
    carriers: Arc<Carriers>,
    seat: usize,
    /// Turns between two looks at the clock.
    interval: u32,
}

/// What a thread has of the carrier that it is.
struct Local {
    carriers: Arc<Carriers>,
    seat: usize,
    queues: Queues,
    /// Whether a process was started since the last turn.
    has_new: cell::Cell<bool>,
}

/// Shared between the thread-local and the carrier that runs, so that a turn does not ask for it.
type Shared = Rc<Option<Local>>;

thread_local! {
    static LOCAL: RefCell<Option<Shared>> = const { RefCell::new(None) };
    /// The memory of the last stay, for the next.
    static MEMORY: cell::Cell<Option<Shared>> = const { cell::Cell::new(None) };
}

/// Why a carrier stops for now.
enum Pause {
    /// There is nothing to do.
    Dry,
    /// It has gone on for long enough.
    Long,
    /// It has woken another, and makes room for it.
    Shared,
    /// The executor is closed.
    Closed,
}

/// Makes a process ready that runs on the carriers which this thread is one of.
#[inline]
pub(in crate::executor) fn push_here(process: Turn) -> Result<(), Turn> {
    here(process, |local, process| {
        if process.runs_at(&*local.carriers) {
            local.queues.push(process);
            return Ok(());
        }
        Err(process)
    })
}

/// The same for one that starts on these.
pub(super) fn push_new(carriers: &Carriers, process: Turn) -> Result<(), Turn> {
    here(process, |local, process| {
        if ptr::eq(carriers, &raw const *local.carriers) {
            local.queues.push_new(process);
            local.has_new.set(true);
            return Ok(());
        }
        Err(process)
    })
}

/// Has the carrier that this thread is take a process, if it is one.
#[inline]
fn here(process: Turn, push: impl FnOnce(&Local, Turn) -> Result<(), Turn>) -> Result<(), Turn> {
    let mut process = Some(process);
    let refused = LOCAL.try_with(|local| {
        let local = local.try_borrow().ok()?;
        let local = local.as_deref()?.as_ref()?;
        push(local, process.take()?).err()
    });
    match refused.ok().flatten().or(process) {
        None => Ok(()),
        Some(process) => Err(process),
    }
}

impl Local {
    fn seat(&self) -> &Seat {
        &self.carriers.seats[self.seat]
    }

    /// The next process to run: of the own queues, of those from outside, of other carriers.
    #[inline]
    fn next(&self, turns: u32) -> Option<Turn> {
        if turns % OUTSIDE == OUTSIDE - 1 {
            self.carriers.move_outside_to(&self.queues);
        }
        let process = self.queues.pop(turns);
        let process = process.or_else(|| self.carriers.take_outside(&self.queues));
        process.or_else(|| self.carriers.steal(self.seat, &self.queues))
    }

    /// Wakes another where more was started than one can run at once; true if it has.
    #[inline]
    fn shares_new(&self) -> bool {
        self.has_new.take() && self.queues.len() > 1 && self.carriers.has_idle() && self.carriers.rouse()
    }

    /// Looks at the clock; why to stop, if it is time to.
    fn look(&self, pace: &mut Pace) -> Option<Pause> {
        if self.carriers.watch.wants_help() {
            self.carriers.help(self.seat, &self.queues);
        }
        match pace.look(Instant::now(), self.queues.len(), self.carriers.has_idle()) {
            Look::GoOn => None,
            Look::Share => self.carriers.rouse().then_some(Pause::Shared),
            Look::Yield => Some(Pause::Long),
        }
    }

    fn carry(&self, pace: &mut Pace) -> Pause {
        let (seat, mut turns) = (self.seat(), 0u32);
        while !self.carriers.is_closed() {
            if self.shares_new() {
                return Pause::Shared;
            }
            let Some(process) = self.next(turns) else { return Pause::Dry };
            seat.begin_turn(process.id());
            if let Ran::Again(process) = process.run() {
                self.queues.push(process);
            }
            turns = turns.wrapping_add(1);
            if !has_budget_remaining() {
                return Pause::Long;
            }
            if pace.turn()
                && let Some(pause) = self.look(pace)
            {
                return pause;
            }
        }
        Pause::Closed
    }
}

impl Carrier {
    pub(super) fn new(carriers: Arc<Carriers>, seat: usize) -> Self {
        let queues = carriers.seats[seat].sit();
        Self { queues, carriers, seat, interval: 1 }
    }

    fn seat(&self) -> &Seat {
        &self.carriers.seats[self.seat]
    }

    /// Is this thread's carrier for a while.
    fn stay(&mut self) -> Pause {
        let Some(queues) = self.queues.take() else { return Pause::Closed };
        let (carriers, seat) = (Arc::clone(&self.carriers), self.seat);
        let local = Local { carriers, seat, queues, has_new: cell::Cell::new(false) };
        let mut pace = Pace::new(Instant::now(), self.interval, local.queues.len());
        let pause = Stay::begin(local, &mut self.queues).carry(&mut pace);
        self.interval = pace.interval();
        pause
    }

    /// Carries as a spare: on a thread of its own, until a regular carrier moves again.
    pub(super) fn stand_in(mut self) {
        while self.carriers.watch.needs_spares() {
            match self.stay() {
                Pause::Dry => thread::park_timeout(SPARE_PERIOD),
                Pause::Long | Pause::Shared => {}
                Pause::Closed => break,
            }
        }
        if let Some(queues) = self.queues.take() {
            self.leave_to_others(&queues);
            self.seat().stand_up(queues);
        }
        if self.carriers.is_closed() {
            // What it ran last may have outlasted the carriers.
            self.carriers.sweep();
        }
    }

    fn leave_to_others(&self, queues: &Queues) {
        while let Some(process) = queues.pop_any() {
            self.carriers.push_outside(process);
        }
    }
}

/// A carrier's stay as this thread's own.
struct Stay<'a> {
    local: Shared,
    outer: Option<Shared>,
    /// Where its queues go in the end.
    queues: &'a mut Option<Queues>,
}

impl<'a> Stay<'a> {
    fn begin(local: Local, queues: &'a mut Option<Queues>) -> Self {
        let mut memory = MEMORY.take().unwrap_or_default();
        if let Some(place) = Rc::get_mut(&mut memory) {
            *place = Some(local);
        }
        let outer = LOCAL.replace(Some(Rc::clone(&memory)));
        Self { local: memory, outer, queues }
    }

    fn carry(&self, pace: &mut Pace) -> Pause {
        (*self.local).as_ref().map_or(Pause::Closed, |local| local.carry(pace))
    }
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        LOCAL.set(self.outer.take());
        let local = Rc::get_mut(&mut self.local).and_then(Option::take);
        *self.queues = local.map(|local| {
            local.seat().rest();
            local.queues
        });
        MEMORY.set(Some(Rc::clone(&self.local)));
    }
}

impl Future for Carrier {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.seat().set_waker(cx.waker());
        self.carriers.awaken(self.seat());
        loop {
            match self.stay() {
                Pause::Dry if !self.carriers.fall_asleep(self.seat()) => {}
                Pause::Dry => return Poll::Pending,
                Pause::Long => {
                    // Its wake is put off until the driver has been asked, and has no other worker notified.
                    let _ = pin!(tokio::task::yield_now()).poll(cx);
                    return Poll::Pending;
                }
                Pause::Shared => {
                    // Whom it has woken, tokio keeps for this worker, in a slot that no other takes from: it goes on here, and an idle
                    // worker, of which this wake notifies one, takes this carrier.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Pause::Closed => return Poll::Ready(()),
            }
        }
    }
}

impl Drop for Carrier {
    /// The runtime is going away.
    fn drop(&mut self) {
        if let Some(queues) = self.queues.take() {
            self.leave_to_others(&queues);
            self.carriers.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::cell::Draft;
    use crate::drive::process_of;
    use crate::executor::Executor;
    use rendez_model::ProcessKind;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};
    use tokio::runtime::Builder;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Wakes {
        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn process(body: impl Future<Output = Outcome> + Send + 'static) -> Turn {
        process_of(Draft::new("runs", ProcessKind::Function), body).begin().0
    }

    #[test]
    fn who_wakes_another_for_what_was_started_returns_before_it_runs_any_of_that() {
        let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let carriers = Carriers::new(runtime.handle().clone());
        // This thread plays them.
        carriers.has_started.store(true, Ordering::Relaxed);
        let (own, other) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
        let _sleeps = carriers.seats[1].sit();
        carriers.seats[1].set_waker(&Waker::from(Arc::clone(&other)));
        assert!(carriers.fall_asleep(&carriers.seats[1]));

        let ran = Arc::new(AtomicUsize::new(0));
        let starts = {
            let (carriers, ran) = (Arc::clone(&carriers), Arc::clone(&ran));
            process(async move {
                for _ in 0..2 {
                    let ran = Arc::clone(&ran);
                    carriers.start(process(async move {
                        ran.fetch_add(1, Ordering::Relaxed);
                        Ok(())
                    }));
                }
                Ok(())
            })
        };
        let mut carrier = Carrier::new(Arc::clone(&carriers), 0);
        // It does not look at the clock meanwhile, which would find that they wait.
        carrier.interval = u32::MAX;
        carrier.queues.as_ref().unwrap().push(starts);
        let waker = Waker::from(Arc::clone(&own));
        let mut poll = || Pin::new(&mut carrier).poll(&mut Context::from_waker(&waker));
        assert!(poll().is_pending());
        assert_eq!((other.count(), own.count(), ran.load(Ordering::Relaxed)), (1, 1, 0));
        // The other is awake: there is nobody else to wake.
        assert!(poll().is_pending());
        assert_eq!((other.count(), own.count(), ran.load(Ordering::Relaxed)), (1, 1, 2));
    }
}
