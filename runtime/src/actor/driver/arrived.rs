//! What has arrived at an incarnation and was not looked at yet, lane by lane. What is done about it is not decided here.

use crate::Failure;
use crate::actor::agenda::Step;
use crate::actor::inside::{Inbox, Inside};
use crate::actor::timers::Due;
use crate::actor::{Actor, Letter, signals};
use crate::trace::Traced;
use rendez_channels::{Receiver, Timer, at, clock};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Instant;

/// How many letters are taken out of a mailbox at once, after the first.
const LOT: usize = 32;

/// What has arrived and was not looked at yet.
pub(super) struct Arrived<'a, A: Actor> {
    pub(super) inbox: &'a Inbox<A>,
    /// Of its own place: few have it.
    received: Option<Box<Received<A::Message>>>,
    pub(super) retired: bool,
    /// Whether there are, or were, timers: who has none looks at no clock.
    pub(super) has_timers: bool,
    /// How many messages were handled in this go.
    pub(super) burst: u32,
    /// Of its own place: few have it.
    pub(super) beyond: Option<Box<Beyond<A::Message>>>,
}

/// Letters that were received, in their order.
struct Received<M> {
    /// With what it belongs to.
    letter: Option<Letter<Traced<M>>>,
    /// What was taken with another before, and belongs to nothing.
    lot: VecDeque<Letter<M>>,
}

impl<M> Default for Received<M> {
    fn default() -> Self {
        Self { letter: None, lot: VecDeque::new() }
    }
}

/// What is beyond the mailbox.
pub(super) struct Beyond<M: Send + 'static> {
    pub(super) urgent: Option<Receiver<M>>,
    /// The timer that is waited for, and when it is due.
    pub(super) alarm: Option<(Instant, Timer)>,
    /// A period whose message could not be made.
    pub(super) panicked: Option<Failure>,
    /// What is to be done next that most actors seldom do.
    pub(super) step: Option<Step<M>>,
}

impl<M: Send + 'static> Default for Beyond<M> {
    fn default() -> Self {
        Self { urgent: None, alarm: None, panicked: None, step: None }
    }
}

impl<'a, A: Actor> Arrived<'a, A> {
    pub(super) const fn nothing(inbox: &'a Inbox<A>, has_timers: bool) -> Self {
        Self { inbox, received: None, retired: false, has_timers, burst: 0, beyond: None }
    }

