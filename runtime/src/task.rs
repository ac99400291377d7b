//! The memory of a process, its turn, and the waker made of its cell. What the word says is in [`word`]; not what the process does.
//!
//! A process is one allocation, a [`Cell`]: a [`Head`] of a known size, and behind it the body, whose type most do not know. Who
//! runs a process has its [`Turn`], which points to the head and to functions made for the body: they find the body at a place that
//! the compiler knows. The cell is its own waker.
//!
//! # Why this is sound
//! *The body* is reached by `&mut` in three places: by who has the turn, which cannot be cloned, comes into being once with the
//! process and once with each wake that finds it asleep, and is used up by running; by who has set TAKEN after DONE; and by who set
//! DONE when TAKEN was set before. Each of these happens once or in turn, and each is seen by the next: every change of the word
//! that gives the body away is a Release, every one that takes it an Acquire, and all between are read-modify-writes. The body is
//! never moved: it is pinned by lying in an `Arc`.
//!
//! *The memory* is kept by one strong count that goes from hand to hand. While the process is asleep the word owns it; whoever gets
//! the turn takes it, and gives it back with `rest`. So wakers own no count while the process lives, and cloning one is an addition
//! to the word. `end` leaves the count with the word if there are wakers, and the last of them frees it. A waker and a turn are the
//! pointer to the cell that comes from its `Arc`; the table in its head is that of the cell's own type, since both are made in one place.
//!
//! *Wakers made on the side*: while this thread polls a process, those made of its wakers here are counted beside the word, see
//! [`Polled`]. No waker frees anything before the process has ended, which is after they were added.

#![allow(unsafe_code)]

#[cfg(test)]
mod tests;
mod word;

use crate::cell::Head;
use crate::executor;
use rendez_channels::steps::{self, Touched};
use rendez_model::{End, ProcessId};
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use word::{Woke, Word};

/// What a process does, and later what it has ended with.
pub(crate) trait Body: Send {
    /// Goes on until it has to wait; ready when the process has ended.
    fn poll(self: Pin<&mut Self>, cell: &Arc<Cell<Self>>, cx: &mut Context<'_>) -> Poll<End>
    where
        Self: Sized;

    /// Drops what has not ended: the executor goes away under it.
    fn abandon(self: Pin<&mut Self>, cell: &Arc<Cell<Self>>) -> End
    where
        Self: Sized;

    /// Drops the outcome that nobody will take.
    fn forget(self: Pin<&mut Self>)
    where
        Self: Sized;
}

/// A body that ends with a value.
pub(crate) trait Job<T>: Body {
    /// Takes what it has ended with.
    fn outcome(self: Pin<&mut Self>) -> Option<T>;
}

/// The one allocation of a process: what is known of it, and behind that its body.
///
/// In this order, so that what a turn touches lies together with the beginning of the body, and the head where the cell is.
#[repr(C)]
pub(crate) struct Cell<B: ?Sized = dyn Body> {
    head: Head,
    body: UnsafeCell<B>,
}

// SAFETY: by `&Cell` one reaches the head, which is `Sync`, and the body only as the word allows: by one at a time.
unsafe impl<B: ?Sized + Send> Sync for Cell<B> where Head: Sync {}

impl<B: ?Sized> Deref for Cell<B> {
    type Target = Head;

    #[inline]
    fn deref(&self) -> &Head {
        &self.head
    }
}

/// What this file keeps in the head of a process. Nobody else makes one, so that a cell has the word that is new with it, and the table of
/// its body.
pub(crate) struct Own {
    word: Word,
    table: &'static Table,
}

/// A process that has not started: its first turn.
pub(crate) struct Unstarted<T>(Arc<Cell<dyn Job<T>>>);

impl<T> Unstarted<T> {
    pub(crate) fn new<B: Job<T> + 'static>(head: impl FnOnce(Own) -> Head, body: B) -> Self {
        let own = Own { word: Word::new(), table: &Of::<B>::TABLE };
        Self(Arc::new(Cell { head: head(own), body: UnsafeCell::new(body) }))
    }

    /// The process as all others know it.
    pub(crate) fn cell(&self) -> Arc<Cell>
    where
        T: 'static,
    {
        Arc::clone(&self.0) as _
    }

    /// Its first turn, and what is kept to take its outcome.
    pub(crate) fn begin(self) -> (Turn, Arc<Cell<dyn Job<T>>>)
    where
        T: 'static,
    {
        // SAFETY: the turn is ours, and goes with the new count: there is one `Unstarted` for a word, and it is used up here.
        (unsafe { Turn::of(self.cell()) }, self.0)
    }
}

