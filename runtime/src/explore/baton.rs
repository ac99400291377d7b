//! A body that blocks its thread, under exploration: a baton goes to and fro between it and the explorer, so that one of them runs at
//! a time. Which step is whose, it does not know.

use super::controlled::{Became, Controlled};
use rendez_channels::steps::{Numbered, Operation, Steps, Touched};
use rendez_model::ChannelId;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;

/// Who may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Explorer,
    Body,
    /// The exploration of this schedule is over: the body is not to go on.
    Nobody,
}

pub(super) struct Baton {
    holder: Mutex<Holder>,
    passed: Condvar,
}

impl Baton {
    pub(super) const fn new() -> Self {
        Self { holder: Mutex::new(Holder::Explorer), passed: Condvar::new() }
    }

    /// The explorer passes it to the body, and has it back when this returns.
    pub(super) fn lend(&self) {
        self.pass(Holder::Body);
        drop(self.wait_while(|holder| holder == Holder::Body));
    }

    /// The body passes it back.
    pub(super) fn give_back(&self) {
        let mut holder = self.lock();
        if *holder == Holder::Body {
            *holder = Holder::Explorer;
        }
        drop(holder);
        self.passed.notify_all();
    }

    /// The body waits for it; false where it will not get it any more.
    pub(super) fn wait(&self) -> bool {
        *self.wait_while(|holder| holder == Holder::Explorer) == Holder::Body
    }

    /// The explorer takes it away for good.
    pub(super) fn withdraw(&self) {
        self.pass(Holder::Nobody);
    }

    fn pass(&self, to: Holder) {
        *self.lock() = to;
        self.passed.notify_all();
    }

    fn wait_while(&self, waits: impl Fn(Holder) -> bool) -> MutexGuard<'_, Holder> {
        let holder = self.lock();
        self.passed.wait_while(holder, |holder| waits(*holder)).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a body unwinds with when its schedule is over.
struct Over;

/// The steps of a body on its own thread.
pub(super) struct BodySteps {
    pub(super) on: Arc<Controlled>,
    pub(super) baton: Arc<Baton>,
    /// The number that its steps have.
    pub(super) number: u64,
}

impl BodySteps {
    /// Its step is over; it goes on when it has its next one.
    fn wait_for_turn(&self) {
        self.baton.give_back();
        if self.baton.wait() {
            return;
        }
        if thread::panicking() {
            // It has been told, and something that it drops waits again: nobody will come.
            loop {
                thread::park();
            }
        }
        resume_unwind(Box::new(Over));
    }
}

impl Steps for BodySteps {
    fn touches(&self, what: Touched) {
        self.on.touches(what);
    }

    fn gone(&self, at: usize) {
        self.on.gone(at);
    }

    fn begins(&self, operation: Operation, _: &Waker) -> bool {
        if !self.on.has_turn(operation) {
            self.on.body_became(self.number, Became::Ready);
            self.wait_for_turn();
            self.on.has_turn(operation);
        }
        true
    }

    fn parks(&self, parker: usize) {
        self.on.body_parks(self.number, parker);
        self.wait_for_turn();
        self.on.body_goes_on(parker);
    }

    fn unparks(&self, parker: usize) {
        self.on.unparks(parker);
    }

    fn number(&self, kind: Numbered) -> u64 {
        self.on.number(kind)
    }

    fn named(&self, channel: ChannelId, name: &str) {
        self.on.named(channel, name);
    }

    fn lost(&self, channel: ChannelId, name: String, values: u64) {
        Steps::lost(&*self.on, channel, name, values);
    }
}
