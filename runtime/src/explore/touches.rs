//! What a step touches: numbers for the things that lie somewhere, and each touch of a step once. Which touches matter, it does not know.

use super::search::Touch;
use rendez_channels::steps::Touched;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What the step that is taken has touched so far.
#[derive(Default)]
pub(super) struct Touches {
    /// The numbers of things that lie somewhere, by address.
    things: HashMap<usize, u64, BuildHasherDefault<Spread>>,
    next_thing: u64,
    /// By the number of a thing: when it was touched last.
    seen: Vec<Seen>,
    step: u64,
    touched: Vec<Touch>,
    /// Whose step it is.
    process: u64,
    /// Whether a part of the process that has a waker of its own is polled.
    is_part: bool,
    /// By the number of a thing: the processes that have parts which may wait there.
    parts: HashMap<u64, Vec<u64>>,
}

/// A touch: at which step, and where in its list.
#[derive(Clone, Copy, Default)]
struct Seen {
    step: u64,
    at: usize,
}

/// Things for which there is room from the start.
const ROOM: usize = 64;

/// The number of a thing that has its own among all things.
const fn own(number: u64) -> u64 {
    number << 2 | 1
}

/// The same of the waking of a process.
const fn waking(number: u64) -> u64 {
    number << 2 | 2
}

/// The same of what lies somewhere, by the order in which such things were touched first.
const fn lying(number: u64) -> u64 {
    number << 2
}

impl Touches {
    /// With room for what a small network comes to: there is one for each schedule.
    pub(super) fn new() -> Self {
        Self { seen: Vec::with_capacity(ROOM), touched: Vec::with_capacity(ROOM), ..Self::default() }
    }

    /// A step of a process begins, and touches the process, and comes before or after whatever wakes it. What was touched since the
    /// last one ended is nobody's.
    pub(super) fn begin(&mut self, process: u64) {
        self.step += 1;
        self.touched.clear();
        (self.process, self.is_part) = (process, false);
        self.note(own(process), false);
        self.note(waking(process), false);
    }

    /// The step is over: what it has touched, each thing once. The list given is the next step's.
    pub(super) fn end(&mut self, list: Vec<Touch>) -> Vec<Touch> {
        self.step += 1;
        std::mem::replace(&mut self.touched, list)
    }

    /// What is touched in the rest of the step, a part of the process may wait at. It has a waker of its own, by which the process is
    /// woken or is not: so who touches the same later counts as one who wakes the process.
    pub(super) fn begin_part(&mut self) {
        self.is_part = true;
    }

    pub(super) fn add(&mut self, what: Touched) {
        match what {
            Touched::Own(number) => self.note(own(number), false),
            Touched::Shared(number) => self.note(own(number), true),
            Touched::Waking(process) => self.note(waking(process), false),
            Touched::At(at) => {
                let next = &mut self.next_thing;
                let number = *self.things.entry(at).or_insert_with(|| {
                    *next += 1;
                    *next
                });
                self.note(lying(number), false);
                self.note_parts(number);
            }
        }
    }

    /// What lies there is gone: what comes to lie there is another thing.
    pub(super) fn gone(&mut self, at: usize) {
        self.things.remove(&at);
    }

    fn note_parts(&mut self, number: u64) {
        if self.is_part {
            let parts = self.parts.entry(number).or_default();
            if !parts.contains(&self.process) {
                parts.push(self.process);
            }
        }
        // Mostly there are none.
        let count = self.parts.get(&number).map_or(0, Vec::len);
        (0..count).for_each(|at| self.note(waking(self.parts[&number][at]), false));
    }

    /// Of two touches of one thing, the one whose order matters counts.
    fn note(&mut self, thing: u64, shared: bool) {
        let number = usize::try_from(thing).expect("a thing has a small number");
        if self.seen.len() <= number {
            self.seen.resize(number + 1, Seen::default());
        }
        let seen = &mut self.seen[number];
        if seen.step == self.step {
            self.touched[seen.at].shared &= shared;
        } else {
            *seen = Seen { step: self.step, at: self.touched.len() };
            self.touched.push(Touch { thing, shared });
        }
    }
}

/// Spreads addresses, which nobody chooses to do harm.
#[derive(Default)]
struct Spread(u64);

/// 2^64 divided by the golden ratio. Knuth: The art of computer programming, volume 3, 6.4.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_usize(usize::from(byte)));
    }

    fn write_usize(&mut self, number: usize) {
        // The high bits of the product are the good ones, and the table takes low ones, too.
        self.0 = (self.0 ^ number as u64).wrapping_mul(GOLDEN).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a step of process 1 touches besides that.
    fn step(touches: &mut Touches, what: &[Touched]) -> Vec<(u64, bool)> {
        touches.begin(1);
        what.iter().for_each(|&what| touches.add(what));
        let all: Vec<_> = touches.end(Vec::new()).iter().map(|touch| (touch.thing, touch.shared)).collect();
        assert_eq!(all[..2], [(own(1), false), (waking(1), false)]);
        all[2..].to_vec()
    }

    #[test]
    fn a_thing_is_touched_once_a_step_and_alone_if_ever_alone() {
        let mut touches = Touches::default();
        let what = [Touched::At(800), Touched::Shared(2), Touched::At(800), Touched::Own(2), Touched::Shared(2)];
        assert_eq!(step(&mut touches, &what), [(lying(1), false), (own(2), false)]);
        assert_eq!(step(&mut touches, &[Touched::Shared(2)]), [(own(2), true)]);
    }

    #[test]
    fn to_wake_a_process_is_not_to_touch_it() {
        let mut touches = Touches::default();
        let what = [Touched::Waking(2), Touched::Shared(2), Touched::Waking(1)];
        assert_eq!(step(&mut touches, &what), [(waking(2), false), (own(2), true)]);
    }

    #[test]
    fn who_touches_what_a_part_of_a_process_waits_at_wakes_the_process() {
        let mut touches = Touches::default();
        step(&mut touches, &[Touched::At(800)]);
        touches.begin(2);
        touches.begin_part();
        touches.add(Touched::At(800));
        touches.end(Vec::new());
        let touched = step(&mut touches, &[Touched::At(800), Touched::At(900)]);
        assert_eq!(touched, [(lying(1), false), (waking(2), false), (lying(2), false)]);
    }

    #[test]
    fn between_steps_nothing_is_kept() {
        let mut touches = Touches::default();
        let all = [Touched::At(800), Touched::At(900)];
        step(&mut touches, &all);
        all.iter().for_each(|&what| touches.add(what));
        assert_eq!(step(&mut touches, &[Touched::At(900)]), [(lying(2), false)]);
    }

    #[test]
    fn what_comes_to_lie_where_another_thing_lay_is_another_thing() {
        let mut touches = Touches::default();
        let first = step(&mut touches, &[Touched::At(800)]);
        assert_eq!(step(&mut touches, &[Touched::At(800)]), first);
        touches.gone(800);
        assert_ne!(step(&mut touches, &[Touched::At(800)]), first);
    }
}
