//! All schedules, but for those that differ from one that was run only in the order of steps that do not touch the same. Pure.
//!
//! Processes share nothing but what channels, scopes and cells are made of, and a run says what a step touches of it. Two steps
//! are *dependent* when they touch the same thing, or are of one process, or when one made the other's process ready. Two schedules
//! that order all dependent steps alike come to the same. So after each run the places are noted where two dependent steps of
//! different processes, not ordered by others, could have come the other way round, and only these are tried: dynamic partial order
//! reduction with source sets, and with sleep sets, so that what was tried is not tried again. Abdulla, Aronis, Jonsson, Sagonas: Optimal
//! dynamic partial order reduction (POPL 2014), algorithm 1; Flanagan, Godefroid (POPL 2005) for the clocks.

use super::search::{Search, Touch};
use std::sync::Arc;

/// All schedules that differ in more than the order of independent steps; or plainly all.
pub(super) struct Tree {
    reduces: bool,
    has_begun: bool,
    /// The steps of the schedule that runs, or ran last, and what else is to be tried at each.
    nodes: Vec<Node>,
    /// How many of them were there when it began.
    known: usize,
    /// How many steps it has taken.
    depth: usize,
    order: Order,
    has_diverged: bool,
}

/// A step, and the place where it was chosen.
struct Node {
    ready: Vec<u64>,
    chosen: u64,
    /// Those to be tried here, done or not.
    tried: Vec<u64>,
    /// Those whose step here would lead to nothing new.
    asleep: Vec<Sleeper>,
    touched: Arc<[Touch]>,
    clock: Clock,
}

/// A process, and what its next step touches.
type Sleeper = (u64, Arc<[Touch]>);

/// For each process, how many of its steps come before a step for good, that step included.
type Clock = Vec<u32>;

/// What is known of the order of the steps so far. Steps, processes and things have small numbers, by which lists are looked up.
#[derive(Default)]
struct Order {
    /// The latest step of a process.
    of: Vec<Option<usize>>,
    /// The latest step that made it ready.
    made_ready: Vec<Option<usize>>,
    /// Who touched a thing last.
    last: Vec<Last>,
    /// After what all later steps come.
    all: Clock,
}

/// The steps that touched a thing last: alone, and since then in the shared way.
#[derive(Default)]
struct Last {
    alone: Option<usize>,
    shared: Vec<usize>,
}

impl Tree {
    pub(super) fn new(reduces: bool) -> Self {
        Self {
            reduces,
            has_begun: false,
            nodes: Vec::new(),
            known: 0,
            depth: 0,
            order: Order::default(),
            has_diverged: false,
        }
    }

    /// Who sleeps at the place after the last step.
    fn still_asleep(&self, ready: &[u64]) -> Vec<Sleeper> {
        let Some(last) = self.nodes.last() else { return Vec::new() };
        let stays = |(process, touched): &&Sleeper| {
            *process != last.chosen && ready.contains(process) && !depend(touched, &last.touched)
        };
        last.asleep.iter().filter(stays).cloned().collect()
    }

    /// A step that was not taken before: when it comes, and what could have come the other way round.
    fn note_new(&mut self, step: usize, process: u64, touched: &[Touch]) {
        let mut clock = std::mem::take(&mut self.nodes[step].clock);
        self.order.before(process, &self.nodes, &mut clock);
        let on = self.order.depends_on(touched);
        let races = self.races(&clock, process, &on);
        on.iter().for_each(|&at| join(&mut clock, &self.nodes[at].clock));
        *entry(&mut clock, process) += 1;
        let node = &mut self.nodes[step];
        (node.touched, node.clock) = (touched.into(), clock);
        races.into_iter().for_each(|race| self.reverse(race));
    }

    /// The steps that this one depends on and that could have come after it: each a race that was won by the other.
    fn races(&self, before: &Clock, process: u64, on: &[usize]) -> Vec<usize> {
        let unordered = |&&at: &&usize| self.nodes[at].chosen != process && !self.is_within(at, before);
        let unordered: Vec<usize> = on.iter().filter(unordered).copied().collect();
        let is_next =
            |&at: &usize| !unordered.iter().any(|&other| other != at && self.is_within(at, &self.nodes[other].clock));
        unordered.iter().copied().filter(is_next).collect()
    }

