//! Who is stuck in a network: the largest set of blocked processes none of which can be the first to go on. Pure.
//!
//! A process that waits for several things waits for any of them. A thing is *hopeless* when what it needs has to come from the
//! set: at a channel all ends of the other side are held there; of those that have to come to a barrier, one is; a called
//! actor, a joined process is in it. Suppose somebody of the set went on first: then one of its waits would have come from the set
//! before. So nobody does. What is only *suspected* takes the known holder of an end for the one that has it; what is
//! *certain* asks that the end cannot have left it.
//!
//! An actor that handles messages beside each other also listens: what it is asked for it does, whatever those under way wait
//! for. As who could do something it is never stuck; as who owes an answer it is when those under way are: what they share
//! it with waits until they are done.

use rendez_model::{
    BarrierId, Channel, ChannelId, Delivery, Ends, Node, Process, ProcessId, Side, State, Verdict, Wait,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A network, ready to be asked.
pub(crate) struct Graph<'a> {
    waits: BTreeMap<ProcessId, Cow<'a, [Wait]>>,
    channels: BTreeMap<ChannelId, &'a Channel>,
    absent: BTreeMap<BarrierId, &'a Ends>,
    children: BTreeMap<ProcessId, Vec<ProcessId>>,
    parents: BTreeMap<ProcessId, ProcessId>,
    /// Who waits at which side of a channel.
    standing: BTreeMap<(ChannelId, Side), Vec<ProcessId>>,
    /// For the waits of these nobody knows whether somebody else might help: they are in no certain set.
    unsure: &'a BTreeSet<ProcessId>,
    /// These also listen, each at its mailbox.
    listening: &'a BTreeMap<ProcessId, ChannelId>,
}

/// Whom a wait needs.
pub(crate) struct Needs {
    /// Those of them that are known.
    pub(crate) who: Vec<ProcessId>,
    /// Whether all of these have to do something; else any will do.
    pub(crate) all: bool,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(
        node: &'a Node,
        unsure: &'a BTreeSet<ProcessId>,
        listening: &'a BTreeMap<ProcessId, ChannelId>,
    ) -> Self {
        let mut graph = Self {
            waits: BTreeMap::new(),
            channels: node.channels.iter().map(|channel| (channel.id, channel)).collect(),
            absent: node.barriers.iter().map(|barrier| (barrier.id, &barrier.absent)).collect(),
            children: BTreeMap::new(),
            parents: BTreeMap::new(),
            standing: BTreeMap::new(),
            unsure,
            listening,
        };
        for process in node.processes.iter().filter(|process| !matches!(process.state, State::Done(_))) {
            graph.enter(process);
        }
        graph
    }

    fn enter(&mut self, process: &'a Process) {
        if let Some(parent) = process.parent {
            self.children.entry(parent).or_default().push(process.id);
            self.parents.insert(process.id, parent);
        }
        let State::Blocked { on, .. } = &process.state else { return };
        let waits = match self.listening.get(&process.id) {
            // What those under way wait for.
            Some(mailbox) => on.iter().filter(|wait| wait.at() != Some((*mailbox, Side::Receive))).copied().collect(),
            None => Cow::Borrowed(&on[..]),
        };
        self.waits.insert(process.id, waits);
        for (channel, side) in on.iter().filter_map(|wait| wait.at()) {
            self.standing.entry((channel, side)).or_default().push(process.id);
        }
    }

    pub(crate) fn waits(&self, process: ProcessId) -> &[Wait] {
        self.waits.get(&process).map_or(&[], |waits| waits)
    }

    /// Those among `settled`, who have waited for a while, that cannot go on.
    pub(crate) fn stuck(&self, settled: &BTreeSet<ProcessId>, verdict: Verdict) -> BTreeSet<ProcessId> {
        let sure = |id: &ProcessId| verdict == Verdict::Suspected || !self.unsure.contains(id);
        let candidate = |id: &ProcessId| self.waits.contains_key(id) && sure(id);
        let mut stuck: BTreeSet<_> = settled.iter().copied().filter(candidate).collect();
        // Most wait for somebody who is not known, or for those: they need not be written up.
        let hopeful = |id: &ProcessId, stuck: &_| !self.is_stuck(*id, stuck, verdict);
        let gone: Vec<_> = stuck.iter().copied().filter(|id| hopeful(id, &stuck)).collect();
        gone.iter().for_each(|id| {
            stuck.remove(id);
        });
        let dependents = self.dependents(&stuck, verdict);
        let mut to_look_at: Vec<_> = stuck.iter().copied().collect();
        while let Some(process) = to_look_at.pop() {
            if stuck.contains(&process) && !self.is_stuck(process, &stuck, verdict) {
                stuck.remove(&process);
                to_look_at.extend(dependents.get(&process).into_iter().flatten());
            }
        }
        stuck
    }