    #[inline]
    pub(super) fn inside(&self) -> &'a Inside<A> {
        &self.inbox.inside
    }

    /// Whether there is nothing but the mailbox.
    #[inline]
    pub(super) fn is_quiet(&self) -> bool {
        !self.retired
            && !self.has_timers
            && self.received.as_ref().is_none_or(|received| received.letter.is_none())
            && self.beyond.is_none()
            && self.inside().signals.raised() == 0
    }

    /// A letter that was just received, to be looked at more closely.
    pub(super) fn keep(&mut self, letter: Letter<Traced<A::Message>>) {
        self.received.get_or_insert_default().letter = Some(letter);
    }

    /// Takes what stands behind a letter that had come before it was waited for, where the mailbox has no bound: whoever sends at the same
    /// time has the mailbox's lock so much more often.
    #[inline(never)]
    pub(super) fn take_lot(&mut self, mailbox: &Receiver<Letter<A::Message>>) {
        if self.inside().plan.room == usize::MAX {
            mailbox.take_buffered(&mut self.received.get_or_insert_default().lot, LOT);
        }
    }

    /// The next of a lot.
    #[inline]
    pub(super) fn next_of_lot(&mut self) -> Option<Letter<A::Message>> {
        self.received.as_mut()?.lot.pop_front()
    }

    /// The next letter, with what it belongs to.
    pub(super) fn next_letter(&mut self) -> Option<Letter<Traced<A::Message>>> {
        let received = self.received.as_mut()?;
        received.letter.take().or_else(|| received.lot.pop_front().map(|letter| letter.traced(None)))
    }

    /// Whether no letter is left, here or in the mailbox, and none can come.
    pub(super) fn is_retired(&self) -> bool {
        self.retired
            && self.received.as_ref().is_none_or(|received| received.letter.is_none() && received.lot.is_empty())
    }

    /// It waits, and has nothing to do.
    #[inline]
    pub(super) fn rest(&mut self) {
        self.burst = 0;
        self.inside().set_taken(0);
        // The place of one letter stays: whoever has it looks closely at most of them.
        drop(self.received.take_if(|received| received.lot.capacity() > 0));
    }

    /// It has something to do.
    #[inline]
    pub(super) fn be_busy(&self) {
        self.inside().set_taken(1 + self.received.as_ref().map_or(0, |received| received.lot.len()));
    }

    pub(super) fn beyond(&mut self) -> &mut Beyond<A::Message> {
        self.beyond.get_or_insert_default()
    }

    pub(super) fn take_panicked(&mut self) -> Option<Failure> {
        self.beyond.as_mut()?.panicked.take()
    }

    /// It waits no more for a timer.
    pub(super) fn stop_waiting(&mut self) {
        if let Some(beyond) = &mut self.beyond {
            beyond.alarm = None;
            self.tidy();
        }
    }

    pub(super) fn take_step(&mut self) -> Step<A::Message> {
        let step = self.beyond.as_mut().and_then(|beyond| beyond.step.take());
        self.tidy();
        step.unwrap_or(Step::Wait)
    }

    /// Where nothing is beyond the mailbox any more, it is as if there never was.
    pub(super) fn tidy(&mut self) {
        let is_empty = |beyond: &Beyond<A::Message>| {
            beyond.urgent.is_none() && beyond.alarm.is_none() && beyond.panicked.is_none() && beyond.step.is_none()
        };
        drop(self.beyond.take_if(|beyond| is_empty(beyond)));
    }

    /// Until the earliest timer is due; for ever without one.
    pub(super) fn poll_alarm(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        let Some(due) = self.has_timers.then(|| self.inside().earliest()).flatten() else {
            self.stop_waiting();
            return Poll::Pending;
        };
        let alarm = &mut self.beyond().alarm;
        if alarm.as_ref().is_none_or(|alarm| alarm.0 != due) {
            *alarm = None;
        }
        Pin::new(&mut alarm.get_or_insert_with(|| (due, at(due))).1).poll(cx)
    }

    /// Whether there are timers; the next look at them is this one.
    pub(super) fn look_at_timers(&mut self) {
        self.has_timers |= self.inside().signals.take(signals::TIMER);
    }

    pub(super) fn urgent(&mut self) -> Option<Traced<A::Message>> {
        if self.inside().signals.take(signals::URGENT) {
            self.beyond().urgent = self.inside().urgent_receiver();
        }
        let urgent = &mut self.beyond.as_mut()?.urgent;
        let message = urgent.as_ref()?.try_recv().ok().map(Traced::here);
        if message.is_none() {
            *urgent = None;
        }
        message
    }

    pub(super) fn due(&mut self) -> Option<Traced<A::Message>> {
        let inside = self.inside();
        if !self.has_timers {
            return None;
        }
        loop {
            match inside.with_used(|lanes| lanes.timers.due(clock::now())).flatten()? {
                Due::Once(message) => return Some(message),
                Due::Every(mut period) => {
                    let made = catch_unwind(AssertUnwindSafe(|| period.make()));
                    let goes_on = inside.with_used(|lanes| lanes.timers.again(period, clock::now()));
                    match made {
                        Ok(message) if goes_on == Some(true) => return message,
                        Ok(_) => {}
                        Err(payload) => {
                            self.beyond().panicked = Some(Failure::panic(&*payload));
                            return None;
                        }
                    }
                }
            }
        }
    }
}
