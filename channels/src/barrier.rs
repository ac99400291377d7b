//! Barrier: a meeting of all parties that are enrolled, again and again. Its sync is a guard: a party may choose between the
//! meeting and something else.

use crate::after_lock::After;
use crate::choice::Choice;
use crate::core::park;
use crate::guard::{Attempt, COMMITTED, Guard, Progress, Seat, used_up};
use crate::memory::Memory;
use crate::party::{self, Party};
use crate::prim::{Held, Lock, fence};
use crate::register::Holder;
use crate::state::{commit_alone, unmark};
use crate::steps::{self, Numbered, Operation};
use crate::waiters::{List, Node, Verdict, Waking};
use crate::{Ended, InspectBarrier, Stand, block_on, inspect};
use pin_project_lite::pin_project;
use rendez_model::{BarrierId, Ends, ProcessId, Side};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

/// A barrier. It is no party itself: parties are [enrolled](Self::enrol), and resign when they drop their [`Enrolment`].
///
/// The barrier of occam-pi and JCSP's `AltingBarrier`: a sync is done when all enrolled parties have come to it; parties that
/// choose commit all together or not at all.
///
/// ```
/// use rendez_channels::Barrier;
///
/// let enrolments = Barrier::new().enrol_many(3);
/// let threads = enrolments.into_iter().map(|mut enrolment| {
///     std::thread::spawn(move || (0..2).map(|_| enrolment.sync_blocking().unwrap()).collect::<Vec<_>>())
/// });
/// let threads: Vec<_> = threads.collect();
/// for thread in threads {
///     assert_eq!(thread.join().unwrap(), [0, 1], "each has met the others twice");
/// }
/// ```
#[derive(Clone)]
pub struct Barrier(Arc<Meeting>);

struct Meeting {
    id: BarrierId,
    state: Lock<State>,
}

struct State {
    enrolled: usize,
    /// Parties that have come to the next meeting.
    arrived: usize,
    waiting: List<()>,
    /// How many times all have met.
    phase: u64,
    /// By the number of the party; a place is free once its party has resigned.
    parties: Vec<Enrolled>,
    free: Vec<usize>,
    /// Whether a process was told of this barrier.
    listed: bool,
}

/// A party as the others see it.
#[derive(Clone, Copy)]
enum Enrolled {
    Nobody,
    /// Who is known to hold it, and the meeting that it was last counted as arrived at: a sync that is forgotten stays
    /// counted, and the next one is not counted again.
    Party {
        holder: Holder,
        counted: Option<u64>,
    },
}

/// What makes its holder a party of a [`Barrier`]; dropping it resigns.
pub struct Enrolment {
    meeting: Arc<Meeting>,
    memory: Memory,
    number: usize,
}

pin_project! {
    /// A sync under way.
    #[must_use = "a sync does nothing unless it is awaited or is a guard"]
    struct Meet<'a> {
        enrolment: &'a mut Enrolment,
        #[pin]
        node: Node<()>,
        // Whether it is this one that its enrolment is counted by.
        counts: bool,
        // The phase that a choice came to here.
        outcome: Option<u64>,
        // It has given its result.
        is_over: bool,
    }

    impl PinnedDrop for Meet<'_> {
        fn drop(this: Pin<&mut Self>) {
            Attempt::leave(this);
        }
    }
}

impl Barrier {
    /// A barrier without parties.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = BarrierId(steps::number(Numbered::Barrier, &NEXT));
        Self(Arc::new(Meeting { id, state: Lock::new(State::new()) }))
    }

    /// One more party. The meeting that others wait for now waits for it, too.
    pub fn enrol(&self) -> Enrolment {
        let number = self.0.lock().enrol();
        Enrolment { meeting: Arc::clone(&self.0), memory: Memory::new(), number }
    }

    /// `count` more parties.
    #[must_use]
    pub fn enrol_many(&self, count: usize) -> Vec<Enrolment> {
        (0..count).map(|_| self.enrol()).collect()
    }

    /// How many parties there are, and how many of them wait at the barrier now.
    #[must_use]
    pub fn parties(&self) -> (usize, usize) {
        let state = self.0.lock();
        (state.enrolled, state.arrived)
    }
}