    /// For each process, who counts on its being stuck.
    fn dependents(&self, among: &BTreeSet<ProcessId>, verdict: Verdict) -> BTreeMap<ProcessId, Vec<ProcessId>> {
        let mut dependents: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for &process in among {
            for &wait in self.waits(process) {
                for who in self.counts_on(process, wait, verdict) {
                    dependents.entry(who).or_default().push(process);
                }
            }
        }
        dependents
    }

    fn counts_on(&self, process: ProcessId, wait: Wait, verdict: Verdict) -> Vec<ProcessId> {
        let mut who = self.needs(process, wait, verdict).map_or_else(Vec::new, |needs| needs.who);
        if let (Verdict::Certain, Some((channel, side))) = (verdict, wait.at()) {
            who.extend(self.channels.get(&channel).map_or(&[][..], |channel| &channel.ends(side).holders));
        }
        who.sort();
        who.dedup();
        who
    }

    fn is_stuck(&self, process: ProcessId, among: &BTreeSet<ProcessId>, verdict: Verdict) -> bool {
        let waits = self.waits(process);
        !waits.is_empty() && waits.iter().all(|&wait| self.is_hopeless(process, wait, among, verdict))
    }

    /// Whether a wait cannot come to anything while those in `among` do nothing.
    pub(crate) fn is_hopeless(
        &self,
        process: ProcessId,
        wait: Wait,
        among: &BTreeSet<ProcessId>,
        verdict: Verdict,
    ) -> bool {
        let Some(needs) = self.needs(process, wait, verdict) else { return false };
        let mut who = needs.who.iter();
        if needs.all { who.any(|id| among.contains(id)) } else { who.all(|id| among.contains(id)) }
    }

    /// Whom a wait needs; none if somebody who is not known, or listens, might do as well.
    pub(crate) fn needs(&self, process: ProcessId, wait: Wait, verdict: Verdict) -> Option<Needs> {
        let mut needs = self.named(process, wait, verdict)?;
        if !matches!(wait, Wait::Answer { .. }) {
            let all = needs.who.len();
            needs.who.retain(|who| !self.listening.contains_key(who));
            if needs.who.len() < all && !needs.all {
                return None;
            }
        }
        Some(needs)
    }

    fn named(&self, process: ProcessId, wait: Wait, verdict: Verdict) -> Option<Needs> {
        let certain = verdict == Verdict::Certain;
        match wait {
            Wait::Channel { channel, side } => {
                let who = self.partners(process, self.channels.get(&channel)?, side, certain)?;
                Some(Needs { who, all: false })
            }
            Wait::Answer { of } => Some(Needs { who: vec![of], all: false }),
            Wait::Barrier { barrier } => {
                let absent = self.absent.get(&barrier)?;
                let known = absent.count > 0 && (!certain || absent.all_kept());
                known.then(|| Needs { who: absent.holders.clone(), all: true })
            }
            // Who has a reference may end it, and who joins has one. A scope that waits for its own: one that fails may end all.
            Wait::End { of } if certain && self.parents.get(&of) == Some(&process) => self.children(process),
            Wait::End { of } => (!certain).then(|| Needs { who: vec![of], all: false }),
            Wait::Children => self.children(process),
            Wait::Outside => None,
        }
    }

    /// Any of them may be the one that fails, and ends the scope.
    fn children(&self, of: ProcessId) -> Option<Needs> {
        let who = self.children.get(&of)?.clone();
        Some(Needs { who, all: false })
    }

