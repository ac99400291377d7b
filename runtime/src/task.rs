//! The memory of a process: a word that says who may touch its body, and the waker made of its cell. Not what it does.
//!
//! A process is one allocation, a [`Cell`] whose last field is a [`Task`]: the word and the body. The cell is its own waker.
//!
//! # The word
//! ```text
//!              wake                begin               rest
//!   (asleep) -------> WOKEN (ready) ----> RUNNING ----------------> (asleep)
//!                       ^                  |   | wake: RUNNING|WOKEN, and `rest` makes it ready again
//!                       +------------------+   | done
//!                                              +-------> DONE, for good
//! ```
//! The rest of it counts the wakers that exist, wherever they are kept: a process whose wakers are not all in waiter lists of ours
//! has a helper that we do not know. A process that has not started is ready.
//!
//! # Why this is sound
//! *The body* is reached by `&mut` in three places: by who has set RUNNING, and nobody sets it while it is set; by who set TAKEN
//! after DONE; and by who set DONE when TAKEN was set before. Each of these happens once or in turn, and each turn is seen by the
//! next: every change of the word that gives the body away is a Release, every one that takes it an Acquire, and all between are
//! read-modify-writes. The body is never moved: it is pinned by lying in an `Arc`.
//!
//! *The memory* is kept by one strong count that goes from hand to hand. While the process is asleep the word owns it; who wakes
//! it takes the count, as an `Arc`, to the executor, and gives it back with `rest`. So wakers own no count while the process
//! lives, and cloning one is an addition to the word. `done` leaves the count with the word if there are wakers, and the last of
//! them frees it. A waker is made from a pointer to the cell that comes from its `Arc`, with the table of the cell's own type.

#![allow(unsafe_code)]

#[cfg(test)]
mod tests;

use crate::cell::Cell;
use rendez_channels::steps::{self, Touched};
use rendez_model::{End, ProcessId};
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

const WOKEN: usize = 1;
const RUNNING: usize = 2;
const DONE: usize = 4;
/// Somebody has come for the outcome, or nobody ever will.
const TAKEN: usize = 8;
const WAKER: usize = 16;
const WAKERS_MAX: usize = usize::MAX / 2;

/// What a process does, and later what it has ended with.
pub(crate) trait Body: Send {
    /// Goes on until it has to wait; ready when the process has ended.
    fn poll(self: Pin<&mut Self>, cell: &Arc<Cell>, cx: &mut Context<'_>) -> Poll<End>;

    /// Drops what has not ended: the executor goes away under it.
    fn abandon(self: Pin<&mut Self>, cell: &Arc<Cell>) -> End;

    /// Drops the outcome that nobody will take.
    fn forget(self: Pin<&mut Self>);

    /// `&TABLE` of the implementing type: how its cell is a waker.
    fn table(&self) -> &'static RawWakerVTable;
}

/// A body that ends with a value.
pub(crate) trait Job<T>: Body {
    /// Takes what it has ended with.
    fn outcome(self: Pin<&mut Self>) -> Option<T>;
}

/// The word and the body.
pub(crate) struct Task<B: ?Sized> {
    word: AtomicUsize,
    body: UnsafeCell<B>,
}

// SAFETY: by `&Task` one reaches the word, which is atomic, and the body only as the word allows: by one at a time.
unsafe impl<B: ?Sized + Send> Sync for Task<B> {}

/// What became of a process that was run.
pub(crate) enum Ran {
    /// It sleeps until somebody wakes it.
    Rests,
    /// It was woken while it ran: it is ready again.
    Again(Arc<Cell>),
    /// It has ended.
    Done(Arc<Cell>, End),
}

impl<B> Task<B> {
    pub(crate) const fn new(body: B) -> Self {
        Self { word: AtomicUsize::new(WOKEN), body: UnsafeCell::new(body) }
    }
}

impl<B: ?Sized> Task<B> {
    /// Whether it is asleep, and how many wakers of it exist, in lists of ours and elsewhere, at the same instant.
    pub(crate) fn sleep(&self) -> (bool, usize) {
        // Acquire: pairs with the Release of `rest`; who sees it asleep sees what it did before.
        let word = self.word.load(Ordering::Acquire);
        (word & (WOKEN | RUNNING | DONE) == 0, word / WAKER)
    }

