//! Makes a recording out of looks at a network: writes down what differs. It does not look itself.

use crate::recording::age;
use crate::{Change, Network, News, Node, Process, Recording, State};
use std::collections::BTreeMap;

/// Most changes that a recording keeps; older ones are folded into its first state: it loses its beginning, not its end.
pub const CHANGES_MAX: usize = 200_000;
/// By how much the clock of waits may be behind: it advances a few times a second.
const SLACK_MS: u64 = 500;

/// Makes a [`Recording`]: whoever looks at the network now and then notes what it is, and what differs is kept.
///
/// ```
/// use rendez_model::{Network, Node, Process, ProcessId, Recorder};
///
/// let mut now = Network { nodes: vec![Node::new("n1", "here")], cycles: vec![] };
/// let mut recorder = Recorder::new(now.clone());
/// now.nodes[0].processes.push(Process::new(ProcessId(1), "late"));
/// recorder.note(250, now.clone());
/// let recording = recorder.finish();
/// assert_eq!(recording.at(249).nodes[0].processes, []);
/// assert_eq!(recording.at(250), now);
/// assert_eq!(recording.moments(), [0, 250]);
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    recording: Recording,
    last: Network,
}

impl Recorder {
    /// A recording that begins with this, at 0.
    #[must_use]
    pub fn new(first: Network) -> Self {
        Self { recording: Recording { first: first.clone(), ..Recording::default() }, last: first }
    }

    /// Notes what the network is at a time; earlier than the last note counts as at the same time.
    pub fn note(&mut self, at_ms: u64, now: Network) {
        let at_ms = at_ms.max(self.recording.ends_ms);
        age(&mut self.last, at_ms - self.recording.ends_ms);
        Differ { at_ms, changes: &mut self.recording.changes }.networks(&self.last, &now);
        self.recording.ends_ms = at_ms;
        self.last = now;
        if self.recording.changes.len() > CHANGES_MAX {
            self.recording.forget(CHANGES_MAX / 2);
        }
    }

    /// The recording so far.
    #[must_use]
    pub const fn so_far(&self) -> &Recording {
        &self.recording
    }

    /// The recording.
    #[must_use]
    pub fn finish(self) -> Recording {
        self.recording
    }
}

/// Writes down what differs between two networks.
struct Differ<'a> {
    at_ms: u64,
    changes: &'a mut Vec<Change>,
}

impl Differ<'_> {
    fn say(&mut self, node: &str, news: News) {
        self.changes.push(Change { at_ms: self.at_ms, node: node.to_owned(), news });
    }

    fn networks(&mut self, was: &Network, is: &Network) {
        let gone = was.nodes.iter().filter(|old| !is.nodes.iter().any(|node| node.id == old.id));
        gone.for_each(|node| self.say(&node.id, News::NodeGone));
        for node in &is.nodes {
            self.node(was.nodes.iter().find(|old| old.id == node.id), node);
        }
        if was.cycles != is.cycles {
            self.say("", News::Cycles(is.cycles.clone()));
        }
    }

    fn node(&mut self, was: Option<&Node>, is: &Node) {
        let same = was.is_some_and(|was| (&was.name, &was.note, was.lost) == (&is.name, &is.note, is.lost));
        if !same {
            let (name, note, lost) = (is.name.clone(), is.note.clone(), is.lost);
            self.say(&is.id, News::Node { name, note, lost });
        }
        let (processes, channels) = was.map_or((&[][..], &[][..]), |was| (&was.processes, &was.channels));
        let (here, gone) = differing(processes, &is.processes, |process| process.id, goes_on);
        here.for_each(|process| self.say(&is.id, News::Process(process.clone())));
        gone.into_iter().for_each(|id| self.say(&is.id, News::ProcessGone(id)));
        let (here, gone) = differing(channels, &is.channels, |channel| channel.id, PartialEq::eq);
        here.for_each(|channel| self.say(&is.id, News::Channel(channel.clone())));
        gone.into_iter().for_each(|id| self.say(&is.id, News::ChannelGone(id)));
    }
}

/// What is new or not the same in a list, and the ids of what is missing in it.
fn differing<'a, T, I: Ord + Copy>(
    was: &'a [T],
    is: &'a [T],
    id: impl Fn(&T) -> I,
    same: impl Fn(&T, &T) -> bool,
) -> (impl Iterator<Item = &'a T>, Vec<I>) {
    let mut before: BTreeMap<I, &T> = was.iter().map(|item| (id(item), item)).collect();
    let mut differ = Vec::new();
    for item in is {
        if !before.remove(&id(item)).is_some_and(|old| same(old, item)) {
            differ.push(item);
        }
    }
    (differ.into_iter(), before.into_keys().collect())
}

