//! All schedules, but for those that differ from one that was run only in the order of steps that do not touch the same. Pure.
//!
//! Processes share nothing but what channels, scopes and cells are made of, and a run says what a step touches of it. Two steps
//! are *dependent* when they touch the same thing, or are of one process, or when one made the other's process ready. Two schedules
//! that order all dependent steps alike come to the same. So after each run the places are noted where two dependent steps of
//! different processes, not ordered by others, could have come the other way round, and only these are tried: dynamic partial order
//! reduction with source sets, and with sleep sets, so that what was tried is not tried again. Abdulla, Aronis, Jonsson, Sagonas: Optimal
//! dynamic partial order reduction (POPL 2014), algorithm 1; Flanagan, Godefroid (POPL 2005) for the clocks.

use super::search::{Search, Touch};
use std::collections::{BTreeMap, BTreeSet};

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
    tried: BTreeSet<u64>,
    /// Those whose step here would lead to nothing new, and what it touches.
    asleep: Vec<(u64, Vec<Touch>)>,
    touched: Vec<Touch>,
    clock: Clock,
}

/// For each process, how many of its steps come before a step for good, that step included.
type Clock = Vec<u32>;

/// What is known of the order of the steps so far.
#[derive(Default)]
struct Order {
    /// After its latest step.
    of: BTreeMap<u64, Clock>,
    /// After the step that made it ready.
    made_ready: BTreeMap<u64, Clock>,
    /// Who touched a thing last, by the number of the step: alone, and since then in the shared way.
    alone: BTreeMap<u64, usize>,
    shared: BTreeMap<u64, Vec<usize>>,
    /// After what all later steps come.
    all: Clock,
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
    fn still_asleep(&self, ready: &[u64]) -> Vec<(u64, Vec<Touch>)> {
        let Some(last) = self.nodes.last() else { return Vec::new() };
        let stays = |(process, touched): &&(u64, Vec<Touch>)| {
            *process != last.chosen && ready.contains(process) && !depend(touched, &last.touched)
        };
        last.asleep.iter().filter(stays).cloned().collect()
    }

    /// The steps that this one depends on and that could have come after it: each a race that was won by the other.
    fn races(&self, before: &Clock, process: u64, on: &BTreeSet<usize>) -> Vec<usize> {
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
        let mut firsts = BTreeSet::new();
        for step in at + 1..=last {
            if step != last && self.is_within(at, &self.nodes[step].clock) {
                continue;
            }
            if !aside.iter().any(|&earlier| self.is_within(earlier, &self.nodes[step].clock)) {
                firsts.insert(self.nodes[step].chosen);
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
        match firsts.iter().find(|first| node.ready.contains(first)) {
            Some(first) => drop(node.tried.insert(*first)),
            None => node.tried.extend(node.ready.iter().copied()),
        }
    }
}

impl Search for Tree {
    fn begin(&mut self) -> bool {
        (self.depth, self.order, self.known) = (0, Order::default(), self.nodes.len());
        !std::mem::replace(&mut self.has_begun, true) || !self.nodes.is_empty()
    }

    fn choose(&mut self, ready: &[u64]) -> Option<u64> {
        if let Some(node) = self.nodes.get(self.depth) {
            self.has_diverged |= node.ready != ready;
            return (!self.has_diverged).then_some(node.chosen);
        }
        let asleep = if self.reduces { self.still_asleep(ready) } else { Vec::new() };
        let chosen = *ready.iter().find(|process| !asleep.iter().any(|(sleeper, _)| sleeper == *process))?;
        let tried = if self.reduces { BTreeSet::from([chosen]) } else { ready.iter().copied().collect() };
        let (touched, clock) = (Vec::new(), Clock::new());
        self.nodes.push(Node { ready: ready.to_vec(), chosen, tried, asleep, touched, clock });
        Some(chosen)
    }

    fn ran(&mut self, process: u64, touched: &[Touch], woke: &[u64]) {
        let step = self.depth;
        self.depth += 1;
        if !self.reduces {
            return;
        }
        let before = self.order.before(process);
        let on = self.order.depends_on(touched);
        // Those of the steps before were noted when these were new.
        let races = if step + 1 >= self.known { self.races(&before, process, &on) } else { Vec::new() };
        let mut clock = before;
        on.iter().for_each(|&at| join(&mut clock, &self.nodes[at].clock));
        *at(&mut clock, process) += 1;
        self.order.note(step, process, touched, woke, &clock);
        let node = &mut self.nodes[step];
        (node.touched, node.clock) = (touched.to_vec(), clock);
        races.into_iter().for_each(|race| self.reverse(race));
    }

    fn time_passes(&mut self, woke: &[u64]) {
        let Order { of, all, made_ready, .. } = &mut self.order;
        of.values().for_each(|clock| join(all, clock));
        woke.iter().for_each(|woken| drop(made_ready.insert(*woken, all.clone())));
    }

    fn end(&mut self) {
        // One that was cut off or led to nothing new may have left the last step untaken.
        while let Some(node) = self.nodes.last_mut() {
            let done = (node.chosen, std::mem::take(&mut node.touched));
            node.asleep.push(done);
            let is_new = |process: &&u64| !node.asleep.iter().any(|(sleeper, _)| sleeper == *process);
            if let Some(next) = node.tried.iter().find(is_new) {
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
    /// After what the next step of a process comes, whatever it touches.
    fn before(&self, process: u64) -> Clock {
        let mut clock = self.all.clone();
        for known in [&self.of, &self.made_ready] {
            known.get(&process).into_iter().for_each(|known| join(&mut clock, known));
        }
        clock
    }

    /// The latest steps that touched the same.
    fn depends_on(&self, touched: &[Touch]) -> BTreeSet<usize> {
        let mut on = BTreeSet::new();
        for touch in touched {
            on.extend(self.alone.get(&touch.thing));
            if !touch.shared {
                on.extend(self.shared.get(&touch.thing).into_iter().flatten());
            }
        }
        on
    }

    fn note(&mut self, step: usize, process: u64, touched: &[Touch], woke: &[u64], clock: &Clock) {
        for touch in touched {
            if touch.shared {
                self.shared.entry(touch.thing).or_default().push(step);
            } else {
                self.alone.insert(touch.thing, step);
                self.shared.remove(&touch.thing);
            }
        }
        self.of.insert(process, clock.clone());
        woke.iter().for_each(|woken| drop(self.made_ready.insert(*woken, clock.clone())));
    }
}

/// Whether two steps touch the same; both are in order.
fn depend(one: &[Touch], other: &[Touch]) -> bool {
    one.iter().any(|touch| other.iter().any(|with| with.thing == touch.thing && !(touch.shared && with.shared)))
}

fn get(clock: &Clock, process: u64) -> u32 {
    usize::try_from(process).ok().and_then(|process| clock.get(process).copied()).unwrap_or(0)
}

fn at(clock: &mut Clock, process: u64) -> &mut u32 {
    let process = usize::try_from(process).expect("a process has a small number");
    if clock.len() <= process {
        clock.resize(process + 1, 0);
    }
    &mut clock[process]
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
