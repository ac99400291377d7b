//! The networks that the tests draw. Not what is expected of their pictures.

use rendez_model::{
    Channel, ChannelId, ChannelKind, ChannelRef, Closing, Cycle, End, Ends, Network, Node, Process, ProcessId,
    ProcessKind, Side, State, Verdict, Wait, Waits,
};

pub(crate) fn process<'a>(node: &'a mut Node, id: u64, name: &str, parent: u64, state: State) -> &'a mut Process {
    let mut process = Process::new(ProcessId(id), name);
    process.parent = (parent > 0).then_some(ProcessId(parent));
    process.state = state;
    process.polls = id.wrapping_mul(1_377);
    process.spawned_at = format!("src/main.rs:{}", id.wrapping_add(10));
    node.processes.push(process);
    node.processes.last_mut().expect("it was pushed")
}

pub(crate) fn channel<'a>(
    node: &'a mut Node,
    id: u64,
    name: &str,
    kind: ChannelKind,
    senders: &[u64],
    receivers: &[u64],
) -> &'a mut Channel {
    let mut channel = Channel::new(ChannelId(id), name, kind);
    channel.senders = Ends::held_by(senders.iter().map(|&p| ProcessId(p)));
    channel.receivers = Ends::held_by(receivers.iter().map(|&p| ProcessId(p)));
    channel.received = id.wrapping_mul(40_123);
    channel.sent = channel.received;
    node.channels.push(channel);
    node.channels.last_mut().expect("it was pushed")
}

pub(crate) fn blocked(on: &[(u64, Side)], for_ms: u64) -> State {
    let wait = |&(channel, side)| Wait::Channel { channel: ChannelId(channel), side };
    State::Blocked { on: on.iter().map(wait).collect(), for_ms }
}

/// The benchmark: a number goes round the ring, each round is counted.
pub(crate) fn commstime() -> Network {
    let mut node = Node::new("n1", "here");
    process(&mut node, 1, "main", 0, State::Waiting).kind = ProcessKind::Scope;
    process(&mut node, 2, "prefix", 1, blocked(&[(3, Side::Receive)], 0));
    process(&mut node, 3, "delta", 1, State::Running);
    process(&mut node, 4, "successor", 1, State::Ready);
    process(&mut node, 5, "consume", 1, blocked(&[(4, Side::Receive)], 3));
    for (id, name, from, to) in [(1, "a", 2, 3), (2, "b", 3, 4), (3, "c", 4, 2), (4, "d", 3, 5)] {
        channel(&mut node, id, name, ChannelKind::Rendezvous, &[from], &[to]).item = "u64".to_owned();
    }
    Network { nodes: vec![node], cycles: vec![] }
}

/// A farm whose workers live on three nodes, one of them lost.
pub(crate) fn farm() -> Network {
    let mut launcher = Node::new("k7Qx2f", "launcher");
    launcher.note = "127.0.0.1:4101".to_owned();
    process(&mut launcher, 1, "main", 0, State::Waiting).kind = ProcessKind::Scope;
    process(&mut launcher, 2, "walker", 1, State::Done(End::Normal)).kind = ProcessKind::Blocking;
    process(&mut launcher, 3, "reader", 1, State::Running);
    process(&mut launcher, 4, "reader", 1, blocked(&[(2, Side::Send)], 12));
    process(&mut launcher, 5, "worker", 1, State::Running);
    process(&mut launcher, 6, "collector", 1, blocked(&[(3, Side::Receive), (6, Side::Receive)], 40));
    let index = process(&mut launcher, 7, "index", 1, State::Ready);
    (index.kind, index.restarts) = (ProcessKind::Actor, 1);
    let device = process(&mut launcher, 8, "device", 1, State::Running);
    (device.kind, device.note) = (ProcessKind::Device, "native CPU, 2 threads".to_owned());
    process(&mut launcher, 9, "node child", 1, State::Waiting).kind = ProcessKind::Child;
    channel(&mut launcher, 1, "paths", ChannelKind::Bounded(64), &[], &[3, 4]).depth = 17;
    let jobs = channel(&mut launcher, 2, "jobs", ChannelKind::Bounded(8), &[3, 4], &[5]);
    (jobs.item, jobs.depth, jobs.high_water) = ("File".to_owned(), 8, 8);
    jobs.receivers.count = 3;
    let results = channel(&mut launcher, 3, "results", ChannelKind::Rendezvous, &[5], &[6]);
    (results.item, results.senders.count) = ("Counts".to_owned(), 3);
    channel(&mut launcher, 4, "tiles", ChannelKind::Bounded(2), &[6], &[8]).depth = 1;
    channel(&mut launcher, 5, "index mailbox", ChannelKind::Bounded(32), &[6], &[7]).senders.count = 2;
    channel(&mut launcher, 6, "losses", ChannelKind::Unbounded, &[9], &[6]);
    Network {
        nodes: vec![launcher, worker_node("p3Vb9a", "east", false), worker_node("w8Zd1c", "west", true)],
        cycles: vec![],
    }
}

