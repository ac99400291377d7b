//! Alt: a choice that is used again and again, over guards that come and go. Its guards stay on their channels' lists
//! between its uses, so that a choice does not grow with their number. The words it is decided by are in `choice`.

use crate::choice::Choice;
use crate::claim::Claim;
use crate::guard::{Attempt, Guard, Progress, Seat};
use crate::state::Stop;
use crate::steps::{self, Operation};
use crate::waiters::{Node, Waking};
use crate::{Ended, Receiver, SendError, Sender, block_on};
use pin_project_lite::pin_project;
use rendez_model::Side;
use std::fmt;
use std::future::poll_fn;
use std::marker;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

/// A reusable choice among a changing set of guards, all of which give an `R`.
///
/// Of n guards that stay ready each is served within n choices, whatever joins or leaves in between, where n counts all that
/// take part meanwhile; one made by
/// [`prioritised`](Self::prioritised) serves the first ready one in the order they were added, where a place that was
/// freed is used again. A choice looks at guards only that may be ready: 64 quiet inputs cost what 4 do.
///
/// ```
/// use rendez_channels::{Alt, block_on, channel_bounded};
///
/// let ends: Vec<_> = (0..3).map(|_| channel_bounded(1)).collect();
/// let mut alt = Alt::new();
/// for (number, (_, input)) in ends.iter().enumerate() {
///     alt.receive(input, move |received| (number, received));
/// }
/// ends[2].0.try_send('c').unwrap();
/// ends[0].0.try_send('a').unwrap();
/// let mut next = || block_on(alt.next()).unwrap();
/// assert_eq!(next(), Some((0, Ok('a'))));
/// assert_eq!(next(), Some((2, Ok('c'))));
/// ```
pub struct Alt<'a, R> {
    choice: Arc<Choice>,
    places: Vec<Place<'a, R>>,
    free: Vec<usize>,
    /// Guards that are asked at each poll.
    asked: Vec<usize>,
    /// The guard that has claimed the choice and waits for an answer.
    reserved: Option<usize>,
    /// Where a fair choice begins to look.
    from: usize,
    prioritised: bool,
}

/// Names a guard of one [`Alt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GuardId {
    place: usize,
    generation: u64,
}

struct Place<'a, R> {
    generation: u64,
    guard: Option<Pin<Box<dyn Entry<R> + 'a>>>,
}

/// A guard of an `Alt`.
trait Entry<R>: Attempt {
    /// What it gave, and whether it stays.
    fn finish(self: Pin<&mut Self>) -> (R, bool);
    /// Whether it stands where it is marked, or has nowhere to stand.
    fn is_listed(&self) -> bool;
}

