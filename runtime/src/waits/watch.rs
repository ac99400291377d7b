//! What has changed from one look to the next: deadlocks that are new, surer than before, or gone. Pure: it is given what was found.

use super::graph::Graph;
use super::knots::{Knot, knots};
use super::snapshot::{Sight, Snapshot};
use rendez_model::{Node, ProcessId, State, Verdict, Wait};
use std::collections::BTreeMap;

/// What is remembered between looks.
#[derive(Default)]
pub(crate) struct Watch {
    before: BTreeMap<ProcessId, Sight>,
    /// By its members.
    known: BTreeMap<Vec<ProcessId>, Known>,
    next: u64,
    has_suspects: bool,
    /// After how many turns of all nobody else was there, when it looked last.
    was_alone: Option<u64>,
}

/// A deadlock that has been told.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) number: u64,
    pub(crate) knot: Knot,
    pub(crate) verdict: Verdict,
}

/// What is to be told.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// It was not there before, or is surer now.
    Found(Known),
    /// It is no more.
    Gone(Known),
}

impl Watch {
    /// Looks once more. A wait counts that was the same in the look before, without a poll in between.
    pub(crate) fn look(&mut self, node: &Node, found: Snapshot) -> Vec<Change> {
        let before = std::mem::take(&mut self.before);
        let settled = |id: &ProcessId| before.get(id).is_some_and(|then| same(then, &found.states[id]));
        let graph = Graph::new(node, &found.unsure, &found.listening);
        let blocked = found.states.iter().filter(|(_, sight)| sight.state.is_some()).map(|(id, _)| *id).collect();
        let seen = graph.stuck(&blocked, Verdict::Suspected);
        // What is stuck among some is so among more, and what is certain is suspected.
        let suspected = graph.stuck(&seen.iter().copied().filter(settled).collect(), Verdict::Suspected);
        let certain = graph.stuck(&suspected, Verdict::Certain);
        let (turns, everybody) = found.alone.unzip();
        // None has taken a turn in between.
        let nobody_can = turns.is_some() && turns == self.was_alone;
        self.was_alone = turns;
        self.has_suspects = suspected.len() < seen.len();
        let mut now: Vec<_> = knots(&graph, &certain).into_iter().map(|knot| (knot, Verdict::Certain)).collect();
        for knot in knots(&graph, &suspected) {
            if !knot.members.iter().all(|id| certain.contains(id)) {
                now.push((knot, if nobody_can { Verdict::Certain } else { Verdict::Suspected }));
            }
        }
        if nobody_can && now.is_empty() {
            let members = everybody.unwrap_or_default();
            now.push((Knot { members, steps: vec![] }, Verdict::Certain));
        }
        self.before = found.states;
        self.compare(now)
    }

    /// Whether the last look has found some that wait for each other but have not for long enough.
    pub(crate) const fn has_suspects(&self) -> bool {
        self.has_suspects
    }

    fn compare(&mut self, now: Vec<(Knot, Verdict)>) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut before = std::mem::take(&mut self.known);
        for (knot, verdict) in now {
            let then = before.remove(&knot.members);
            let number = then.as_ref().map_or(self.next, |then| then.number);
            self.next += u64::from(then.is_none());
            let is_news = then.as_ref().is_none_or(|then| then.verdict < verdict);
            // What was certain stays so, whatever can be seen of it now.
            let verdict = then.map_or(verdict, |then| then.verdict.max(verdict));
            let one = Known { number, knot, verdict };
            if is_news {
                changes.push(Change::Found(one.clone()));
            }
            self.known.insert(one.knot.members.clone(), one);
        }
        changes.extend(before.into_values().map(Change::Gone));
        changes
    }
}

/// Whether a process has done nothing since.
fn same(then: &Sight, now: &Sight) -> bool {
    then.polls == now.polls && then.state.is_some() && on(then) == on(now)
}

