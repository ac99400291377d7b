//! Killing any process of random networks: it ends exactly its scope, loses no message that no process had received, and
//! leaves nothing. The networks run in a child of this test, so that its threads and sockets can be counted.

use rendez_channels::{Alt, Receiver, Sender, channel_named};
use rendez_model::{ChannelKind, End, Network, ProcessId, State};
use rendez_runtime::{
    Failure, Outcome, Process, ProcessRef, RunOptions, Scheduler, blocking, living, network, observe, scope, spawn,
};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const NETWORKS: u64 = 200;
const CHILD: &str = "RENDEZ_TEST_KILLS";
/// For what is still to happen after the end of a program: threads of its runtime end by themselves.
const PATIENCE: Duration = Duration::from_secs(20);

/// A generator of numbers: splitmix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }
}

/// How the victim is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kill {
    /// Somebody stops it: it ends with all below it.
    Stop,
    /// It panics: the scope that it is in fails.
    Panic,
    /// It returns an error, with the same effect.
    Error,
}

/// Processes and scopes, as a tree.
enum Node {
    /// With its process, before it starts: a scope that is ended before it has started drops what was to run in it.
    Leaf(usize, Option<Process>),
    Scope(usize, Vec<Self>),
}

/// What all processes of a network share with who judges them.
struct Shared {
    received: Vec<AtomicU64>,
    sent: Vec<AtomicU64>,
    steps: AtomicU64,
    /// By number, leaves first: the process once it runs.
    started: Vec<Mutex<Option<ProcessRef>>>,
    /// Leaves that are to fail at their next step.
    dies: Vec<AtomicBool>,
    kill: Kill,
}

impl Shared {
    fn step(&self, leaf: usize) -> Outcome {
        self.steps.fetch_add(1, SeqCst);
        if !self.dies[leaf].load(SeqCst) {
            return Ok(());
        }
        assert!(self.kill != Kill::Panic, "killed");
        Err(Failure::new("killed"))
    }

    fn note(&self, number: usize, process: ProcessRef) {
        *self.started[number].lock().unwrap() = Some(process);
    }

    fn process(&self, number: usize) -> Option<ProcessRef> {
        self.started[number].lock().unwrap().clone()
    }
}

/// What a leaf holds.
struct Ports {
    inputs: Vec<(usize, Receiver<u64>)>,
    outputs: Vec<(usize, Sender<u64>)>,
    /// How many values it makes; all others pass on what they receive.
    makes: u64,
}

/// Sends a value by the next output that takes it; outputs that have ended are left out.
async fn pass_on(shared: &Shared, outputs: &mut Vec<(usize, Sender<u64>)>, turn: &mut usize, mut value: u64) {
    while !outputs.is_empty() {
        let place = *turn % outputs.len();
        let (channel, output) = &outputs[place];
        match output.send(value).await {
            Ok(()) => {
                shared.sent[*channel].fetch_add(1, SeqCst);
                *turn += 1;
                return;
            }
            Err(error) => {
                value = error.into_value();
                outputs.remove(place);
            }
        }
    }
}

async fn leaf(number: usize, shared: Arc<Shared>, ports: Ports) -> Outcome {
    let Ports { inputs, mut outputs, makes } = ports;
    let mut turn = number;
    for value in 0..makes {
        shared.step(number)?;
        pass_on(&shared, &mut outputs, &mut turn, value).await;
    }
    let mut alt = Alt::new();
    for (channel, input) in &inputs {
        alt.receive(input, |received| received.map(|value| (*channel, value)));
    }
    while let Some(received) = alt.next().await {
        let Ok((channel, value)) = received else { continue };
        shared.received[channel].fetch_add(1, SeqCst);
        shared.step(number)?;
        pass_on(&shared, &mut outputs, &mut turn, value).await;
    }
    Ok(())
}