impl<'a, R: 'a> Alt<'a, R> {
    /// A choice without guards, fair.
    #[must_use]
    pub fn new() -> Self {
        Self {
            choice: Arc::new(Choice::reusable()),
            places: Vec::new(),
            free: Vec::new(),
            asked: Vec::new(),
            reserved: None,
            from: 0,
            prioritised: false,
        }
    }

    /// A choice without guards, that serves the first ready one.
    #[must_use]
    pub fn prioritised() -> Self {
        Self { prioritised: true, ..Self::new() }
    }

    /// Adds a receive that stays: it is served again and again. When the channel has ended, `map` gets that once, as an
    /// event of this guard, and the guard is removed.
    pub fn receive<T: marker::Send + 'static>(
        &mut self,
        end: &'a Receiver<T>,
        map: impl FnMut(Result<T, Ended>) -> R + marker::Send + 'a,
    ) -> GuardId {
        self.add(Box::pin(Inlet { end, node: Node::new(None), outcome: None, map }))
    }

    /// Adds the send of one value; it is removed when it is done.
    pub fn send<T: marker::Send + 'static>(
        &mut self,
        end: &'a Sender<T>,
        value: T,
        map: impl FnOnce(Result<(), SendError<T>>) -> R + marker::Send + 'a,
    ) -> GuardId {
        self.once(end.send(value), map)
    }

    /// Adds any guard (a timer, a future, a channel's end, ..), for one use; it is removed when the choice has committed to
    /// it.
    pub fn once<G: Guard + 'a>(&mut self, guard: G, map: impl FnOnce(G::Output) -> R + marker::Send + 'a) -> GuardId {
        self.add(Box::pin(Once { guard, map: Some(map), listed: false }))
    }

    fn add(&mut self, guard: Pin<Box<dyn Entry<R> + 'a>>) -> GuardId {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { generation: 0, guard: None });
            self.places.len() - 1
        });
        if guard.is_asked() {
            self.asked.push(place);
        }
        self.places[place].guard = Some(guard);
        // It stands on no list yet: whoever looks at it puts it there.
        self.choice.mark(place);
        GuardId { place, generation: self.places[place].generation }
    }

    /// Removes a guard; false when it is gone already. A value that a partner has handed over to it goes to the channel's next
    /// receive.
    pub fn remove(&mut self, id: GuardId) -> bool {
        let there = self.places.get(id.place).is_some_and(|p| p.generation == id.generation && p.guard.is_some());
        if there {
            let guard = self.clear(id.place);
            let left = catch_unwind(AssertUnwindSafe(|| drop(guard)));
            // Not before it has left: until then whoever holds a claim may commit the choice to it, and the next guard in this
            // place would be taken for the one that was committed to.
            if self.choice.committed() == Some(id.place) {
                self.choice.seen();
            }
            left.unwrap_or_else(|panic| resume_unwind(panic));
        }
        there
    }

    /// Frees a place. Its guard leaves its list when it is dropped, which is last: it may panic.
    fn clear(&mut self, place: usize) -> Option<Pin<Box<dyn Entry<R> + 'a>>> {
        if self.reserved == Some(place) {
            self.reserved = None;
        }
        self.places[place].generation += 1;
        self.choice.unmark(place);
        self.asked.retain(|&asked| asked != place);
        self.free.push(place);
        self.places[place].guard.take()
    }

    /// How many guards take part.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Whether no guard takes part.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until one guard commits, and gives what it gave; none if there is no guard to wait for.
    ///
    /// # Cancel safety
    /// Nothing is lost. Guards may be added and removed after a dropped wait, and the next one goes on where it was. If a
    /// partner had committed to a guard by then, the next wait gives that; if the guard is removed or the `Alt` dropped, a
    /// value goes to the channel's next receive.
    pub async fn next(&mut self) -> Option<R> {
        let using = Using(self);
        let mut is_new = true;
        poll_fn(|cx| {
            if is_new && steps::waits_its_turn(cx.waker(), || Operation::Choice) {
                return Poll::Pending;
            }
            is_new = false;
            using.0.poll(cx)
        })
        .await
    }

    /// Commits to a guard that is ready now, if there is one: the `else` of a reusable choice.
    ///
    /// A partner that has to be asked first, and answers later, is asked; if it agrees, a later call gives what came of it.
    pub fn try_next(&mut self) -> Option<R> {
        let using = Using(self);
        loop {
            if let Poll::Ready(given) = using.0.poll(&mut Context::from_waker(Waker::noop())) {
                return given;
            }
            // Committing to nothing shows that there was a moment at which no guard was ready.
            let nothing = using.0.places.len();
            if using.0.choice.commit_free(nothing) {
                using.0.choice.seen();
                return None;
            }
            let is_committed = using.0.choice.committed().is_some();
            if using.0.reserved.is_some() || is_committed {
                // A partner that keeps what it has sent, or answers later.
                return None;
            }
            // Somebody has claimed it, for a few instructions.
            std::thread::yield_now();
        }
    }

    /// Like [`next`](Self::next), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn next_blocking(&mut self) -> Result<Option<R>, Ended> {
        block_on(self.next())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<R>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        self.choice.set_waker(cx.waker());
        self.choice.enter();
        if self.choice.committed().is_none() {
            self.look(cx);
        }
        match self.choice.committed() {
            Some(place) => self.finish(place, cx).map(Some),
            None => Poll::Pending,
        }
    }

    /// Looks at all guards that may be ready, until the choice is committed.
    fn look(&mut self, cx: &mut Context<'_>) {
        if let Some(place) = self.reserved
            && !(self.choice.is_claimed() && self.attempt(place, cx) == Progress::Reserved)
        {
            self.reserved = None;
        }
        if self.choice.committed().is_some() {
            return;
        }
        self.asked.iter().for_each(|&place| self.choice.mark(place));
        let all = self.places.len();
        let from = if self.prioritised { 0 } else { self.from.min(all) };
        // Once round, so that one that stays marked because somebody claims us at this instant is not asked again.
        for (start, end) in [(from, all), (0, from)] {
            let mut at = start;
            while let Some(place) = self.choice.next_marked(at, end) {
                at = place + 1;
                if self.reserved == Some(place) {
                    continue;
                }
                // Of a reserved choice, too: the claim may be refused, and all have to stand on their lists then.
                match self.attempt(place, cx) {
                    Progress::Reserved => self.reserved = Some(place),
                    Progress::Committed => return,
                    Progress::Nothing if self.choice.committed().is_some() => return,
                    Progress::Nothing => {}
                }
            }
        }
    }

    /// Asks one guard; one that stands on no list is put there first.
    fn attempt(&mut self, place: usize, cx: &mut Context<'_>) -> Progress {
        let Self { choice, places, .. } = self;
        let Some(guard) = &mut places[place].guard else {
            choice.unmark(place);
            return Progress::Nothing;
        };
        if !guard.is_listed() {
            let progress = guard.as_mut().enlist(cx, choice, place);
            if progress != Progress::Nothing || choice.committed().is_some() {
                return progress;
            }
        }
        let progress = guard.as_mut().attempt(cx, Some((choice, place)));
        if progress == Progress::Nothing && guard.is_asked() {
            choice.unmark(place);
        }
        progress
    }

    /// The choice is committed to a guard: what it gave, once its partner lets go.
    fn finish(&mut self, place: usize, cx: &mut Context<'_>) -> Poll<R> {
        ready!(self.guard(place).collect(cx));
        self.choice.seen();
        self.from = place + 1;
        let (given, stays) = match catch_unwind(AssertUnwindSafe(|| self.guard(place).finish())) {
            Ok(finished) => finished,
            Err(panic) => {
                // Its closure has panicked: it is used up.
                drop(self.clear(place));
                resume_unwind(panic);
            }
        };
        if !stays {
            drop(self.clear(place));
        } else if !self.guard(place).is_listed() {
            self.choice.mark(place);
        }
        Poll::Ready(given)
    }

    fn guard(&mut self, place: usize) -> Pin<&mut (dyn Entry<R> + 'a)> {
        self.places[place].guard.as_mut().expect("a choice commits to a guard that takes part in it").as_mut()
    }
}