impl Default for Barrier {
    fn default() -> Self {
        Self::new()
    }
}

impl Enrolment {
    /// Waits until all enrolled parties are at the barrier, and gives the number of the meeting, from 0 on.
    ///
    /// # Cancel safety
    /// A dropped sync does not count as arrived; if the meeting had taken place by then, it has. One that is leaked still does,
    /// and its party once only.
    pub fn sync(&mut self) -> impl Future<Output = u64> + Guard<Output = u64> {
        Meet { enrolment: self, node: Node::new(None), counts: false, outcome: None, is_over: false }
    }

    /// Meets the others if all of them wait at the barrier now.
    pub fn try_sync(&mut self) -> Option<u64> {
        let mut after = After::new();
        let mut state = self.meeting.lock();
        let is_new = !state.has_come(self.number);
        state.meet(None, is_new, &mut after)
    }

    /// Says which process holds this party; a runtime does so at spawn. 0 is nobody.
    pub fn declare(&self, holder: ProcessId) {
        self.meeting.lock().hold(self.number, Holder::of(holder, false));
    }

    /// As [`Sender::keep`](crate::Sender::keep).
    #[doc(hidden)]
    pub fn keep(&self, holder: ProcessId) {
        self.meeting.lock().hold(self.number, Holder::of(holder, true));
    }

    /// Like [`sync`](Self::sync), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn sync_blocking(&mut self) -> Result<u64, Ended> {
        block_on(self.sync())
    }

    /// Leaves the barrier for good; the same as dropping it. The others do not wait for it any more.
    pub fn resign(self) {
        drop(self);
    }
}

impl Drop for Enrolment {
    fn drop(&mut self) {
        let mut after = After::new();
        let mut state = self.meeting.lock();
        state.arrived -= usize::from(state.has_come(self.number));
        state.resign(self.number);
        state.meet(None, false, &mut after);
    }
}

impl Meeting {
    fn lock(&self) -> Held<'_, State> {
        self.state.lock()
    }

    /// Tells the acting process of this barrier, once.
    fn list(self: &Arc<Self>, state: Held<'_, State>) {
        let met_at = |party: &dyn Party| party.met_at(Arc::downgrade(self) as Weak<dyn InspectBarrier>);
        party::tell_once(state, |state| &mut state.listed, met_at);
    }
}

impl InspectBarrier for Meeting {
    fn barrier(&self) -> rendez_model::Barrier {
        let state = self.lock();
        let absent = state.parties.iter().filter_map(|party| match party {
            Enrolled::Party { holder, counted } if *counted != Some(state.phase) => Some(*holder),
            Enrolled::Party { .. } | Enrolled::Nobody => None,
        });
        let mut ends = Ends::default();
        for holder in absent {
            ends.count += 1;
            ends.kept += u32::from(holder.is_kept());
            ends.holders.extend((holder.process() != ProcessId(0)).then_some(holder.process()));
        }
        let enrolled = u32::try_from(state.enrolled).unwrap_or(u32::MAX);
        rendez_model::Barrier { id: self.id, enrolled, absent: ends }
    }

    fn waits(&self) -> Vec<Stand> {
        inspect::stands(&mut self.lock().waiting, Side::Receive)
    }
}

impl State {
    const fn new() -> Self {
        Self {
            enrolled: 0,
            arrived: 0,
            waiting: List::new(),
            phase: 0,
            parties: Vec::new(),
            free: Vec::new(),
            listed: false,
        }
    }

    /// One more party: its number.
    fn enrol(&mut self) -> usize {
        self.enrolled += 1;
        let number = self.free.pop().unwrap_or_else(|| {
            self.parties.push(Enrolled::Nobody);
            self.parties.len() - 1
        });
        self.parties[number] = Enrolled::Party { holder: Holder::of(ProcessId(0), false), counted: None };
        number
    }

