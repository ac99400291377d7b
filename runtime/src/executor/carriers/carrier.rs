//! A carrier: works off the queue of its seat, as a tokio task or, for a time, as a thread. When it does what is in `pace`.

use super::Carriers;
use super::pace::{Look, Pace};
use super::seat::Seat;
use crate::cell::Cell;
use crate::drive;
use crate::task::Ran;
use crossbeam_deque::Worker;
use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
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
    /// None while it runs: it is this thread's then.
    local: Option<Local>,
    carriers: Arc<Carriers>,
    seat: usize,
    /// Turns between two looks at the clock.
    interval: u32,
}

/// What a thread has of the carrier that it is.
struct Local {
    carriers: Arc<Carriers>,
    seat: usize,
    queue: Worker<Arc<Cell>>,
    /// Whether a process was started since the last turn.
    has_new: bool,
}

thread_local! {
    static LOCAL: RefCell<Option<Local>> = const { RefCell::new(None) };
}

/// Why a carrier stops for now.
enum Pause {
    /// There is nothing to do.
    Dry,
    /// It has gone on for long enough.
    Long,
    /// The executor is closed.
    Closed,
}

/// Makes a process ready that runs on the carriers which this thread is one of.
#[inline]
pub(in crate::executor) fn push_here(process: Arc<Cell>) -> Result<(), Arc<Cell>> {
    match process.executor() {
        Some(executor) => push(Arc::as_ptr(executor).cast(), process, false),
        None => Err(process),
    }
}

/// The same for one that starts on these.
pub(super) fn push_new(carriers: &Carriers, process: Arc<Cell>) -> Result<(), Arc<Cell>> {
    push(carriers, process, true)
}

#[inline]
fn push(carriers: *const Carriers, process: Arc<Cell>, is_new: bool) -> Result<(), Arc<Cell>> {
    let mut process = Some(process);
    let _ = LOCAL.try_with(|local| {
        let Ok(mut local) = local.try_borrow_mut() else { return };
        let Some(local) = local.as_mut().filter(|local| local.is_of(carriers)) else { return };
        if let Some(process) = process.take() {
            local.queue.push(process);
            local.has_new |= is_new;
        }
    });
    process.map_or(Ok(()), Err)
}

impl Local {
    /// Whether this is one of those carriers, and works off what it is given.
    #[inline]
    fn is_of(&self, carriers: *const Carriers) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.carriers), carriers) && !self.carriers.seats[self.seat].is_stuck()
    }
}

impl Carrier {
    pub(super) fn new(carriers: Arc<Carriers>, seat: usize) -> Self {
        let queue = carriers.seats[seat].sit();
        let local = queue.map(|queue| Local { carriers: Arc::clone(&carriers), seat, queue, has_new: false });
        Self { local, carriers, seat, interval: 1 }
    }

    fn seat(&self) -> &Seat {
        &self.carriers.seats[self.seat]
    }

    /// Is this thread's carrier for a while.
    fn stay(&mut self) -> Pause {
        let Some(local) = self.local.take() else { return Pause::Closed };
        let stay = Stay { outer: LOCAL.replace(Some(local)), carrier: self };
        let mut pace = Pace::new(Instant::now(), stay.carrier.interval);
        let pause = stay.carrier.carry(&mut pace);
        stay.carrier.interval = pace.interval();
        pause
    }

    fn carry(&self, pace: &mut Pace) -> Pause {
        let mut turns = 0u32;
        while !self.carriers.is_closed() {
            let Some(process) = self.next(turns, pace) else { return Pause::Dry };
            self.seat().begin_turn(process.id());
            if let Ran::Again(process) = drive::run(process) {
                with_local(|local| local.queue.push(process));
            }
            turns = turns.wrapping_add(1);
            if !has_budget_remaining() || (pace.turn() && self.look(pace)) {
                return Pause::Long;
            }
        }
        Pause::Closed
    }

    /// The next process to run: of the own queue, of those from outside, of other carriers.
    #[inline]
    fn next(&self, turns: u32, pace: &mut Pace) -> Option<Arc<Cell>> {
        let mut shares = false;
        let process = with_local(|local| {
            if turns % OUTSIDE == OUTSIDE - 1 {
                self.carriers.move_outside_to(&local.queue);
            }
            let process = local.queue.pop();
            let process = process.or_else(|| self.carriers.take_outside(&local.queue));
            let process = process.or_else(|| self.carriers.steal(self.seat, &local.queue));
            if local.queue.is_empty() {
                pace.dry();
            } else {
                shares = std::mem::take(&mut local.has_new) && self.carriers.has_idle();
            }
            process
        });
        if shares {
            self.carriers.rouse();
        }
        process.flatten()
    }

    /// Looks at the clock; whether to stop.
    fn look(&self, pace: &mut Pace) -> bool {
        if self.carriers.watch.wants_help() {
            with_local(|local| self.carriers.help(self.seat, &local.queue));
        }
        match pace.look(Instant::now(), self.carriers.has_idle()) {
            Look::GoOn => false,
            Look::Share => {
                self.carriers.rouse();
                false
            }
            Look::Yield => true,
        }
    }

    /// Carries as a spare: on a thread of its own, until a regular carrier moves again.
    pub(super) fn stand_in(mut self) {
        while self.carriers.watch.needs_spares() {
            match self.stay() {
                Pause::Dry => thread::park_timeout(SPARE_PERIOD),
                Pause::Long => {}
                Pause::Closed => break,
            }
        }
        if let Some(local) = self.local.take() {
            self.leave_to_others(&local.queue);
            self.carriers.seats[self.seat].stand_up(local.queue);
        }
        if self.carriers.is_closed() {
            // What it ran last may have outlasted the carriers.
            self.carriers.sweep();
        }
    }

    fn leave_to_others(&self, queue: &Worker<Arc<Cell>>) {
        while let Some(process) = queue.pop() {
            self.carriers.push_outside(process);
        }
    }
}

/// A carrier's stay as this thread's own.
struct Stay<'a> {
    carrier: &'a mut Carrier,
    outer: Option<Local>,
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        self.carrier.seat().rest();
        self.carrier.local = LOCAL.replace(self.outer.take());
    }
}

fn with_local<R>(act: impl FnOnce(&mut Local) -> R) -> Option<R> {
    LOCAL.with_borrow_mut(|local| local.as_mut().map(act))
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
                Pause::Closed => return Poll::Ready(()),
            }
        }
    }
}

impl Drop for Carrier {
    /// The runtime is going away.
    fn drop(&mut self) {
        if let Some(local) = self.local.take() {
            self.leave_to_others(&local.queue);
            self.carriers.leave();
        }
    }
}