/// The same on a thread.
fn leaf_on_thread(number: usize, shared: &Shared, ports: Ports) -> Outcome {
    let Ports { inputs, mut outputs, makes } = ports;
    let mut turn = number;
    for value in 0..makes {
        shared.step(number)?;
        rendez_channels::block_on(pass_on(shared, &mut outputs, &mut turn, value))?;
    }
    let mut alt = Alt::new();
    for (channel, input) in &inputs {
        alt.receive(input, |received| received.map(|value| (*channel, value)));
    }
    while let Some(received) = alt.next_blocking()? {
        let Ok((channel, value)) = received else { continue };
        shared.received[channel].fetch_add(1, SeqCst);
        shared.step(number)?;
        rendez_channels::block_on(pass_on(shared, &mut outputs, &mut turn, value))?;
    }
    Ok(())
}

/// A random network with one victim.
struct Plan {
    seed: u64,
    tree: Vec<Node>,
    leaves: usize,
    victim: usize,
    kill: Kill,
    after_steps: u64,
    edges: Vec<(usize, usize, ChannelKind)>,
    on_threads: Vec<bool>,
    /// By number: the scope that it is in, if not the root's.
    parents: Vec<Option<usize>>,
}

impl Plan {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let leaves = 3 + chance.below(8);
        let mut parents = vec![None; leaves];
        let mut numbers: Vec<usize> = (0..leaves).collect();
        let tree = grow(&mut chance, &mut numbers, &mut parents, None, 0);
        let mut edges = vec![];
        for to in 1..leaves {
            for from in 0..to {
                if chance.below(3) == 0 || from + 1 == to {
                    let kind = match chance.below(4) {
                        0 | 1 => ChannelKind::Rendezvous,
                        2 => ChannelKind::Bounded(1 + chance.below(3) as u64),
                        _ => ChannelKind::Unbounded,
                    };
                    edges.push((from, to, kind));
                }
            }
        }
        let kill = [Kill::Stop, Kill::Stop, Kill::Panic, Kill::Error][chance.below(4)];
        // Only leaves fail by themselves.
        let victim = chance.below(if kill == Kill::Stop { parents.len() } else { leaves });
        let on_threads = (0..leaves).map(|_| chance.below(5) == 0).collect();
        Self { seed, tree, leaves, victim, kill, after_steps: chance.below(60) as u64, edges, on_threads, parents }
    }

    /// Whether `number` may end with the victim.
    fn is_in_scope(&self, number: usize) -> bool {
        let root = if self.kill == Kill::Stop { Some(self.victim) } else { self.parents[self.victim] };
        let Some(root) = root else { return true };
        // The scope itself handles the failure of its children.
        if self.kill != Kill::Stop && number == root {
            return false;
        }
        let mut at = Some(number);
        while let Some(here) = at {
            if here == root {
                return true;
            }
            at = self.parents[here];
        }
        false
    }

    fn ports(&self) -> Vec<Ports> {
        let mut ports: Vec<_> = (0..self.leaves).map(|_| Ports { inputs: vec![], outputs: vec![], makes: 0 }).collect();
        for (channel, &(from, to, kind)) in self.edges.iter().enumerate() {
            let (tx, rx) = channel_named(&self.name(channel), kind);
            ports[from].outputs.push((channel, tx));
            ports[to].inputs.push((channel, rx));
        }
        let sources = ports.iter_mut().filter(|ports| ports.inputs.is_empty());
        sources.for_each(|ports| ports.makes = 40);
        ports
    }

    fn name(&self, channel: usize) -> String {
        format!("{}.{channel}", self.seed)
    }
}

/// Puts the numbers of leaves into a random tree of scopes.
fn grow(
    chance: &mut Chance,
    numbers: &mut Vec<usize>,
    parents: &mut Vec<Option<usize>>,
    parent: Option<usize>,
    depth: usize,
) -> Vec<Node> {
    let mut nodes = vec![];
    while !numbers.is_empty() && (depth == 0 || nodes.is_empty() || chance.below(3) > 0) {
        if depth < 3 && chance.below(2) == 0 {
            let scope = parents.len();
            parents.push(parent);
            nodes.push(Node::Scope(scope, grow(chance, numbers, parents, Some(scope), depth + 1)));
        } else {
            let leaf = numbers.pop().unwrap();
            parents[leaf] = parent;
            nodes.push(Node::Leaf(leaf, None));
        }
    }
    nodes
}