/// Whether a process, aged to now, is still what it was: a wait that goes on is no change.
fn goes_on(was: &Process, is: &Process) -> bool {
    if let (State::Blocked { on: a, for_ms: expected }, State::Blocked { on: b, for_ms }) = (&was.state, &is.state) {
        let same_wait = a == b && expected.abs_diff(*for_ms) <= SLACK_MS;
        return same_wait && was == &Process { state: was.state.clone(), ..is.clone() };
    }
    was == is
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, ChannelId, ChannelKind, End, ProcessId, Side, Wait};

    fn process(id: u64, state: State) -> Process {
        Process { state, ..Process::new(ProcessId(id), format!("p{id}")) }
    }

    fn blocked(for_ms: u64) -> State {
        State::Blocked { on: vec![Wait::Channel { channel: ChannelId(1), side: Side::Send }], for_ms }
    }

    fn network(processes: Vec<Process>, channels: &[u64]) -> Network {
        let channel = |id: &u64| Channel::new(ChannelId(*id), format!("c{id}"), ChannelKind::Rendezvous);
        let node = Node { processes, channels: channels.iter().map(channel).collect(), ..Node::new("n", "n") };
        Network { nodes: vec![node], cycles: vec![] }
    }

    /// A small generator, so that a failing run can be repeated: xorshift.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, n: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % n
        }
    }

    fn any_network(chance: &mut Chance) -> Network {
        let mut nodes = Vec::new();
        for id in 0..3 {
            if chance.below(4) == 0 {
                continue;
            }
            let mut processes = Vec::new();
            for id in 1..6 {
                let state = match chance.below(4) {
                    0 => continue,
                    1 => State::Running,
                    2 => State::Done(End::Normal),
                    _ => State::Waiting,
                };
                processes.push(Process { polls: chance.below(2), ..process(id, state) });
            }
            let mut channels = Vec::new();
            for id in 1..6 {
                if chance.below(2) == 0 {
                    channels.push(Channel::new(ChannelId(id), "c", ChannelKind::Bounded(chance.below(3))));
                }
            }
            let node = Node { channels, processes, lost: chance.below(2) == 0, ..Node::new(id.to_string(), "n") };
            nodes.push(node);
        }
        Network { nodes, cycles: vec![] }
    }

    fn sorted(mut network: Network) -> Network {
        network.nodes.sort_by(|a, b| a.id.cmp(&b.id));
        network
    }

    #[test]
    fn a_replay_shows_at_each_time_what_was_noted_then() {
        for seed in 1..if cfg!(miri) { 3 } else { 200 } {
            let mut chance = Chance(seed);
            let noted: Vec<_> = (0..20).map(|at| (at * 10, any_network(&mut chance))).collect();
            let mut recorder = Recorder::new(noted[0].1.clone());
            noted[1..].iter().for_each(|(at, network)| recorder.note(*at, network.clone()));
            for (at, network) in &noted {
                for at in [*at, at + 9] {
                    assert_eq!(sorted(recorder.so_far().at(at)), sorted(network.clone()), "seed {seed}, {at} ms");
                }
            }
        }
    }

    #[test]
    fn a_wait_that_goes_on_is_no_change_and_grows_in_the_replay() {
        let mut recorder = Recorder::new(network(vec![process(1, blocked(40))], &[]));
        (1..10).for_each(|i| recorder.note(i * 1_000, network(vec![process(1, blocked(40 + i * 1_000))], &[])));
        assert_eq!(recorder.so_far().changes, []);
        assert_eq!(recorder.so_far().at(7_500).nodes[0].processes[0].state, blocked(7_540));
    }

    #[test]
    fn a_new_wait_at_the_same_channel_is_a_change() {
        let mut recorder = Recorder::new(network(vec![process(1, blocked(40))], &[]));
        recorder.note(5_000, network(vec![process(1, blocked(10))], &[]));
        assert_eq!(recorder.so_far().at(5_000).nodes[0].processes[0].state, blocked(10));
    }

    #[test]
    fn what_did_not_change_takes_no_place() {
        let still = network(vec![process(1, State::Waiting)], &[1, 2]);
        let mut recorder = Recorder::new(still.clone());
        (1..100).for_each(|at| recorder.note(at, still.clone()));
        assert_eq!(
            (recorder.so_far().changes.len(), recorder.so_far().ends_ms, recorder.so_far().moments()),
            (0, 99, vec![0])
        );
    }

    // So many changes take Miri minutes.
    #[cfg(not(miri))]
    #[test]
    fn a_recording_that_is_too_long_gives_up_its_beginning() {
        let at = |n: u64| network(vec![Process { polls: n, ..process(1, State::Running) }], &[]);
        let mut recorder = Recorder::new(at(0));
        let many = CHANGES_MAX as u64 + 10;
        (1..=many).for_each(|n| recorder.note(n, at(n)));
        assert!(recorder.so_far().changes.len() <= CHANGES_MAX);
        for n in [recorder.so_far().begins_ms, many / 2 + 500, many] {
            assert_eq!(
                recorder.so_far().at(n.max(recorder.so_far().begins_ms)),
                at(n.max(recorder.so_far().begins_ms))
            );
        }
    }

    #[test]
    fn time_does_not_go_back() {
        let mut recorder = Recorder::new(network(vec![], &[]));
        recorder.note(50, network(vec![process(1, State::Ready)], &[]));
        recorder.note(20, network(vec![], &[]));
        assert_eq!((recorder.so_far().ends_ms, recorder.so_far().at(50)), (50, network(vec![], &[])));
    }
}