    pub(crate) fn is_running(&self) -> bool {
        // Relaxed: as in `wakers`.
        self.word.load(Ordering::Relaxed) & RUNNING != 0
    }

    /// Whether it waits to be run.
    pub(crate) fn is_ready(&self) -> bool {
        // Relaxed: who acts on it is the only one that runs it.
        self.word.load(Ordering::Relaxed) & (WOKEN | RUNNING | DONE) == WOKEN
    }

    /// Marks it as woken; true when it was asleep, and the strong count is then the caller's.
    #[inline]
    fn wake(&self) -> bool {
        // Release: pairs with the Acquire of `begin`. Acquire: of `rest`, whose count we may take.
        let before = self.word.fetch_or(WOKEN, Ordering::AcqRel);
        before & (WOKEN | RUNNING | DONE) == 0
    }
}

/// Runs a process that is ready.
#[inline]
pub(crate) fn run(cell: Arc<Cell>) -> Ran {
    let task = cell.task();
    // WOKEN off, RUNNING on. Acquire: pairs with the Release of `wake`, and of the `rest` before it.
    let before = task.word.fetch_add(RUNNING - WOKEN, Ordering::Acquire);
    assert!(before & (WOKEN | RUNNING | DONE) == WOKEN, "only a process that is ready is run");
    // SAFETY: we have set RUNNING, and a body in an `Arc` does not move.
    let body = unsafe { Pin::new_unchecked(&mut *task.body.get()) };
    // SAFETY: the pointer is that of an `Arc` of the type that the table is for. It is lent, not counted: it is not dropped,
    // and we hold the `Arc` for longer than it.
    let waker = unsafe { Waker::from_raw(RawWaker::new(Arc::as_ptr(&cell).cast(), body.table())) };
    let waker = ManuallyDrop::new(waker);
    if let Poll::Ready(how) = body.poll(&cell, &mut Context::from_waker(&waker)) {
        end(&cell);
        return Ran::Done(cell, how);
    }
    let cell = Arc::into_raw(cell);
    // SAFETY: it was an `Arc` a line ago. After this, if the process was not woken, the word owns the count, and we do not
    // touch the cell again. Release: pairs with the Acquire of the next `begin`.
    let before = unsafe { (*cell).task().word.fetch_sub(RUNNING, Ordering::AcqRel) };
    if before & WOKEN == 0 {
        return Ran::Rests;
    }
    // SAFETY: it was woken while RUNNING was set, by somebody who has therefore left the count to us.
    Ran::Again(unsafe { Arc::from_raw(cell) })
}

/// Ends a process that sleeps, or is ready and will not be run by whoever has it; not one that runs or has ended.
pub(crate) fn abandon(cell: &Arc<Cell>) -> Option<End> {
    let task = cell.task();
    let mut word = task.word.load(Ordering::Relaxed);
    loop {
        if word & (RUNNING | DONE) != 0 {
            return None;
        }
        // Acquire: as in `begin`.
        let to = (word & !WOKEN) | RUNNING;
        match task.word.compare_exchange_weak(word, to, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => break,
            Err(now) => word = now,
        }
    }
    if word & WOKEN == 0 {
        // SAFETY: it was asleep, so that the count was the word's and is now ours.
        drop(unsafe { Arc::from_raw(Arc::as_ptr(cell)) });
    }
    // SAFETY: as in `run`.
    let how = unsafe { Pin::new_unchecked(&mut *task.body.get()) }.abandon(cell);
    end(cell);
    Some(how)
}

/// RUNNING off, DONE on.
fn end(cell: &Arc<Cell>) {
    let task = cell.task();
    // Relaxed: where there is no waker none comes any more. They are made of wakers, and by the body, which is not polled again.
    let has_wakers = task.word.load(Ordering::Relaxed) / WAKER > 0;
    // The word's count, for the last waker to free.
    let counted = has_wakers.then(|| Arc::into_raw(Arc::clone(cell)));
    // Release: pairs with the Acquire of `take`, and of the last waker. Acquire: with the Release of who set TAKEN.
    let before = task.word.fetch_add(DONE - RUNNING, Ordering::AcqRel);
    if let Some(counted) = counted.filter(|_| before / WAKER == 0) {
        // SAFETY: counted a few lines ago; no waker exists, and none can be made of a process that does not run.
        drop(unsafe { Arc::from_raw(counted) });
    }
    if before & TAKEN != 0 {
        // SAFETY: DONE was set by us after TAKEN, so that nobody else comes for the body.
        unsafe { Pin::new_unchecked(&mut *task.body.get()) }.forget();
    }
}

/// Takes the outcome of a process, once; none while it has not ended, and then it is dropped when it does.
pub(crate) fn take<T>(cell: &Cell<dyn Job<T>>) -> Option<T> {
    // Relaxed: who finds it set has nothing to take.
    if cell.task().word.load(Ordering::Relaxed) & TAKEN != 0 {
        return None;
    }
    // Acquire: pairs with the Release of `end`. Release: with its Acquire.
    let before = cell.task().word.fetch_or(TAKEN, Ordering::AcqRel);
    if before & (DONE | TAKEN) != DONE {
        return None;
    }
    // SAFETY: we have set TAKEN after DONE.
    unsafe { Pin::new_unchecked(&mut *cell.task().body.get()) }.outcome()
}

/// Wakes a process. No waker is needed for that.
pub(crate) fn wake(cell: &Arc<Cell>) {
    if cell.task().wake() {
        // SAFETY: it was asleep: its count is ours.
        unsafe { Arc::from_raw(Arc::as_ptr(cell)) }.ready();
    } else {
        is_awake(cell.id());
    }
}

/// A process is woken that was not asleep. Who explores is told of it as of any wake: the process might have run in between.
#[inline(always)]
fn is_awake(process: ProcessId) {
    steps::touches(|| Touched::Waking(process.0));
}

thread_local! {
    static CURRENT: std::cell::Cell<Option<ptr::NonNull<Cell>>> = const { std::cell::Cell::new(None) };
}

/// Says that this thread acts as a process meanwhile.
#[inline]
pub(crate) fn acting<R>(cell: &Arc<Cell>, act: impl FnOnce() -> R) -> R {
    struct Before(Option<ptr::NonNull<Cell>>);
    impl Drop for Before {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _before = Before(CURRENT.replace(ptr::NonNull::new(Arc::as_ptr(cell).cast_mut())));
    act()
}

/// Looks at the process that this thread acts as.
#[inline]
pub(crate) fn with_current<R>(look: impl FnOnce(Option<&Arc<Cell>>) -> R) -> R {
    let Some(cell) = CURRENT.get() else { return look(None) };
    // SAFETY: the pointer is that of an `Arc` which the caller of `acting` holds until it has put another in its place, and
    // what `look` calls puts its own back before. We own no count, so that this one is not dropped.
    let cell = ManuallyDrop::new(unsafe { Arc::from_raw(cell.as_ptr().cast_const()) });
    look(Some(&cell))
}

/// What is set once: a word, where a `OnceLock` is two. What it is set to is never another until it is dropped.
pub(crate) struct Once<T> {
    /// Null, or that of an `Arc` whose count is ours.
    set: AtomicPtr<T>,
    _counts: PhantomData<Arc<T>>,
}

impl<T> Once<T> {
    pub(crate) fn new(set: Option<Arc<T>>) -> Self {
        let set = set.map_or(ptr::null_mut(), |set| Arc::into_raw(set).cast_mut());
        Self { set: AtomicPtr::new(set), _counts: PhantomData }
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        // Acquire: pairs with the Release of `get_or_set`.
        // SAFETY: our count keeps it in memory for as long as we are borrowed.
        unsafe { self.set.load(Ordering::Acquire).as_ref() }
    }

    pub(crate) fn shared(&self) -> Option<Arc<T>> {
        // Acquire: as in `get`.
        let set = self.set.load(Ordering::Acquire).cast_const();
        // SAFETY: it is that of an `Arc` of which we have a count; the new one is the caller's.
        (!set.is_null()).then(|| unsafe {
            Arc::increment_strong_count(set);
            Arc::from_raw(set)
        })
    }

    /// What it is set to, which is this if nothing was.
    pub(crate) fn get_or_set(&self, make: impl FnOnce() -> Arc<T>) -> &T {
        if let Some(set) = self.get() {
            return set;
        }
        let made = Arc::into_raw(make()).cast_mut();
        // Release: who finds it sees what it points to. Acquire: we see what another has set.
        match self.set.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: its count is ours now; see `get`.
            Ok(_) => unsafe { &*made },
            Err(first) => {
                // SAFETY: it was an `Arc` a few lines ago, and has not become ours.
                drop(unsafe { Arc::from_raw(made) });
                // SAFETY: not null, since it was found to be something else; see `get`.
                unsafe { &*first }
            }
        }
    }
}

impl<T> Drop for Once<T> {
    fn drop(&mut self) {
        let set = *self.set.get_mut();
        if !set.is_null() {
            // SAFETY: our count, which nobody uses any more.
            drop(unsafe { Arc::from_raw(set) });
        }
    }
}

/// How the cell of a body of type `B` is a waker.
pub(crate) struct Table<B>(B);

impl<B: Body + 'static> Table<B> {
    pub(crate) const TABLE: RawWakerVTable =
        RawWakerVTable::new(Self::clone, Self::wake, Self::wake_by_ref, Self::drop);