/// Gives each leaf its process.
fn furnish(nodes: &mut [Node], make: &mut impl FnMut(usize) -> Process) {
    for node in nodes {
        match node {
            Node::Leaf(number, process) => *process = Some(make(*number)),
            Node::Scope(_, nodes) => furnish(nodes, make),
        }
    }
}

/// A scope that lets the failure of its children pass and ends well.
fn tolerant(name: String, nodes: Vec<Node>, shared: Arc<Shared>) -> Process {
    Process::new(name, async move {
        let run = scope(async |scope| {
            for node in nodes {
                let (number, process) = match node {
                    Node::Leaf(number, process) => (number, process.unwrap()),
                    Node::Scope(number, nodes) => {
                        (number, tolerant(format!("scope {number}"), nodes, Arc::clone(&shared)))
                    }
                };
                shared.note(number, scope.spawn(process).process());
            }
        });
        let _ = run.await;
        Outcome::Ok(())
    })
}

/// Runs a network, kills the victim, and gives what is to be judged.
async fn play(plan: &Plan, mut tree: Vec<Node>) -> Outcome<(Arc<Shared>, Network)> {
    let _observed = observe();
    let numbers = || plan.parents.iter();
    let shared = Arc::new(Shared {
        received: plan.edges.iter().map(|_| AtomicU64::new(0)).collect(),
        sent: plan.edges.iter().map(|_| AtomicU64::new(0)).collect(),
        steps: AtomicU64::new(0),
        started: numbers().map(|_| Mutex::new(None)).collect(),
        dies: numbers().map(|_| AtomicBool::new(false)).collect(),
        kill: plan.kill,
    });
    let mut ports: Vec<_> = plan.ports().into_iter().map(Some).collect();
    furnish(&mut tree, &mut |number| {
        let (shared, ports) = (Arc::clone(&shared), ports[number].take().unwrap());
        match plan.on_threads[number] {
            true => blocking(format!("leaf {number}"), move || leaf_on_thread(number, &shared, ports)),
            false => Process::new(format!("leaf {number}"), leaf(number, shared, ports)),
        }
    });
    let whole = spawn(tolerant("whole".to_owned(), tree, Arc::clone(&shared)));
    let process = whole.process();
    while !is_done(&process) && shared.steps.load(SeqCst) < plan.after_steps {
        tokio::task::yield_now().await;
    }
    while !is_done(&process) {
        let Some(victim) = shared.process(plan.victim) else {
            tokio::task::yield_now().await;
            continue;
        };
        match plan.kill {
            Kill::Stop => victim.stop(),
            Kill::Panic | Kill::Error => shared.dies[plan.victim].store(true, SeqCst),
        }
        break;
    }
    if tokio::time::timeout(PATIENCE, process.ended()).await.is_err() {
        let network = network();
        panic!("network {} hangs: {:?} {network:?}", plan.seed, plan.kill);
    }
    Ok((shared, network()))
}

fn is_done(process: &ProcessRef) -> bool {
    matches!(process.inspect().state, State::Done(_))
}