    fn resign(&mut self, number: usize) {
        self.enrolled -= 1;
        self.parties[number] = Enrolled::Nobody;
        self.free.push(number);
    }

    /// Whether this party is counted as arrived.
    fn has_come(&self, number: usize) -> bool {
        matches!(self.parties[number], Enrolled::Party { counted: Some(at), .. } if at == self.phase)
    }

    /// Notes whether this party is counted as arrived now.
    fn count(&mut self, number: usize, is_here: bool) {
        if let Enrolled::Party { counted, .. } = &mut self.parties[number] {
            *counted = is_here.then_some(self.phase);
        }
    }

    fn hold(&mut self, number: usize, by: Holder) {
        if let Enrolled::Party { holder, .. } = &mut self.parties[number]
            && (holder.process() != by.process() || by.is_kept())
        {
            *holder = by;
        }
    }

    /// Has all meet, if all are here and willing; `is_new` says that the caller is here and was not counted yet.
    fn meet(&mut self, us: Seat<'_>, is_new: bool, after: &mut After<()>) -> Option<u64> {
        let present = self.arrived + usize::from(is_new);
        if present == 0 || present < self.enrolled {
            unmark(us);
            return None;
        }
        let words = self.words(us);
        if !claim_all(&words, after) {
            return None;
        }
        words.iter().for_each(|(choice, guard)| choice.commit(*guard));
        let phase = self.phase;
        let mut waking = Waking::Nobody;
        while self
            .waiting
            .serve(
                |_| Verdict::Take,
                |waiter| {
                    waiter.at = phase;
                    waking = std::mem::replace(&mut waiter.waking, Waking::Nobody);
                },
            )
            .is_some()
        {
            after.wake(std::mem::replace(&mut waking, Waking::Nobody));
        }
        self.arrived = 0;
        self.phase += 1;
        Some(phase)
    }

    /// The words of all parties that are choosing, in the order of ids.
    fn words(&mut self, us: Seat<'_>) -> Vec<(Arc<Choice>, usize)> {
        let mut words = Vec::new();
        self.waiting.each(|waiter| {
            if let Waking::Guard(choice, guard) = &waiter.waking {
                words.push((Arc::clone(choice), *guard));
            }
        });
        if let Some((choice, guard)) = us
            && !words.iter().any(|(on_list, at)| Arc::ptr_eq(on_list, choice) && *at == guard)
        {
            words.push((Arc::clone(choice), guard));
        }
        words.sort_by_key(|(choice, _)| choice.id());
        words
    }
}

/// Claims all words or none. One that could not be had is to look again when it can.
fn claim_all(words: &[(Arc<Choice>, usize)], after: &mut After<()>) -> bool {
    if words.windows(2).any(|two| two[0].0.id() == two[1].0.id()) {
        // A choice never meets itself.
        return false;
    }
    words.iter().for_each(|(choice, guard)| choice.mark(*guard));
    // SeqCst: pairs with the fence in `Choice::enter`. A use of one that begins now sees the mark, or we see that it has begun.
    fence(Ordering::SeqCst);
    let Some(failed) = words.iter().position(|(choice, _)| !choice.claim()) else { return true };
    for (choice, guard) in &words[..failed] {
        if choice.release() {
            after.wake(Waking::Guard(Arc::clone(choice), *guard));
        }
    }
    false
}