    unsafe fn word<'a>(cell: *const ()) -> &'a AtomicUsize {
        // SAFETY: the callers have a waker, which keeps the cell in memory: by the count of who runs or owns the process
        // while it lives, by the word's own afterwards.
        unsafe { &(*cell.cast::<Cell<B>>()).task().word }
    }

    /// The strong count, as what it counts.
    unsafe fn counted(cell: *const ()) -> Arc<Cell> {
        // SAFETY: the callers own the count, and the pointer is that of an `Arc` of this type.
        unsafe { Arc::from_raw(cell.cast::<Cell<B>>()) }
    }

    unsafe fn clone(cell: *const ()) -> RawWaker {
        // SAFETY: a waker is being cloned. Relaxed: who makes a new one has one.
        let before = unsafe { Self::word(cell) }.fetch_add(WAKER, Ordering::Relaxed);
        if before > WAKERS_MAX {
            // Going on would overflow into another's count: somebody forgets wakers in a loop.
            std::process::abort();
        }
        RawWaker::new(cell, &Self::TABLE)
    }

    unsafe fn wake(cell: *const ()) {
        // SAFETY: a waker is being used up, and is there until the exchange.
        let (word, process) = unsafe { (Self::word(cell), (*cell.cast::<Cell<B>>()).id()) };
        let mut before = word.load(Ordering::Relaxed);
        // AcqRel: as in `Task::wake`, and as in `drop`.
        while let Err(now) =
            word.compare_exchange_weak(before, (before - WAKER) | WOKEN, Ordering::AcqRel, Ordering::Relaxed)
        {
            before = now;
        }
        if before & (WOKEN | RUNNING | DONE) == 0 {
            // SAFETY: it was asleep: its count is ours.
            unsafe { Self::counted(cell) }.ready();
            return;
        }
        is_awake(process);
        if is_last(before) {
            // SAFETY: see `drop`.
            drop(unsafe { Self::counted(cell) });
        }
    }

    unsafe fn wake_by_ref(cell: *const ()) {
        // SAFETY: there is a waker. Ordering: as in `Task::wake`.
        let before = unsafe { Self::word(cell) }.fetch_or(WOKEN, Ordering::AcqRel);
        if before & (WOKEN | RUNNING | DONE) == 0 {
            // SAFETY: it was asleep: its count is ours.
            unsafe { Self::counted(cell) }.ready();
        } else {
            // SAFETY: there is a waker.
            is_awake(unsafe { (*cell.cast::<Cell<B>>()).id() });
        }
    }

    unsafe fn drop(cell: *const ()) {
        // SAFETY: a waker is being dropped; after this, if it was the last, its memory is ours to free.
        // Release: others may free it. Acquire: pairs with that of the others, if we do.
        let before = unsafe { Self::word(cell) }.fetch_sub(WAKER, Ordering::AcqRel);
        if is_last(before) {
            // SAFETY: DONE was set while there was this waker, so that `end` has left the count to the last, which we are.
            drop(unsafe { Self::counted(cell) });
        }
    }
}

/// Whether a word was that of an ended process with one waker.
const fn is_last(before: usize) -> bool {
    before & DONE != 0 && before / WAKER == 1
}