    /// Whether a step comes before all that have this clock.
    fn is_within(&self, step: usize, clock: &Clock) -> bool {
        let node = &self.nodes[step];
        get(clock, node.chosen) >= get(&node.clock, node.chosen)
    }

    /// The last step could have come before the one at `at`: somebody who would begin that way is tried there.
    fn reverse(&mut self, at: usize) {
        let last = self.nodes.len() - 1;
        let mut aside: Vec<usize> = Vec::new();
        let mut firsts = Vec::new();
        for step in at + 1..=last {
            if step != last && self.is_within(at, &self.nodes[step].clock) {
                continue;
            }
            if !aside.iter().any(|&earlier| self.is_within(earlier, &self.nodes[step].clock)) {
                firsts.push(self.nodes[step].chosen);
            }
            aside.push(step);
        }
        let node = &mut self.nodes[at];
        if firsts
            .iter()
            .any(|first| node.tried.contains(first) || node.asleep.iter().any(|(process, _)| process == first))
        {
            return;
        }
        match firsts.iter().filter(|first| node.ready.contains(first)).min() {
            Some(first) => node.tried.push(*first),
            None => node.tried.clone_from(&node.ready),
        }
    }
}

impl Search for Tree {
    fn begin(&mut self) -> bool {
        (self.depth, self.known) = (0, self.nodes.len());
        self.order.begin();
        !std::mem::replace(&mut self.has_begun, true) || !self.nodes.is_empty()
    }

    fn choose(&mut self, ready: &[u64]) -> Option<u64> {
        if let Some(node) = self.nodes.get(self.depth) {
            self.has_diverged |= node.ready != ready;
            return (!self.has_diverged).then_some(node.chosen);
        }
        let asleep = if self.reduces { self.still_asleep(ready) } else { Vec::new() };
        let chosen = *ready.iter().find(|process| !asleep.iter().any(|(sleeper, _)| sleeper == *process))?;
        let tried = if self.reduces { vec![chosen] } else { ready.to_vec() };
        let (touched, clock) = (Arc::default(), Clock::new());
        self.nodes.push(Node { ready: ready.to_vec(), chosen, tried, asleep, touched, clock });
        Some(chosen)
    }

    fn ran(&mut self, process: u64, touched: &[Touch], woke: &[u64]) {
        let step = self.depth;
        self.depth += 1;
        if !self.reduces {
            return;
        }
        // The steps before the one that is new are those of the schedule before, and their races were noted then.
        if step + 1 >= self.known {
            self.note_new(step, process, touched);
        }
        self.order.note(step, process, &self.nodes[step].touched, woke);
    }

    fn time_passes(&mut self, _: &[u64]) {
        self.order.join_all(&self.nodes);
    }

    fn end(&mut self) {
        // One that was cut off or led to nothing new may have left the last step untaken.
        while let Some(node) = self.nodes.last_mut() {
            let done = (node.chosen, Arc::clone(&node.touched));
            node.asleep.push(done);
            let is_new = |process: &&u64| !node.asleep.iter().any(|(sleeper, _)| sleeper == *process);
            if let Some(next) = node.tried.iter().filter(is_new).min() {
                node.chosen = *next;
                return;
            }
            self.nodes.pop();
        }
    }

    fn is_exhaustive(&self) -> bool {
        true
    }

    fn wants_touches(&self) -> bool {
        self.reduces
    }

    fn has_diverged(&self) -> bool {
        self.has_diverged
    }
}

impl Order {
    /// Nothing has been done yet.
    fn begin(&mut self) {
        self.of.clear();
        self.made_ready.clear();
        self.all.clear();
        for last in &mut self.last {
            last.alone = None;
            last.shared.clear();
        }
    }

    /// After what the next step of a process comes, whatever it touches.
    fn before(&self, process: u64, nodes: &[Node], clock: &mut Clock) {
        clock.clone_from(&self.all);
        for known in [&self.of, &self.made_ready] {
            if let Some(&Some(step)) = known.get(index(process)) {
                join(clock, &nodes[step].clock);
            }
        }
    }

    /// The latest steps that touched the same, in their order.
    fn depends_on(&self, touched: &[Touch]) -> Vec<usize> {
        let mut on = Vec::with_capacity(touched.len());
        for touch in touched {
            let Some(last) = self.last.get(index(touch.thing)) else { continue };
            on.extend(last.alone);
            if !touch.shared {
                on.extend(&last.shared);
            }
        }
        on.sort_unstable();
        on.dedup();
        on
    }

