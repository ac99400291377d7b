//! The word of a process, which is runtime's: its turn, its wakes and the count of its wakers under loom. It lies here, since with
//! `--cfg loom` no crate can be built that uses tokio.

#[allow(dead_code, reason = "a limit is of use to the memory of a process only")]
#[path = "../../../runtime/src/task/word.rs"]
mod code;

use code::{Woke, Word};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

/// A process as far as its word sees to it: a body that loom watches for who reaches it, and what its wakers tell.
struct Process {
    word: Word,
    /// How often it was run.
    body: UnsafeCell<usize>,
    /// What has happened. Relaxed: only the word orders it.
    told: [AtomicBool; 3],
    /// How much of that its last run has seen.
    seen: AtomicUsize,
    /// How often its memory was given up.
    freed: AtomicUsize,
}

impl Process {
    fn new() -> Arc<Self> {
        let told = std::array::from_fn(|_| AtomicBool::new(false));
        let (seen, freed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { word: Word::new(), body: UnsafeCell::new(0), told, seen, freed })
    }

    /// One run in a turn, in which so many wakers are made; whether the process is woken again.
    fn run(&self, made: isize) -> bool {
        self.word.begin();
        // Which fails where somebody else is there.
        self.body.with_mut(|_| ());
        let seen = self.told.iter().filter(|told| told.load(Ordering::Relaxed)).count();
        self.seen.store(seen, Ordering::Relaxed);
        !self.word.rest(made)
    }

    /// Runs it, in a turn, until it rests.
    fn run_until_it_rests(&self) {
        while self.run(0) {}
    }

    /// Tells something, and uses up a waker.
    fn tell(&self, what: usize) {
        self.told[what].store(true, Ordering::Relaxed);
        match self.word.wake_and_drop() {
            Woke::Turn => self.run_until_it_rests(),
            Woke::Awake => {}
            Woke::Gone => self.free(),
        }
    }

    /// The same by a waker that is dropped afterwards.
    fn tell_by_reference(&self, what: usize) {
        self.told[what].store(true, Ordering::Relaxed);
        if self.word.wake() {
            self.run_until_it_rests();
        }
        self.drop_waker();
    }

    fn drop_waker(&self) {
        if self.word.waker_dropped() {
            self.free();
        }
    }

    fn free(&self) {
        self.body.with_mut(|_| ());
        self.freed.fetch_add(1, Ordering::Relaxed);
    }

    /// It ends in its turn, in which so many wakers were made.
    fn end(&self, made: isize) {
        self.word.begin();
        self.body.with_mut(|_| ());
        let may_have = self.word.may_have_wakers(made);
        let left = self.word.end(made);
        assert!(may_have || !left.wakers, "there are none for certain, it said");
        if !left.wakers {
            self.free();
        }
    }

    fn freed(&self) -> usize {
        self.freed.load(Ordering::Relaxed)
    }
}

/// Does something to it on another thread.
fn beside<R: 'static>(process: &Arc<Process>, act: impl FnOnce(&Process) -> R + 'static) -> thread::JoinHandle<R> {
    let process = Arc::clone(process);
    thread::spawn(move || act(&process))
}

#[test]
fn one_at_a_time_runs_it_and_no_wake_is_lost() {
    loom::model(|| {
        let process = Process::new();
        assert!(!process.run(3));
        let one = beside(&process, |process| process.tell_by_reference(0));
        let two = beside(&process, |process| process.tell(1));
        process.tell(2);
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!(process.seen.load(Ordering::Relaxed), 3);
        assert_eq!(process.word.sleep(), (true, 0));
    });
}

#[test]
fn a_waker_that_is_used_up_before_the_turn_in_which_it_was_made_is_over_is_counted_all_the_same() {
    loom::model(|| {
        let process = Process::new();
        // Made in the run that is going on; from the other thread a clone of it, which it drops.
        let other = beside(&process, |process| {
            process.word.waker_made();
            process.drop_waker();
            process.tell(0);
        });
        if process.run(1) {
            process.run_until_it_rests();
        }
        other.join().unwrap();
        assert_eq!((process.word.sleep(), process.seen.load(Ordering::Relaxed)), ((true, 0), 1));
    });
}

#[test]
fn the_memory_of_one_that_has_ended_is_given_up_once() {
    loom::model(|| {
        let process = Process::new();
        let one = beside(&process, |process| process.tell(0));
        let two = beside(&process, |process| process.drop_waker());
        // Their wakers are of its only run.
        process.end(2);
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!(process.freed(), 1);
    });
}

#[test]
fn an_outcome_is_taken_or_dropped_but_not_both() {
    loom::model(|| {
        let process = Process::new();
        let taker = beside(&process, |process| {
            let is_ours = process.word.take();
            if is_ours {
                process.body.with_mut(|_| ());
            }
            is_ours
        });
        process.word.begin();
        process.body.with_mut(|_| ());
        let unwanted = process.word.end(0).outcome_is_unwanted;
        if unwanted {
            process.body.with_mut(|_| ());
        }
        assert!(taker.join().unwrap() != unwanted);
        assert!(!process.word.take(), "it is taken once");
    });
}