impl<T> Deref for Unstarted<T> {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.0
    }
}

/// The turn of a process: the right to run it, of which there is one at most. Dropped, it is never run again.
pub(crate) struct Turn {
    /// That of a cell, with provenance over all of its `Arc`, whose count is ours.
    cell: NonNull<Head>,
}

// SAFETY: it is a count of an `Arc` of what is `Send` and `Sync`, and the right to the body, which is `Send`.
unsafe impl Send for Turn where Arc<Cell>: Send {}

/// What became of a process that was run.
pub(crate) enum Ran {
    /// It sleeps until somebody wakes it.
    Rests,
    /// It was woken while it ran: it has another turn.
    Again(Turn),
    /// It has ended.
    Ended,
}

impl Turn {
    /// The turn of a process, with a count of its own.
    ///
    /// # Safety
    /// The turn is the caller's.
    unsafe fn of(cell: Arc<Cell>) -> Self {
        // SAFETY: an `Arc`'s pointer is not null.
        Self { cell: unsafe { NonNull::new_unchecked(Arc::into_raw(cell).cast::<Head>().cast_mut()) } }
    }

    /// Runs the process until it has to wait.
    #[inline]
    pub(crate) fn run(self) -> Ran {
        let this = ManuallyDrop::new(self);
        // SAFETY: the table is that of the cell's type, and what it gets is this turn, with its count.
        unsafe { (this.own.table.run)(this.cell) }
    }

    /// Looks at the process.
    pub(crate) fn with_cell<R>(&self, look: impl FnOnce(&Arc<Cell>) -> R) -> R {
        // SAFETY: as in `run`; the count is lent, not dropped.
        let cell = ManuallyDrop::new(unsafe { (self.own.table.cell)(self.cell) });
        look(&cell)
    }

    /// Ends a process that will never be run again: its executor goes away.
    pub(crate) fn abandon(self) {
        let this = ManuallyDrop::new(self);
        // SAFETY: as in `run`.
        unsafe { (this.own.table.abandon)(this.cell) }
    }
}

impl Deref for Turn {
    type Target = Head;

    #[inline]
    fn deref(&self) -> &Head {
        // SAFETY: our count keeps it in memory, and it is reached by `&` only.
        unsafe { self.cell.as_ref() }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // SAFETY: as in `Turn::run`; the count is dropped, and the turn is nobody's from now on.
        drop(unsafe { (self.own.table.cell)(self.cell) });
    }
}

/// Wakes a process; its turn, when it was asleep. No waker is needed for that.
pub(crate) fn wake(cell: &Arc<Cell>) -> Option<Turn> {
    if !cell.own.word.wake() {
        is_awake(cell.id());
        return None;
    }
    // SAFETY: it was asleep, so that the word's count is ours, and the turn.
    Some(unsafe { Turn::of(Arc::from_raw(Arc::as_ptr(cell))) })
}

/// Ends a process that will never be run again, where it sleeps; who has the turn of one that is awake does it.
pub(crate) fn abandon_asleep(cell: &Arc<Cell>) {
    if let Some(turn) = wake(cell) {
        turn.abandon();
    }
}

/// A process is woken that was not asleep. Who explores is told of it as of any wake: the process might have run in between.
#[inline(always)]
fn is_awake(process: ProcessId) {
    steps::touches(|| Touched::Waking(process.0));
}

impl<T> Cell<dyn Job<T>> {
    /// What the process has ended with, once; none while it has not ended, and then it is dropped when it does.
    pub(crate) fn take_outcome(&self) -> Option<T> {
        // SAFETY: the word says that the body is ours.
        self.own.word.take().then(|| unsafe { Pin::new_unchecked(&mut *self.body.get()) }.outcome()).flatten()
    }
}

impl Head {
    /// Whether it is asleep, and how many wakers of it exist then, in lists of ours and elsewhere, at the same instant.
    pub(crate) fn sleep(&self) -> (bool, usize) {
        self.own.word.sleep()
    }
}

thread_local! {
    static CURRENT: std::cell::Cell<Option<NonNull<Head>>> = const { std::cell::Cell::new(None) };
}

/// A process that a thread is to act as: its cell, of whichever type it is known.
#[derive(Clone, Copy)]
pub(crate) struct Current<'a> {
    /// That of a cell, with provenance over all of its `Arc`.
    cell: NonNull<Head>,
    _lent: PhantomData<&'a Arc<Cell>>,
}