fn worker_node(id: &str, name: &str, lost: bool) -> Node {
    let mut node = Node::new(id, name);
    let state = if lost { State::Done(End::Lost) } else { State::Waiting };
    node.note = if lost { "no answer for 2.1 s".to_owned() } else { "127.0.0.1:4102".to_owned() };
    node.lost = lost;
    process(&mut node, 1, "main", 0, state.clone()).kind = ProcessKind::Scope;
    let busy = if lost { state } else { blocked(&[(1, Side::Receive)], 250) };
    process(&mut node, 2, "worker", 1, busy);
    let home = |channel| Some(ChannelRef { node: "k7Qx2f".to_owned(), channel: ChannelId(channel) });
    channel(&mut node, 1, "jobs", ChannelKind::Bounded(8), &[], &[2]).home = home(2);
    channel(&mut node, 2, "results", ChannelKind::Rendezvous, &[2], &[]).home = home(3);
    node
}

/// Two workers that wait for each other's ends while the rest goes on.
pub(crate) fn deadlock() -> Network {
    let mut node = Node::new("n1", "here");
    process(&mut node, 1, "main", 0, State::Waiting).kind = ProcessKind::Scope;
    process(&mut node, 2, "left", 1, blocked(&[(1, Side::Send)], 1_240));
    process(&mut node, 3, "right", 1, blocked(&[(2, Side::Send)], 1_240));
    process(&mut node, 4, "ticker", 1, State::Running);
    process(&mut node, 5, "printer", 1, blocked(&[(3, Side::Receive)], 80));
    channel(&mut node, 1, "there", ChannelKind::Rendezvous, &[2], &[3]);
    channel(&mut node, 2, "back", ChannelKind::Rendezvous, &[3], &[2]);
    channel(&mut node, 3, "ticks", ChannelKind::Rendezvous, &[4], &[5]);
    let step = |p, c| Waits { process: ProcessId(p), wait: Wait::Channel { channel: ChannelId(c), side: Side::Send } };
    let cycle = Cycle {
        node: "n1".to_owned(),
        steps: vec![step(2, 1), step(3, 2)],
        members: vec![ProcessId(2), ProcessId(3)],
        verdict: Verdict::Certain,
        sentence: "left (p2) waits to send on there, from which only right (p3) receives; right (p3) waits to send on back, from which only left (p2) receives.".to_owned(),
    };
    Network { nodes: vec![node], cycles: vec![cycle] }
}