impl Meet<'_> {
    /// Meets or parks.
    fn arrive(self: Pin<&mut Self>, us: Seat<'_>, waking: Waking) -> Option<u64> {
        let this = self.project();
        let mut after = After::new();
        let mut state = this.enrolment.meeting.lock();
        let number = this.enrolment.number;
        let is_new = !state.has_come(number);
        let phase = state.meet(us, is_new, &mut after);
        if phase.is_none() {
            park(&mut state.waiting, this.node, waking);
            state.arrived += usize::from(is_new);
            *this.counts = is_new;
            state.count(number, true);
            let acting = party::current_id();
            if acting != ProcessId(0) {
                state.hold(number, Holder::of(acting, false));
            }
            this.enrolment.meeting.list(state);
        } else {
            drop(state);
        }
        drop(after);
        phase
    }

    /// Comes to the meeting, or looks whether it has taken place; `waking` is whom to wake from now on.
    fn come(mut self: Pin<&mut Self>, mut waking: Waking) -> Option<u64> {
        if let Some(phase) = self.as_mut().project().outcome.take() {
            return Some(phase);
        }
        if !self.node.is_queued() && !self.node.is_served() {
            return self.arrive(None, waking);
        }
        let this = self.as_mut().project();
        if let Some(waiter) = this.enrolment.meeting.lock().waiting.get(this.node) {
            std::mem::swap(&mut waiter.waking, &mut waking);
        }
        drop(waking);
        self.served()
    }

    /// The meeting that it was served, if it was; its node is apart then.
    fn served(self: Pin<&mut Self>) -> Option<u64> {
        let this = self.project();
        this.node.is_served().then(|| this.node.seen().at)
    }
}

impl Future for Meet<'_> {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        if self.is_over {
            used_up();
        }
        let is_new = !self.counts && self.outcome.is_none();
        if is_new && steps::waits_its_turn(cx.waker(), || Operation::Meet(self.enrolment.meeting.id)) {
            return Poll::Pending;
        }
        let waking = Waking::Plain(cx.waker().clone());
        let Some(phase) = self.as_mut().come(waking) else { return Poll::Pending };
        *self.project().is_over = true;
        Poll::Ready(phase)
    }
}

impl Attempt for Meet<'_> {
    fn attempt(mut self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        if self.is_over {
            used_up();
        }
        if seat.is_none() {
            // It may have been polled before it became a guard; then the meeting may even be over.
            self.as_mut().leave();
        }
        if self.outcome.is_some() {
            return Progress::committed_if(commit_alone(seat).is_ok());
        }
        let this = self.project();
        let mut after = After::new();
        let mut state = this.enrolment.meeting.lock();
        let is_new = !state.has_come(this.enrolment.number);
        *this.outcome = state.meet(seat, is_new, &mut after);
        drop(state);
        drop(after);
        Progress::committed_if(this.outcome.is_some())
    }

    fn enlist(mut self: Pin<&mut Self>, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        if self.is_over || self.outcome.is_some() {
            return self.attempt(cx, Some((choice, number)));
        }
        let phase = self.as_mut().arrive(Some((choice, number)), Waking::Guard(Arc::clone(choice), number));
        *self.project().outcome = phase;
        Progress::committed_if(phase.is_some())
    }

    fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.leave();
        Poll::Ready(())
    }

    fn leave(mut self: Pin<&mut Self>) {
        let mut this = self.as_mut().project();
        if this.node.is_queued() {
            // Whoever has all meet does so under this lock.
            let mut state = this.enrolment.meeting.lock();
            if state.waiting.get(this.node.as_mut()).is_some() {
                state.waiting.leave(this.node.as_mut());
                if *this.counts {
                    state.arrived -= 1;
                    state.count(this.enrolment.number, false);
                }
            }
            drop(state);
        }
        if let Some(phase) = self.as_mut().served() {
            *self.project().outcome = Some(phase);
        } else {
            self.project().node.apart().waking = Waking::Nobody;
        }
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.enrolment.memory)
    }
}

impl Guard for Meet<'_> {
    type Output = u64;

    fn output(self: Pin<&mut Self>) -> u64 {
        let this = self.project();
        *this.is_over = true;
        this.outcome.take().expect(COMMITTED)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (enrolled, arrived) = self.parties();
        write!(f, "Barrier({arrived} of {enrolled} have come)")
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolment").finish_non_exhaustive()
    }
}