impl<'a> Current<'a> {
    #[inline]
    pub(crate) fn of<B: ?Sized>(cell: &'a Arc<Cell<B>>) -> Self {
        // SAFETY: an `Arc`'s pointer is not null.
        let cell = unsafe { NonNull::new_unchecked(Arc::as_ptr(cell).cast::<Head>().cast_mut()) };
        Self { cell, _lent: PhantomData }
    }
}

impl Deref for Current<'_> {
    type Target = Head;

    #[inline]
    fn deref(&self) -> &Head {
        // SAFETY: it is borrowed from its `Arc`, and the head is where the cell is.
        unsafe { self.cell.as_ref() }
    }
}

/// Says that this thread acts as a process meanwhile.
#[inline]
pub(crate) fn acting<R>(process: Current<'_>, act: impl FnOnce() -> R) -> R {
    struct Before(Option<NonNull<Head>>);
    impl Drop for Before {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _before = Before(CURRENT.replace(Some(process.cell)));
    act()
}

/// Looks at the process that this thread acts as.
#[inline]
pub(crate) fn with_current<R>(look: impl FnOnce(Option<&Arc<Cell>>) -> R) -> R {
    let Some(cell) = CURRENT.get() else { return look(None) };
    // SAFETY: the pointer is that of an `Arc` which the caller of `acting` holds until it has put another in its place, and
    // what `look` calls puts its own back before. We own no count, so that this one is not dropped.
    let cell = ManuallyDrop::new(unsafe { (cell.as_ref().own.table.cell)(cell) });
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

/// What is done with cells of one type of body, by those who do not know it.
pub(crate) struct Table {
    /// These use up a turn, with its count.
    run: unsafe fn(NonNull<Head>) -> Ran,
    abandon: unsafe fn(NonNull<Head>),
    /// A count, as what it counts.
    cell: unsafe fn(NonNull<Head>) -> Arc<Cell>,
}

thread_local! {
    /// The process that this thread polls.
    static POLLED: std::cell::Cell<*const ()> = const { std::cell::Cell::new(ptr::null()) };
    /// How many wakers were made here of its wakers, less those that were dropped. Apart from the other, so that both are not copied
    /// as one: a load of two words waits for two stores of one.
    static MADE: std::cell::Cell<isize> = const { std::cell::Cell::new(0) };
}

/// This thread polls a process until this is dropped.
struct Polled {
    outer: *const (),
    made_of_outer: isize,
}

impl Polled {
    #[inline]
    fn begin(cell: NonNull<Head>) -> Self {
        Self { outer: POLLED.replace(cell.as_ptr().cast()), made_of_outer: MADE.replace(0) }
    }

    /// Counts wakers of a cell on the side, if this thread polls it.
    #[inline(always)]
    fn count(cell: *const (), more: isize) -> bool {
        let is_polled = POLLED.get() == cell;
        if is_polled {
            let made = MADE.get() + more;
            if made > word::MADE_MAX {
                word::too_many();
            }
            MADE.set(made);
        }
        is_polled
    }
}

impl Drop for Polled {
    #[inline]
    fn drop(&mut self) {
        POLLED.set(self.outer);
        MADE.set(self.made_of_outer);
    }
}

/// The functions for cells of a body of type `B`.
struct Of<B>(PhantomData<B>);

impl<B: Body + 'static> Of<B> {
    const TABLE: Table = Table { run: Self::run, abandon: Self::abandon, cell: Self::cell };

    /// # Safety
    /// As [`Table::run`].
    unsafe fn run(cell: NonNull<Head>) -> Ran {
        let pointer = cell;
        // SAFETY: the count of this turn. It is dropped, or goes to the word, below.
        let cell = ManuallyDrop::new(unsafe { Self::counted(cell) });
        cell.own.word.begin();
        // SAFETY: we have the turn, and a body in an `Arc` does not move.
        let body = unsafe { Pin::new_unchecked(&mut *cell.body.get()) };
        // SAFETY: it is lent, not counted: it is not dropped, and we hold the `Arc` for longer than it.
        let waker = ManuallyDrop::new(unsafe { Waker::from_raw(raw_waker(pointer.as_ptr().cast())) });
        let polls = Polled::begin(pointer);
        let polled = body.poll(&cell, &mut Context::from_waker(&waker));
        let made = MADE.get();
        drop(polls);
        if let Poll::Ready(how) = polled {
            Self::end(ManuallyDrop::into_inner(cell), made, how);
            return Ran::Ended;
        }
        // After this, if the process was not woken, the word owns the count, and we do not touch the cell again. If it was, the turn is
        // still ours, with its count.
        if cell.own.word.rest(made) { Ran::Rests } else { Ran::Again(Turn { cell: pointer }) }
    }

    /// # Safety
    /// As [`Table::abandon`].
    unsafe fn abandon(cell: NonNull<Head>) {
        // SAFETY: the count of this turn.
        let cell = unsafe { Self::counted(cell) };
        cell.own.word.begin();
        // SAFETY: as in `run`.
        let how = unsafe { Pin::new_unchecked(&mut *cell.body.get()) }.abandon(&cell);
        Self::end(cell, 0, how);
    }

    /// The process has ended in a turn of the caller's, in which so many wakers were made.
    fn end(cell: Arc<Cell<B>>, made: isize, how: End) {
        // The word's count, for the last waker to free.
        let counted = cell.own.word.may_have_wakers(made).then(|| Arc::into_raw(Arc::clone(&cell)));
        let left = cell.own.word.end(made);
        if let Some(counted) = counted.filter(|_| !left.wakers) {
            // SAFETY: counted a few lines ago; no waker exists, and none can be made of a process that does not run.
            drop(unsafe { Arc::from_raw(counted) });
        }
        if left.outcome_is_unwanted {
            // SAFETY: DONE was set by us after TAKEN, so that nobody else comes for the body.
            unsafe { Pin::new_unchecked(&mut *cell.body.get()) }.forget();
        }
        let cell: Arc<Cell> = cell;
        cell.finish(how);
    }

    /// # Safety
    /// As [`Table::cell`].
    unsafe fn cell(cell: NonNull<Head>) -> Arc<Cell> {
        // SAFETY: the caller's.
        unsafe { Self::counted(cell) }
    }

    /// The same of the type that is known.
    ///
    /// # Safety
    /// The count is the caller's, and the pointer that of an `Arc` of this type.
    unsafe fn counted(cell: NonNull<Head>) -> Arc<Cell<B>> {
        // SAFETY: the caller's.
        unsafe { Arc::from_raw(cell.as_ptr().cast::<Cell<B>>().cast_const()) }
    }
}

/// How a cell is a waker, whatever its body.
static WAKER: RawWakerVTable = RawWakerVTable::new(clone_waker, wake_and_drop, wake_by_ref, drop_waker);

const fn raw_waker(cell: *const ()) -> RawWaker {
    RawWaker::new(cell, &WAKER)
}

/// # Safety
/// There is a waker of this cell meanwhile, which keeps it in memory: by the count of who runs or owns the process while it lives,
/// by the word's own afterwards.
unsafe fn head<'a>(cell: *const ()) -> &'a Head {
    // SAFETY: the caller's; the head is where the cell is.
    unsafe { &*cell.cast::<Head>() }
}

/// # Safety
/// It is the pointer of a waker. The turn of its process is the caller's, with its count.
#[inline]
unsafe fn turn(cell: *const ()) -> Turn {
    // SAFETY: a waker's pointer is that of an `Arc`, which is not null.
    Turn { cell: unsafe { NonNull::new_unchecked(cell.cast::<Head>().cast_mut()) } }
}

unsafe fn clone_waker(cell: *const ()) -> RawWaker {
    if !Polled::count(cell, 1) {
        // SAFETY: a waker is being cloned.
        unsafe { head(cell) }.own.word.waker_made();
    }
    raw_waker(cell)
}

unsafe fn wake_and_drop(cell: *const ()) {
    // SAFETY: a waker is being used up, and is there until the change of the word.
    let head = unsafe { head(cell) };
    let process = head.id();
    match head.own.word.wake_and_drop() {
        // SAFETY: it was asleep: its turn and its count are ours.
        Woke::Turn => executor::ready(unsafe { turn(cell) }),
        Woke::Awake => is_awake(process),
        // SAFETY: see `drop_waker`.
        Woke::Gone => drop(unsafe { turn(cell) }),
    }
}

unsafe fn wake_by_ref(cell: *const ()) {
    // SAFETY: there is a waker.
    let head = unsafe { head(cell) };
    if head.own.word.wake() {
        // SAFETY: it was asleep: its turn and its count are ours.
        executor::ready(unsafe { turn(cell) });
    } else {
        is_awake(head.id());
    }
}

unsafe fn drop_waker(cell: *const ()) {
    // SAFETY: a waker is being dropped; after this, if it was the last, its memory is ours to free.
    if !Polled::count(cell, -1) && unsafe { head(cell) }.own.word.waker_dropped() {
        // SAFETY: DONE was set while there was this waker, so that `end` has left the count to the last, which we are. What runs no
        // more has no turn: this drops the count.
        drop(unsafe { turn(cell) });
    }
}