impl<'a, R: 'a> Default for Alt<'a, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> fmt::Debug for Alt<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Alt({} guards)", self.places.len() - self.free.len())
    }
}

/// A use of a choice; when it ends without a commit, the choice is idle again.
struct Using<'u, 'a, R>(&'u mut Alt<'a, R>);

impl<R> Drop for Using<'_, '_, R> {
    fn drop(&mut self) {
        self.0.choice.exit();
    }
}

pin_project! {
    /// A receive that stays on its channel's list.
    struct Inlet<'a, T, F> where T: marker::Send, T: 'static {
        end: &'a Receiver<T>,
        #[pin]
        node: Node<T>,
        outcome: Option<Result<T, Stop>>,
        map: F,
    }

    impl<T, F> PinnedDrop for Inlet<'_, T, F> where T: marker::Send, T: 'static {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if this.node.is_queued() || this.node.is_served() {
                this.end.core().abandon_receive(this.node);
            }
        }
    }
}

impl<T: marker::Send + 'static, F: marker::Send> Attempt for Inlet<'_, T, F> {
    fn attempt(self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        let this = self.project();
        *this.outcome = this.end.core().take(seat, None).ok();
        Progress::committed_if(this.outcome.is_some())
    }

    fn enlist(self: Pin<&mut Self>, _: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        let this = self.project();
        this.end.note_holder();
        this.end.core().enrol(Side::Receive, this.node, Waking::Guard(Arc::clone(choice), number));
        Progress::Nothing
    }

    fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.outcome.is_none() {
            // A partner has committed to it, and may be about to hand over its value: it does so under the lock.
            this.end.core().leave_receive(this.node.as_mut());
            *this.outcome = this.node.seen().slot.receive().map(Ok);
        }
        Poll::Ready(())
    }

    fn leave(self: Pin<&mut Self>) {}
}

impl<T: marker::Send + 'static, F: FnMut(Result<T, Ended>) -> R + marker::Send, R> Entry<R> for Inlet<'_, T, F> {
    fn finish(self: Pin<&mut Self>) -> (R, bool) {
        let this = self.project();
        let outcome = this.outcome.take().expect("the choice has committed to this guard");
        let stays = outcome.is_ok();
        ((this.map)(outcome.map_err(|stop| this.end.core().why(stop))), stays)
    }

    fn is_listed(&self) -> bool {
        // In this order: a partner may serve it in between.
        self.node.is_queued() || self.node.is_served()
    }
}

pin_project! {
    /// A guard for one use.
    struct Once<G, F> where G: Attempt {
        #[pin]
        guard: G,
        map: Option<F>,
        listed: bool,
    }

    impl<G, F> PinnedDrop for Once<G, F> where G: Attempt {
        /// One that is lent to the choice goes on without it.
        fn drop(this: Pin<&mut Self>) {
            this.project().guard.leave();
        }
    }
}

impl<G: Guard, F: marker::Send> Attempt for Once<G, F> {
    fn attempt(self: Pin<&mut Self>, cx: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        self.project().guard.attempt(cx, seat)
    }

    /// It may have been used before: then it stands on a list, or even has what it waited for. Trying without a seat takes it
    /// from there; a commit that comes of this is the choice's, which is claimed first.
    fn enlist(self: Pin<&mut Self>, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        let mut this = self.project();
        match Claim::new(choice) {
            Some(claim) if this.guard.as_mut().attempt(cx, None) == Progress::Committed => {
                claim.commit(number);
                return Progress::Committed;
            }
            Some(claim) => claim.release_in_poll(),
            None => this.guard.as_mut().leave(),
        }
        *this.listed = true;
        this.guard.enlist(cx, choice, number)
    }

    fn collect(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().guard.collect(cx)
    }

    fn leave(self: Pin<&mut Self>) {
        self.project().guard.leave();
    }

    fn is_asked(&self) -> bool {
        self.guard.is_asked()
    }
}

impl<G: Guard, F: FnOnce(G::Output) -> R + marker::Send, R> Entry<R> for Once<G, F> {
    fn finish(self: Pin<&mut Self>) -> (R, bool) {
        let this = self.project();
        let map = this.map.take().expect("a guard for one use is used once");
        (map(this.guard.output()), false)
    }

    fn is_listed(&self) -> bool {
        self.listed
    }
}