    /// Who can help who waits at this side of a channel, if all of them are known.
    fn partners(&self, process: ProcessId, channel: &Channel, side: Side, certain: bool) -> Option<Vec<ProcessId>> {
        if channel.home.is_some() || channel.closing.is_some() || self.moves(process, channel, side) {
            return None;
        }
        let ends = match &channel.lent {
            Some(lent) if side == Side::Receive => lent,
            _ => channel.ends(side.opposite()),
        };
        // Who has another end of its own side can poison the channel; a receive that was served and not polled gives its value
        // to another when it is dropped, and a permit its place.
        let own = channel.ends(side);
        let known = if certain { ends.all_kept() && (own.count <= 1 || own.all_kept()) } else { ends.all_known() };
        let mut who = ends.holders.clone();
        if certain && own.count > 1 {
            who.extend(own.holders.iter().filter(|&&holder| holder != process));
        }
        if channel.occasion.is_some() && who.iter().any(|&holder| holder != process) {
            // Who waits has a handle, too, and is not whom it waits for.
            who.retain(|&holder| holder != process);
        }
        (ends.count > 0 && known).then_some(who)
    }

    /// Whether what is waited for is there, or a partner is: they are about to meet.
    fn moves(&self, process: ProcessId, channel: &Channel, side: Side) -> bool {
        let has_something = side == Side::Receive && channel.depth > 0;
        has_something && channel.lent.is_none() && channel.delivery == Delivery::One
            || channel.delivery == Delivery::One
                && self
                    .standing
                    .get(&(channel.id, side.opposite()))
                    .is_some_and(|standing| standing.iter().any(|&other| other != process))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_model::{Barrier, ChannelKind};

    const A: ProcessId = ProcessId(1);
    const B: ProcessId = ProcessId(2);
    const C: ProcessId = ProcessId(3);

    fn send(channel: u64) -> Wait {
        Wait::Channel { channel: ChannelId(channel), side: Side::Send }
    }

    fn receive(channel: u64) -> Wait {
        Wait::Channel { channel: ChannelId(channel), side: Side::Receive }
    }

    fn process(id: ProcessId, on: &[Wait]) -> Process {
        let mut process = Process::new(id, "");
        process.state = if on.is_empty() { State::Running } else { State::Blocked { on: on.to_vec(), for_ms: 500 } };
        process
    }

    fn channel(id: u64, senders: &[ProcessId], receivers: &[ProcessId]) -> Channel {
        let mut channel = Channel::new(ChannelId(id), "", ChannelKind::Rendezvous);
        channel.senders = Ends::kept_by(senders.iter().copied());
        channel.receivers = Ends::kept_by(receivers.iter().copied());
        channel
    }

    fn stuck(node: &Node, verdict: Verdict) -> Vec<ProcessId> {
        let all = node.processes.iter().map(|process| process.id).collect();
        Graph::new(node, &BTreeSet::new(), &BTreeMap::new()).stuck(&all, verdict).into_iter().collect()
    }

    fn both(node: &Node) -> (Vec<ProcessId>, Vec<ProcessId>) {
        (stuck(node, Verdict::Suspected), stuck(node, Verdict::Certain))
    }

    /// `a` and `b` each send to the other first.
    fn crossed() -> Node {
        let processes = vec![process(A, &[send(1)]), process(B, &[send(2)])];
        Node { processes, channels: vec![channel(1, &[A], &[B]), channel(2, &[B], &[A])], ..Node::default() }
    }

    #[test]
    fn two_that_wait_for_each_other_are_stuck_for_certain() {
        assert_eq!(both(&crossed()), (vec![A, B], vec![A, B]));
    }

    #[test]
    fn an_end_that_may_have_left_its_holder_makes_no_certain_set() {
        let mut node = crossed();
        node.channels[0].receivers = Ends::held_by([B]);
        assert_eq!(both(&node), (vec![A, B], vec![]));
    }

    #[test]
    fn an_end_that_nobody_declared_may_help() {
        let mut node = crossed();
        node.channels[0].receivers.count = 2;
        assert_eq!(both(&node), (vec![], vec![]));
    }

    #[test]
    fn a_process_that_still_runs_may_help() {
        let mut node = crossed();
        node.processes.push(process(C, &[]));
        node.channels[1].receivers = Ends::kept_by([A, C]);
        assert_eq!(both(&node), (vec![], vec![]));
    }

    #[test]
    fn who_also_waits_for_something_outside_is_not_stuck() {
        let mut node = crossed();
        node.processes[0] = process(A, &[send(1), Wait::Outside]);
        assert_eq!(both(&node), (vec![], vec![]));
    }

    #[test]
    fn a_choice_waits_for_any_of_its_guards() {
        let mut node = crossed();
        node.processes[0] = process(A, &[send(1), receive(3)]);
        node.processes.push(process(C, &[]));
        node.channels.push(channel(3, &[C], &[A]));
        assert_eq!(both(&node), (vec![], vec![]));
        node.processes[2] = process(C, &[receive(4)]);
        node.channels.push(channel(4, &[B], &[C]));
        assert_eq!(both(&node), (vec![A, B, C], vec![A, B, C]), "the other guard waits for one who waits for them");
    }

    #[test]
    fn who_waits_for_the_stuck_is_stuck() {
        let mut node = crossed();
        node.processes.push(process(C, &[receive(3)]));
        node.channels.push(channel(3, &[A], &[C]));
        assert_eq!(both(&node), (vec![A, B, C], vec![A, B, C]));
    }

    #[test]
    fn channels_that_end_or_are_elsewhere_or_have_something_may_help() {
        let changes: [fn(&mut Channel); 3] = [
            |c| c.closing = Some(rendez_model::Closing::Retired),
            |c| c.home = Some(rendez_model::ChannelRef { node: "n".into(), channel: ChannelId(7) }),
            |c| c.senders.count = 0,
        ];
        for change in changes {
            let processes = vec![process(A, &[receive(1)]), process(B, &[receive(2)])];
            let channels = vec![channel(1, &[B], &[A]), channel(2, &[A], &[B])];
            let mut node = Node { processes, channels, ..Node::default() };
            assert_eq!(both(&node), (vec![A, B], vec![A, B]));
            change(&mut node.channels[0]);
            assert_eq!(both(&node), (vec![], vec![]));
        }
    }

    #[test]
    fn another_receiver_may_leave_a_value_behind() {
        let processes = vec![process(A, &[receive(1)]), process(B, &[receive(2)]), process(C, &[])];
        let channels = vec![channel(1, &[B], &[A, C]), channel(2, &[A], &[B])];
        let node = Node { processes, channels, ..Node::default() };
        assert_eq!(both(&node), (vec![A, B], vec![]));
    }

    #[test]
    fn one_that_does_not_come_keeps_all_at_a_barrier() {
        let (at, absent) = (Wait::Barrier { barrier: BarrierId(1) }, Ends::kept_by([B, C]));
        let processes = vec![process(A, &[at]), process(B, &[receive(1)]), process(C, &[])];
        let barriers = vec![Barrier { id: BarrierId(1), enrolled: 3, absent }];
        let node = Node { processes, channels: vec![channel(1, &[A], &[B])], barriers, ..Node::default() };
        assert_eq!(both(&node), (vec![A, B], vec![A, B]), "that `c` runs does not help");
    }

    #[test]
    fn a_lock_is_waited_for_at_who_has_it() {
        let lock = |id, by| {
            let mut lock = channel(id, &[], &[]);
            (lock.senders.count, lock.receivers.count) = (1, 1);
            lock.lent = Some(Ends::held_by([by]));
            lock
        };
        let processes = vec![process(A, &[receive(1)]), process(B, &[receive(2)])];
        let node = Node { processes, channels: vec![lock(1, B), lock(2, A)], ..Node::default() };
        assert_eq!(both(&node), (vec![A, B], vec![]), "a guard may be handed on");
    }

    #[test]
    fn calls_in_a_circle_are_stuck_for_certain() {
        let processes = vec![process(A, &[Wait::Answer { of: B }]), process(B, &[Wait::Answer { of: A }])];
        let node = Node { processes, ..Node::default() };
        assert_eq!(both(&node), (vec![A, B], vec![A, B]));
    }

    /// Those stuck for certain where `a`, which is asked for something by `b`, listens at channel 9.
    fn stuck_beside(a: &[Wait], channels: Vec<Channel>) -> Vec<ProcessId> {
        let on: Vec<_> = a.iter().copied().chain([receive(9)]).collect();
        let processes = vec![process(A, &on), process(B, &[Wait::Answer { of: A }])];
        let mut mailbox = channel(9, &[], &[A]);
        mailbox.senders.count = 2;
        let node = Node { processes, channels: channels.into_iter().chain([mailbox]).collect(), ..Node::default() };
        let all = [A, B].into();
        let listening = [(A, ChannelId(9))].into();
        Graph::new(&node, &BTreeSet::new(), &listening).stuck(&all, Verdict::Certain).into_iter().collect()
    }

    #[test]
    fn a_call_back_for_what_waits_for_its_caller_is_stuck_though_the_called_one_listens() {
        assert_eq!(stuck_beside(&[Wait::Answer { of: B }], vec![]), [A, B]);
        assert_eq!(stuck_beside(&[Wait::Answer { of: A }], vec![]), [A, B], "it calls itself");
        assert_eq!(stuck_beside(&[], vec![]), [], "nothing is under way");
    }

    #[test]
    fn who_listens_may_do_what_those_under_way_wait_for() {
        assert_eq!(stuck_beside(&[receive(1)], vec![channel(1, &[A], &[A])]), []);
        assert_eq!(stuck_beside(&[receive(1)], vec![channel(1, &[A, B], &[A])]), [], "or the other, or it");
        assert_eq!(stuck_beside(&[receive(1)], vec![channel(1, &[B], &[A])]), [A, B]);
        assert_eq!(stuck_beside(&[Wait::Answer { of: B }, Wait::Outside], vec![]), []);
    }

    #[test]
    fn who_joins_a_stuck_process_is_suspected_only() {
        let processes = vec![process(A, &[Wait::End { of: B }]), process(B, &[receive(1)])];
        let node = Node { processes, channels: vec![channel(1, &[A], &[B])], ..Node::default() };
        assert_eq!(both(&node), (vec![A, B], vec![]), "somebody may end it");
    }

    #[test]
    fn a_scope_with_a_child_that_runs_may_go_on() {
        let mut processes = vec![process(A, &[Wait::Children]), process(B, &[receive(1)]), process(C, &[])];
        (processes[1].parent, processes[2].parent) = (Some(A), Some(A));
        let mut node = Node { processes, channels: vec![channel(1, &[A], &[B])], ..Node::default() };
        assert_eq!(both(&node), (vec![], vec![]), "`c` may fail, and the scope with it");
        node.processes.pop();
        assert_eq!(both(&node), (vec![A, B], vec![A, B]));
    }

    /// Numbers from a seed.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % n
        }

