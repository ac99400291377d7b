//! Who acts in the property tests, and what it follows: its values belong to that, and it keeps what it is told of others'.

use crate::support::Chance;
use rendez::trace::{self, Follow, Trace};
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    /// What this thread was told last, since it acts for whom it does.
    static TOLD: RefCell<Option<Option<Trace>>> = const { RefCell::new(None) };
}

/// One that follows the same all the time.
#[derive(Clone)]
pub(super) struct Follower(Arc<dyn Follow>);

struct Steady(Option<Trace>);

impl Follow for Steady {
    /// Who follows nothing has what it was told last until it acts again, when several come at once.
    fn trace(&self) -> Option<Trace> {
        self.0.clone().or_else(|| TOLD.with_borrow(|told| told.clone().flatten()))
    }

    fn set(&self, trace: Option<Trace>) {
        TOLD.set(Some(trace));
    }
}

impl Follower {
    /// One that follows something of its own, or nothing.
    pub(super) fn any(chance: &mut Chance) -> Self {
        Self(Arc::new(Steady((chance.below(2) == 0).then(|| Trace::new("test")))))
    }

    /// One that follows nothing.
    pub(super) fn of_nothing() -> Self {
        Self(Arc::new(Steady(None)))
    }

    /// The number of what it follows, 0 of nothing.
    pub(super) fn follows(&self) -> u64 {
        TOLD.set(None);
        self.0.trace().map_or(0, |trace| trace.id())
    }

    /// Acts for it.
    pub(super) fn act<R>(&self, act: impl FnOnce() -> R) -> R {
        TOLD.set(None);
        trace::in_place(&self.0, act)
    }
}

/// Who acts has received a value that belongs to this, and was told so. Who follows nothing needs not be told of nothing.
pub(super) fn has_received(belongs: u64) {
    let told = TOLD.take();
    let is_told = told.is_some() || trace::current().is_none();
    let told = told.flatten().map_or(0, |trace| trace.id());
    assert!(is_told && told == belongs, "received a value of trace {belongs}, and was told {told}");
}
