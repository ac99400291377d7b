//! The wait-for graph in its first form: cycles among blocked processes, from a snapshot. Pure; watches nothing.
//!
//! A process is stuck when everything that could let it go on is held by stuck processes. The set of all stuck
//! processes is the largest set with that property; each cycle in it is a deadlock. Only channels count whose ends on
//! the needed side all have known holders, so that an end nobody declared can always help, and only waits that have
//! stood for a while, so that a snapshot of a network on the move is no deadlock.

use crate::monitor::SETTLED_MS;
use rendez_model::{Cycle, Node, ProcessId, Side, State, Wait, Waits};
use std::collections::{BTreeMap, BTreeSet};

/// The cycles of waiting in a node's snapshot; processes in `open` also wait for something outside of the network.
pub(crate) fn cycles(node: &Node, open: &[ProcessId]) -> Vec<Cycle> {
    let waits = stuck(node, open);
    let mut told = BTreeSet::new();
    let mut cycles = Vec::new();
    for &start in waits.keys() {
        let steps = walk(node, &waits, start);
        if let Some(first) = steps.first()
            && told.insert(first.process)
        {
            let sentence = sentence(node, &steps);
            cycles.push(Cycle { node: node.id.clone(), steps, sentence });
        }
    }
    cycles
}

/// The largest set of blocked processes none of which anybody outside of the set can help.
fn stuck(node: &Node, open: &[ProcessId]) -> BTreeMap<ProcessId, Vec<Wait>> {
    let mut stuck: BTreeMap<_, _> =
        node.processes.iter().filter_map(|p| blocked_on(&p.state).map(|on| (p.id, on))).collect();
    stuck.retain(|id, _| !open.contains(id));
    loop {
        let before = stuck.len();
        let ids: BTreeSet<_> = stuck.keys().copied().collect();
        stuck.retain(|_, waits| {
            waits
                .iter()
                .all(|wait| helpers(node, *wait).is_some_and(|all| all.iter().all(|helper| ids.contains(helper))))
        });
        if stuck.len() == before {
            return stuck;
        }
    }
}

fn blocked_on(state: &State) -> Option<Vec<Wait>> {
    match state {
        State::Blocked { on, for_ms } if *for_ms >= SETTLED_MS => Some(on.clone()),
        _ => None,
    }
}

/// Who could help a wait: the holders of the other side, if all are known and none is on another node.
fn helpers(node: &Node, wait: Wait) -> Option<&[ProcessId]> {
    let channel = node.channel(wait.channel)?;
    let ends = channel.ends(wait.side.opposite());
    (channel.home.is_none() && channel.closing.is_none() && ends.count > 0 && ends.all_known()).then_some(&ends.holders)
}

/// Follows the waits from `start` until a process comes again; the cycle from its lowest id on.
fn walk(node: &Node, waits: &BTreeMap<ProcessId, Vec<Wait>>, start: ProcessId) -> Vec<Waits> {
    let mut path: Vec<Waits> = Vec::new();
    let mut process = start;
    loop {
        if let Some(again) = path.iter().position(|step| step.process == process) {
            let mut cycle = path.split_off(again);
            let lowest = (0..cycle.len()).min_by_key(|&i| cycle[i].process).unwrap_or(0);
            cycle.rotate_left(lowest);
            return cycle;
        }
        let Some(&wait) = waits.get(&process).and_then(|on| on.first()) else { return vec![] };
        path.push(Waits { process, wait });
        let Some(next) = helpers(node, wait).and_then(|all| all.iter().min()) else { return vec![] };
        process = *next;
    }
}