fn on(sight: &Sight) -> &[Wait] {
    sight.state.as_ref().map_or(&[], State::waits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_model::{ChannelId, Process};

    /// Two that call each other, after so many polls each.
    fn calls(polls: u64) -> (Node, Snapshot) {
        let (mut node, mut found) = (Node::default(), Snapshot::default());
        for (id, of) in [(1, 2), (2, 1)] {
            let state = State::Blocked { on: vec![Wait::Answer { of: ProcessId(of) }], for_ms: 0 };
            let mut process = Process::new(ProcessId(id), "");
            process.state = state.clone();
            node.processes.push(process);
            found.states.insert(ProcessId(id), Sight { polls, state: Some(state) });
        }
        (node, found)
    }

    fn look(watch: &mut Watch, (node, found): (Node, Snapshot)) -> Vec<(bool, u64)> {
        let told = |change| match change {
            Change::Found(known) => (true, known.number),
            Change::Gone(known) => (false, known.number),
        };
        watch.look(&node, found).into_iter().map(told).collect()
    }

    #[test]
    fn a_deadlock_is_told_once_it_has_stood_for_a_look_and_once_only() {
        let mut watch = Watch::default();
        assert_eq!(look(&mut watch, calls(1)), []);
        assert!(watch.has_suspects());
        assert_eq!(look(&mut watch, calls(1)), [(true, 0)]);
        assert!(!watch.has_suspects());
        assert_eq!(look(&mut watch, calls(1)), []);
        assert_eq!(look(&mut watch, (Node::default(), Snapshot::default())), [(false, 0)]);
    }

    #[test]
    fn waits_that_are_not_the_same_ones_are_none() {
        let mut watch = Watch::default();
        for polls in 0..10 {
            assert_eq!(look(&mut watch, calls(polls)), []);
        }
    }

    /// One that waits at a channel whose other end nobody is known to have.
    fn lost(alone: Option<u64>) -> (Node, Snapshot) {
        let alone = alone.map(|turns| (turns, vec![ProcessId(1)]));
        let (mut node, mut found) = (Node::default(), Snapshot { alone, ..Snapshot::default() });
        let mut channel = rendez_model::Channel::new(ChannelId(1), "", rendez_model::ChannelKind::Rendezvous);
        channel.senders.count = 1;
        node.channels.push(channel);
        let on = vec![Wait::Channel { channel: ChannelId(1), side: rendez_model::Side::Receive }];
        let state = State::Blocked { on, for_ms: 0 };
        node.processes.push(Process { state: state.clone(), ..Process::new(ProcessId(1), "") });
        found.states.insert(ProcessId(1), Sight { polls: 1, state: Some(state) });
        (node, found)
    }

    #[test]
    fn where_nobody_else_is_there_in_two_looks_all_who_wait_are_one_deadlock() {
        let mut watch = Watch::default();
        for alone in [None, None, Some(7), None, Some(7), Some(8)] {
            assert_eq!(look(&mut watch, lost(alone)), [], "somebody may have the end, or has gone on");
        }
        assert_eq!(look(&mut watch, lost(Some(8))), [(true, 0)]);
    }

    #[test]
    fn where_nobody_else_is_there_what_was_suspected_is_certain() {
        let mut watch = Watch::default();
        let unsure = |is_alone: bool| {
            let (node, mut found) = calls(1);
            found.unsure.insert(ProcessId(1));
            let alone = is_alone.then(|| (7, vec![ProcessId(1), ProcessId(2)]));
            (node, Snapshot { alone, ..found })
        };
        let verdict = |changes: &[Change]| match changes {
            [Change::Found(known)] => known.verdict,
            _ => panic!("one is found: {changes:?}"),
        };
        let mut looked = |is_alone| {
            let (node, found) = unsure(is_alone);
            watch.look(&node, found)
        };
        assert!(looked(true).is_empty());
        assert_eq!(verdict(&looked(false)), Verdict::Suspected);
        assert!(looked(true).is_empty());
        assert_eq!(verdict(&looked(true)), Verdict::Certain);
    }

    #[test]
    fn one_that_comes_again_is_another() {
        let mut watch = Watch::default();
        look(&mut watch, calls(1));
        assert_eq!(look(&mut watch, calls(1)), [(true, 0)]);
        assert_eq!(look(&mut watch, calls(2)), [(false, 0)]);
        assert_eq!(look(&mut watch, calls(2)), [(true, 1)]);
    }

    #[test]
    fn one_that_becomes_certain_is_told_again_under_its_number() {
        let mut watch = Watch::default();
        let unsure = || {
            let (node, mut found) = calls(1);
            found.unsure.insert(ProcessId(1));
            (node, found)
        };
        look(&mut watch, unsure());
        assert_eq!(look(&mut watch, unsure()), [(true, 0)]);
        assert_eq!(look(&mut watch, calls(1)), [(true, 0)]);
        assert_eq!(look(&mut watch, unsure()), []);
    }
}