fn judge(plan: &Plan, shared: &Shared, network: &Network) {
    let node = &network.nodes[0];
    let of: BTreeMap<ProcessId, _> = node.processes.iter().map(|process| (process.id, process)).collect();
    let label = |number| format!("network {}, {:?} of {}: number {number}", plan.seed, plan.kill, plan.victim);
    for number in 0..plan.parents.len() {
        let Some(process) = shared.process(number) else {
            assert!(plan.is_in_scope(number), "{} has not started", label(number));
            continue;
        };
        let State::Done(end) = &of[&process.id()].state else { panic!("{} has not ended", label(number)) };
        assert!(*end == End::Normal || plan.is_in_scope(number), "{} ended with {end:?}", label(number));
    }
    for channel in &node.channels {
        let Some(number) = channel.name.strip_prefix(&format!("{}.", plan.seed)) else { continue };
        let number: usize = number.parse().unwrap();
        let (sent, received) = (shared.sent[number].load(SeqCst), shared.received[number].load(SeqCst));
        let label = label(number);
        assert_eq!(channel.sent, channel.received + channel.depth + channel.dropped, "{label}: all are accounted for");
        assert_eq!(channel.received, received, "{label}: what counts as received has come to a process");
        let unseen = channel.sent - sent;
        assert!(unseen <= 1, "{label}: one send at most has committed without its sender's having seen it");
        assert_eq!((channel.senders.count, channel.receivers.count), (0, 0), "{label}: its ends are given up");
    }
    let left: Vec<_> =
        node.processes.iter().filter(|process| !matches!(process.state, State::Done(_))).map(|p| p.label()).collect();
    assert_eq!(left.len(), 1, "only the root process is left: {left:?}");
}

/// How many threads and open files this program has.
#[cfg(target_os = "linux")]
fn held() -> (usize, usize) {
    let count = |folder| std::fs::read_dir(folder).unwrap().count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

#[cfg(not(target_os = "linux"))]
fn held() -> (usize, usize) {
    (0, 0)
}

/// Waits until no more is held than before.
fn nothing_is_left(seed: u64, before: (usize, usize)) {
    let start = Instant::now();
    while held().0 > before.0 || held().1 > before.1 {
        assert!(start.elapsed() < PATIENCE, "network {seed} leaves threads or files: {:?} of {before:?}", held());
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(living(), [""; 0], "network {seed} leaves processes");
}

fn run_all(networks: u64) {
    // The first run makes what stays, such as the thread of timers and the pipe of signals.
    RunOptions::new().workers(1).run(async { Outcome::Ok(()) }).unwrap();
    std::panic::set_hook(Box::new(|info| {
        if info.payload_as_str() != Some("killed") {
            eprintln!("{info}");
        }
    }));
    let mut kills = [0, 0];
    for seed in 0..networks {
        let before = held();
        let mut plan = Plan::new(seed);
        let tree = std::mem::take(&mut plan.tree);
        let plan = Arc::new(plan);
        let scheduler = if seed % 2 == 0 { Scheduler::Carriers } else { Scheduler::TokioTasks };
        let playing = Arc::clone(&plan);
        let played = RunOptions::new().workers(2).scheduler(scheduler).run(async move { play(&playing, tree).await });
        let (shared, network) = played.unwrap();
        judge(&plan, &shared, &network);
        let killed = shared.process(plan.victim).is_some_and(|process| {
            let of_victim = network.nodes[0].process(process.id()).unwrap();
            of_victim.state != State::Done(End::Normal)
        });
        kills[usize::from(killed)] += 1;
        drop((shared, network));
        nothing_is_left(seed, before);
    }
    println!(">{} victims were killed, {} had ended before", kills[1], kills[0]);
}

/// Not a test: what the child runs.
#[test]
fn the_child() {
    if let Ok(networks) = std::env::var(CHILD) {
        run_all(networks.parse().unwrap());
    }
}

#[test]
fn killing_any_process_ends_exactly_its_scope_and_loses_and_leaves_nothing() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::the_child", "--nocapture", "--test-threads=1"])
        .env(CHILD, NETWORKS.to_string())
        .output()
        .unwrap();
    let (said, errors) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success(), "{said}\n{errors}");
    let line = said.lines().find_map(|line| line.split_once('>')).expect("the child says what it did").1;
    let killed: u64 = line.split(' ').next().unwrap().parse().unwrap();
    assert!(killed > NETWORKS / 2, "{line}");
}