/// The cycle in one sentence.
fn sentence(node: &Node, steps: &[Waits]) -> String {
    let name = |id| node.process(id).map_or_else(|| format!("{id}"), |p| format!("`{}` ({id})", p.name));
    let mut parts = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let channel = node.channel(step.wait.channel).map_or_else(|| step.wait.channel.to_string(), |c| c.label());
        let next = name(steps[(i + 1) % steps.len()].process);
        let (wants, gives) = match step.wait.side {
            Side::Send => ("send on", "receive there"),
            Side::Receive => ("receive from", "send there"),
        };
        parts.push(format!("{} waits to {wants} `{channel}`, where only {next} can {gives}", name(step.process)));
    }
    format!("deadlock: {}", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_model::{Channel, ChannelId, ChannelKind, Ends, Process};

    const A: ProcessId = ProcessId(1);
    const B: ProcessId = ProcessId(2);
    const C: ProcessId = ProcessId(3);

    fn process(id: ProcessId, name: &str, on: &[(u64, Side)]) -> Process {
        let mut process = Process::new(id, name);
        let on: Vec<_> = on.iter().map(|&(c, side)| Wait { channel: ChannelId(c), side }).collect();
        process.state = if on.is_empty() { State::Waiting } else { State::Blocked { on, for_ms: SETTLED_MS } };
        process
    }

    fn channel(id: u64, senders: &[ProcessId], receivers: &[ProcessId]) -> Channel {
        let mut channel = Channel::new(ChannelId(id), format!("ch{id}"), ChannelKind::Rendezvous);
        channel.senders = Ends::held_by(senders.iter().copied());
        channel.receivers = Ends::held_by(receivers.iter().copied());
        channel
    }

    fn node(processes: Vec<Process>, channels: Vec<Channel>) -> Node {
        Node { processes, channels, ..Node::new("n", "n") }
    }

    /// `a` and `b` each send to the other first.
    fn crossed() -> Node {
        let processes = vec![process(A, "a", &[(1, Side::Send)]), process(B, "b", &[(2, Side::Send)])];
        node(processes, vec![channel(1, &[A], &[B]), channel(2, &[B], &[A])])
    }

    #[test]
    fn two_that_wait_for_each_other_are_named_in_one_sentence() {
        let found = cycles(&crossed(), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].sentence,
            "deadlock: `a` (p1) waits to send on `ch1`, where only `b` (p2) can receive there; \
             `b` (p2) waits to send on `ch2`, where only `a` (p1) can receive there"
        );
    }

    #[test]
    fn waits_that_have_only_begun_are_no_deadlock() {
        let mut net = crossed();
        let State::Blocked { for_ms, .. } = &mut net.processes[0].state else { panic!("it is blocked") };
        *for_ms = SETTLED_MS - 1;
        assert_eq!(cycles(&net, &[]), []);
    }

    #[test]
    fn an_end_that_nobody_declared_may_help() {
        let mut net = crossed();
        net.channels[0].receivers.count = 2;
        assert_eq!(cycles(&net, &[]), []);
    }

    #[test]
    fn a_process_that_still_runs_may_help() {
        let mut net = crossed();
        net.processes.push(process(C, "c", &[]));
        net.channels[1].receivers = Ends::held_by([A, C]);
        assert_eq!(cycles(&net, &[]), []);
    }

    #[test]
    fn a_choice_with_a_timer_is_never_stuck() {
        assert_eq!(cycles(&crossed(), &[A]), []);
    }

    #[test]
    fn a_choice_waits_for_any_of_its_guards() {
        let mut net = crossed();
        net.processes[0] = process(A, "a", &[(1, Side::Send), (3, Side::Receive)]);
        net.processes.push(process(C, "c", &[]));
        net.channels.push(channel(3, &[C], &[A]));
        assert_eq!(cycles(&net, &[]), []);
    }

    #[test]
    fn who_waits_for_a_cycle_is_not_part_of_it() {
        let mut net = crossed();
        net.processes.push(process(C, "c", &[(3, Side::Receive)]));
        net.channels.push(channel(3, &[A], &[C]));
        let found = cycles(&net, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].steps.iter().map(|s| s.process).collect::<Vec<_>>(), [A, B]);
    }
}