/// A deadlock that is certain, and one of two others that hold what the other wants; who else might have a key is not known.
pub(crate) fn suspected() -> Network {
    let mut network = deadlock();
    let node = &mut network.nodes[0];
    process(node, 6, "carol", 1, blocked(&[(4, Side::Receive)], 620));
    process(node, 7, "dave", 1, blocked(&[(5, Side::Receive)], 620));
    channel(node, 4, "fork", ChannelKind::Bounded(1), &[7], &[6]);
    channel(node, 5, "spoon", ChannelKind::Bounded(1), &[6], &[7]);
    let step =
        |p, c| Waits { process: ProcessId(p), wait: Wait::Channel { channel: ChannelId(c), side: Side::Receive } };
    network.cycles.insert(
        0,
        Cycle {
            node: "n1".to_owned(),
            steps: vec![step(6, 4), step(7, 5)],
            members: vec![ProcessId(6), ProcessId(7)],
            verdict: Verdict::Suspected,
            sentence: "suspected deadlock: carol (p6) waits to receive from fork, where only dave (p7) can send there; dave (p7) waits to receive from spoon, where only carol (p6) can send there".to_owned(),
        },
    );
    network
}

/// All wait, and no ring is seen.
pub(crate) fn nobody() -> Network {
    let mut node = Node::new("n1", "here");
    process(&mut node, 1, "main", 0, blocked(&[(1, Side::Receive)], 610));
    process(&mut node, 2, "clerk", 1, blocked(&[(2, Side::Receive)], 610));
    channel(&mut node, 1, "results", ChannelKind::Rendezvous, &[2], &[1]);
    channel(&mut node, 2, "orders", ChannelKind::Rendezvous, &[], &[2]).senders.count = 1;
    let sentence =
        "deadlock: nobody can go on: main (p1) waits to receive from results; clerk (p2) waits to receive from orders";
    let cycle = Cycle {
        node: "n1".to_owned(),
        steps: vec![],
        members: vec![ProcessId(1), ProcessId(2)],
        verdict: Verdict::Certain,
        sentence: sentence.to_owned(),
    };
    Network { nodes: vec![node], cycles: vec![cycle] }
}

/// Every state, every kind, every end of a channel.
pub(crate) fn zoo() -> Network {
    let mut node = Node::new("n1", "zoo");
    process(&mut node, 1, "main", 0, State::Waiting).kind = ProcessKind::Scope;
    let running = process(&mut node, 2, "running", 1, State::Running);
    (running.busy_us, running.operations) = (1_234_567, 5_000);
    running.names = ["backup", "printer"].map(String::from).to_vec();
    process(&mut node, 3, "ready", 1, State::Ready).kind = ProcessKind::Actor;
    let waits = [(1, Side::Receive), (2, Side::Receive), (3, Side::Send), (4, Side::Send)];
    process(&mut node, 4, "chooser", 1, blocked(&waits, 65_000));
    process(&mut node, 5, "done", 1, State::Done(End::Normal));
    process(&mut node, 6, "cancelled", 1, State::Done(End::Cancelled)).kind = ProcessKind::Child;
    process(&mut node, 7, "poisoned", 1, State::Done(End::Poisoned("disk is full".to_owned())));
    let failed = process(&mut node, 8, "failed", 1, State::Done(End::Failed("index out of bounds".to_owned())));
    failed.kind = ProcessKind::Blocking;
    process(&mut node, 9, "lost", 1, State::Done(End::Lost)).kind = ProcessKind::Device;
    process(&mut node, 10, "group", 1, State::Waiting).kind = ProcessKind::Scope;
    process(&mut node, 11, "inner", 10, State::Running).restarts = 3;
    process(&mut node, 12, "echo", 10, blocked(&[(7, Side::Receive)], 5));
    channel(&mut node, 1, "urgent", ChannelKind::Rendezvous, &[2], &[4]);
    channel(&mut node, 2, "", ChannelKind::Bounded(4), &[2, 3], &[4]).depth = 2;
    channel(&mut node, 3, "out", ChannelKind::Rendezvous, &[4], &[11]);
    channel(&mut node, 4, "log", ChannelKind::Unbounded, &[4, 11], &[1]).sent += 5;
    channel(&mut node, 5, "quit", ChannelKind::Rendezvous, &[1], &[11, 12]).receivers.count = 5;
    let poisoned = channel(&mut node, 6, "disk", ChannelKind::Bounded(2), &[7], &[8]);
    poisoned.closing = Some(Closing::Poisoned("disk is full".to_owned()));
    channel(&mut node, 7, "self", ChannelKind::Bounded(1), &[12], &[12]);
    channel(&mut node, 8, "over", ChannelKind::Rendezvous, &[], &[5]).closing = Some(Closing::Retired);
    channel(&mut node, 9, "outside", ChannelKind::Unbounded, &[], &[3]).senders.count = 1;
    let stray = channel(&mut node, 10, "stray", ChannelKind::Rendezvous, &[2], &[]);
    stray.home = Some(ChannelRef { node: "far away".to_owned(), channel: ChannelId(3) });
    Network { nodes: vec![node], cycles: vec![] }
}