    fn note(&mut self, step: usize, process: u64, touched: &[Touch], woke: &[u64]) {
        for touch in touched {
            let last = entry(&mut self.last, touch.thing);
            if touch.shared {
                last.shared.push(step);
            } else {
                last.alone = Some(step);
                last.shared.clear();
            }
        }
        *entry(&mut self.of, process) = Some(step);
        woke.iter().for_each(|&woken| *entry(&mut self.made_ready, woken) = Some(step));
    }

    /// Whatever comes from now on comes after all that was.
    fn join_all(&mut self, nodes: &[Node]) {
        self.of.iter().flatten().for_each(|&step| join(&mut self.all, &nodes[step].clock));
    }
}

/// Whether two steps touch the same.
fn depend(one: &[Touch], other: &[Touch]) -> bool {
    one.iter().any(|touch| other.iter().any(|with| with.thing == touch.thing && !(touch.shared && with.shared)))
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a process or a thing has a small number")
}

/// The entry of this number, made if there is none.
fn entry<T: Default>(list: &mut Vec<T>, number: u64) -> &mut T {
    let index = index(number);
    if list.len() <= index {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}

fn get(clock: &Clock, process: u64) -> u32 {
    clock.get(index(process)).copied().unwrap_or(0)
}

fn join(clock: &mut Clock, with: &Clock) {
    if clock.len() < with.len() {
        clock.resize(with.len(), 0);
    }
    clock.iter_mut().zip(with).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Processes that run side by side, each a list of steps that touch one thing each. What ran, in order.
    fn schedules(reduces: bool, processes: &[&[u64]]) -> Vec<Vec<(u64, u64)>> {
        let mut tree = Tree::new(reduces);
        let mut all = Vec::new();
        while tree.begin() {
            let mut next = vec![0; processes.len()];
            let mut run = Vec::new();
            let is_whole = loop {
                let ready: Vec<u64> =
                    (0..processes.len()).filter(|&p| next[p] < processes[p].len()).map(|p| p as u64).collect();
                if ready.is_empty() {
                    break true;
                }
                let Some(chosen) = tree.choose(&ready) else { break false };
                let p = chosen as usize;
                let thing = processes[p][next[p]];
                next[p] += 1;
                tree.ran(chosen, &[Touch { thing, shared: false }], &[]);
                run.push((chosen, thing));
            };
            if is_whole {
                all.push(run);
            }
            tree.end();
            assert!(all.len() < 100_000);
        }
        all
    }

    /// What tells classes of schedules apart: who touched each thing in which order.
    fn class(run: &[(u64, u64)]) -> BTreeMap<u64, Vec<u64>> {
        let mut class: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        run.iter().for_each(|(process, thing)| class.entry(*thing).or_default().push(*process));
        class
    }

    #[test]
    fn without_reduction_all_orders_are_run() {
        assert_eq!(schedules(false, &[&[1, 1], &[2, 2]]).len(), 6);
        assert_eq!(schedules(false, &[&[1, 1], &[2, 2], &[3, 3]]).len(), 90);
    }

    #[test]
    fn independent_steps_are_run_in_one_order() {
        assert_eq!(schedules(true, &[&[1, 1, 1], &[2, 2, 2], &[3, 3]]).len(), 1);
    }

    #[test]
    fn dependent_steps_are_run_in_all_orders() {
        assert_eq!(schedules(true, &[&[1], &[1], &[1]]).len(), 6);
        assert_eq!(schedules(true, &[&[1, 1], &[1, 1]]).len(), 6);
    }

    #[test]
    fn with_reduction_each_class_of_schedules_is_run_and_once_only() {
        let mut random = crate::random::Random::new(5);
        for _ in 0..300 {
            let count = 2 + random.below(2);
            let processes: Vec<Vec<u64>> =
                (0..count).map(|_| (0..1 + random.below(3)).map(|_| random.below(3)).collect()).collect();
            let processes: Vec<&[u64]> = processes.iter().map(|steps| &steps[..]).collect();
            let all: BTreeSet<_> = schedules(false, &processes).iter().map(|run| class(run)).collect();
            let reduced = schedules(true, &processes);
            let found: BTreeSet<_> = reduced.iter().map(|run| class(run)).collect();
            assert_eq!(found, all, "{processes:?}");
            assert_eq!(reduced.len(), all.len(), "{processes:?}");
        }
    }
}