        fn ends(&mut self, processes: u64) -> Ends {
            let mut ends = Ends::kept_by((0..=self.below(2)).map(|_| ProcessId(1 + self.below(processes))));
            ends.kept -= u32::from(self.below(6) == 0);
            ends.count += u32::from(self.below(12) == 0);
            ends
        }

        fn network(&mut self) -> Node {
            let (processes, channels) = (2 + self.below(5), 1 + self.below(6));
            let mut node = Node::default();
            for id in 1..=channels {
                let mut channel = channel(id, &[], &[]);
                (channel.senders, channel.receivers) = (self.ends(processes), self.ends(processes));
                node.channels.push(channel);
            }
            for id in 1..=processes {
                let waits = (0..self.below(8).min(3)).map(|_| match self.below(12) {
                    0 => Wait::Answer { of: ProcessId(1 + self.below(processes)) },
                    1 => Wait::End { of: ProcessId(1 + self.below(processes)) },
                    n if n % 2 == 0 => send(1 + self.below(channels)),
                    _ => receive(1 + self.below(channels)),
                });
                let waits: Vec<_> = waits.collect();
                node.processes.push(process(ProcessId(id), &waits));
            }
            node
        }
    }

    /// All sets of which nobody can be the first to go on, put together: by trying every set.
    fn by_force(node: &Node, verdict: Verdict) -> Vec<ProcessId> {
        let (unsure, listening) = (BTreeSet::new(), BTreeMap::new());
        let graph = Graph::new(node, &unsure, &listening);
        let all: Vec<_> = node.processes.iter().map(|process| process.id).collect();
        let mut stuck = BTreeSet::new();
        for bits in 0..1_u32 << all.len() {
            let set: BTreeSet<_> =
                all.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, id)| *id).collect();
            if set.iter().all(|&id| graph.is_stuck(id, &set, verdict)) {
                stuck.extend(set);
            }
        }
        stuck.into_iter().collect()
    }

    #[test]
    fn what_is_found_in_random_networks_is_what_trying_all_sets_finds() {
        let (mut found, mut certain) = (0, 0);
        for seed in 1..=3_000 {
            let node = Dice(seed).network();
            let (suspected, sure) = both(&node);
            assert_eq!(suspected, by_force(&node, Verdict::Suspected), "seed {seed}: {node:?}");
            assert_eq!(sure, by_force(&node, Verdict::Certain), "seed {seed}: {node:?}");
            assert!(sure.iter().all(|id| suspected.contains(id)), "seed {seed}: what is certain is suspected");
            found += usize::from(!suspected.is_empty());
            certain += usize::from(!sure.is_empty());
        }
        assert!(found > 300 && certain > 100, "{found} of 3000 networks are stuck, {certain} for certain");
    }
}