/// A farm of `n` workers, each with a channel of its own to the collector.
pub(crate) fn wide(n: u64) -> Network {
    let mut node = Node::new("n1", "here");
    process(&mut node, 1, "main", 0, State::Waiting).kind = ProcessKind::Scope;
    process(&mut node, 2, "source", 1, State::Running);
    process(&mut node, 3, "sink", 1, State::Ready);
    let workers: Vec<u64> = (4..4 + n).collect();
    for &id in &workers {
        let state = match id % 5 {
            0 => State::Running,
            1 => State::Ready,
            _ => blocked(&[(1, Side::Receive)], id),
        };
        process(&mut node, id, &format!("worker {}", id - 4), 1, state);
    }
    channel(&mut node, 1, "jobs", ChannelKind::Rendezvous, &[2], &workers);
    for &id in &workers {
        channel(&mut node, id, &format!("result {}", id - 4), ChannelKind::Bounded(1), &[id], &[3]);
    }
    Network { nodes: vec![node], cycles: vec![] }
}

/// Names that mean harm, and ids that nobody has.
pub(crate) fn hostile() -> Network {
    let nasty = "</text><script>alert('x')</script> \"quoted\" & \u{0}\u{1b}[31m \u{202E}esrever\u{FFFF} ]]> -->";
    let mut node = Node::new(nasty, nasty);
    node.note = "n".repeat(10_000);
    process(&mut node, 1, nasty, 2, State::Done(End::Failed(nasty.to_owned()))).note = nasty.to_owned();
    process(&mut node, 2, &"long ".repeat(2_000), 1, blocked(&[(99, Side::Send), (1, Side::Send)], u64::MAX));
    process(&mut node, 2, "the same id again", 77, State::Done(End::Poisoned("p".repeat(10_000)))).spawned_at =
        "/".repeat(5_000);
    process(&mut node, u64::MAX, "", u64::MAX, State::Ready).polls = u64::MAX;
    channel(&mut node, 1, nasty, ChannelKind::Bounded(0), &[1, 2, 500, 0], &[404]).depth = u64::MAX;
    let loops = channel(&mut node, 2, "`;]|{}\n%%", ChannelKind::Bounded(u64::MAX), &[], &[]);
    (loops.home, loops.depth) = (Some(ChannelRef { node: nasty.to_owned(), channel: ChannelId(2) }), 3);
    channel(&mut node, 3, "日本語の名前 émigré 🚀🚀", ChannelKind::Unbounded, &[1], &[2]).item =
        "Vec<Option<&'a str>>".into();
    let cycle = Cycle {
        node: nasty.to_owned(),
        steps: vec![
            Waits { process: ProcessId(9), wait: Wait::Channel { channel: ChannelId(9), side: Side::Send } },
            Waits { process: ProcessId(2), wait: Wait::Channel { channel: ChannelId(1), side: Side::Send } },
        ],
        members: vec![],
        verdict: Verdict::Suspected,
        sentence: format!("{nasty} {}", "waits for ever ".repeat(300)),
    };
    let nobody = Cycle { node: "nowhere".into(), ..Cycle::default() };
    Network { nodes: vec![node, Node::default()], cycles: vec![cycle, nobody] }
}
