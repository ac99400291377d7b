//! Nodes, the wires between them, and who waits there; the test says which letter arrives next, who is polled, dropped, dies.

use super::claims::{Letter, NodeNumber};
use super::{FarEnd, Node};
use crate::support::Task;
use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

/// A step that may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A task is polled for the first time: its choices have their place in the order of claims from then on.
    Start(usize),
    /// A task that was woken is polled.
    Poll(usize),
    /// A task is dropped.
    Drop(usize),
    /// The oldest letter from one node to another arrives.
    Deliver(NodeNumber, NodeNumber),
    /// A node dies, with all that was on its way from there.
    Die(NodeNumber),
}

/// What a task has come to.
pub(crate) type Came = Vec<(usize, super::claims::Outcome)>;

#[derive(Default)]
pub(crate) struct World {
    nodes: Vec<Node>,
    wires: BTreeMap<(NodeNumber, NodeNumber), VecDeque<Letter>>,
    tasks: Vec<Running>,
    channels: usize,
    ends: Vec<Arc<FarEnd>>,
    /// What has to last as long.
    pub(crate) keeps: Vec<Box<dyn Any>>,
    dead: Vec<NodeNumber>,
    now: u64,
    /// Letters that have arrived.
    pub(crate) letters: usize,
    /// Who may be dropped, and which node may die, at any time.
    pub(crate) impatient: Option<usize>,
    pub(crate) mortal: Option<NodeNumber>,
    /// Whether who is woken is polled before anything else happens there.
    pub(crate) eager: bool,
}

struct Running {
    node: NodeNumber,
    task: Option<Task<Pin<Box<dyn Future<Output = Came>>>>>,
    started: bool,
    came: Option<Came>,
}

impl Running {
    fn is_woken(&self) -> bool {
        self.started && self.task.as_ref().is_some_and(Task::is_woken)
    }
}

impl World {
    pub(crate) fn new(nodes: usize) -> Self {
        Self { nodes: (0..nodes).map(|_| Node::default()).collect(), ..Self::default() }
    }

    /// A channel from one node to another: the sending end and the receiving one. It stays as long as the world.
    pub(crate) fn channel(&mut self, from: NodeNumber, to: NodeNumber) -> (Arc<FarEnd>, Arc<FarEnd>) {
        let (sender, receiver) = self.mortal_channel(from, to);
        let ends = (Arc::new(sender), Arc::new(receiver));
        self.ends.extend([Arc::clone(&ends.0), Arc::clone(&ends.1)]);
        ends
    }

    /// A channel that retires when one of its ends is dropped.
    pub(crate) fn mortal_channel(&mut self, from: NodeNumber, to: NodeNumber) -> (FarEnd, FarEnd) {
        let number = self.channels;
        self.channels += 1;
        self.nodes[from].act(|claims| claims.open(number, to, true));
        self.nodes[to].act(|claims| claims.open(number, from, false));
        (FarEnd::new(&self.nodes[from], number), FarEnd::new(&self.nodes[to], number))
    }

    /// A task on a node; it is not polled yet.
    pub(crate) fn spawn(&mut self, node: NodeNumber, future: impl Future<Output = Came> + 'static) -> usize {
        let task = Some(Task::new(Box::pin(future) as Pin<Box<dyn Future<Output = Came>>>));
        self.tasks.push(Running { node, task, started: false, came: None });
        self.tasks.len() - 1
    }

    pub(crate) fn node(&self, number: NodeNumber) -> &Node {
        &self.nodes[number]
    }

    /// What a task has come to, if it has.
    pub(crate) fn came(&self, task: usize) -> Option<&Came> {
        self.tasks[task].came.as_ref()
    }

    /// How many values were sent over a channel.
    pub(crate) fn sent(&self, channel: usize) -> usize {
        self.ends[2 * channel].node.act(|claims| claims.sent(channel))
    }

    /// Values that were received from it for nobody, and are kept for the next receive.
    pub(crate) fn returned(&self, channel: usize) -> Vec<u64> {
        self.ends[2 * channel + 1].node.act(|claims| claims.returned(channel))
    }

    /// Whether a task is there and waits.
    pub(crate) fn waits(&self, task: usize) -> bool {
        self.tasks[task].task.is_some()
    }

    pub(crate) fn is_dead(&self, node: NodeNumber) -> bool {
        self.dead.contains(&node)
    }

    /// All that may happen next.
    pub(crate) fn steps(&mut self) -> Vec<Step> {
        self.collect();
        let mut steps = Vec::new();
        for (number, running) in self.tasks.iter().enumerate() {
            let Some(task) = &running.task else { continue };
            match running.started {
                false => steps.push(Step::Start(number)),
                true if task.is_woken() => steps.push(Step::Poll(number)),
                true => {}
            }
            if running.started && self.impatient == Some(number) {
                steps.push(Step::Drop(number));
            }
        }
        let letters = self.wires.iter().filter(|(_, wire)| !wire.is_empty());
        steps.extend(letters.map(|(&(from, to), _)| Step::Deliver(from, to)));
        steps.extend(self.mortal.filter(|node| !self.is_dead(*node)).map(Step::Die));
        steps
    }

    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Start(number) | Step::Poll(number) => self.poll(number),
            Step::Drop(number) => self.tasks[number].task = None,
            Step::Deliver(from, to) => {
                let letter = self.wires.get_mut(&(from, to)).and_then(VecDeque::pop_front).expect("it is on its way");
                self.letters += 1;
                assert!(self.letters < 1_000, "letters without end");
                self.nodes[to].act(|claims| claims.heard(letter.channel, letter.message));
            }
            Step::Die(node) => self.die(node),
        }
        let place = self.place(step);
        while self.eager
            && let Some(woken) = self.tasks.iter().position(|running| running.node == place && running.is_woken())
        {
            self.poll(woken);
        }
        self.collect();
    }

    fn poll(&mut self, number: usize) {
        let running = &mut self.tasks[number];
        running.started = true;
        if let Some(task) = &mut running.task
            && let Poll::Ready(came) = task.poll()
        {
            running.came = Some(came);
            running.task = None;
        }
    }

    fn die(&mut self, node: NodeNumber) {
        self.dead.push(node);
        self.tasks.iter_mut().filter(|running| running.node == node).for_each(|running| running.task = None);
        for peer in 0..self.nodes.len() {
            self.cut(node, peer);
        }
    }

    /// Two nodes lose each other.
    pub(crate) fn cut(&mut self, one: NodeNumber, other: NodeNumber) {
        self.collect();
        self.wires.remove(&(one, other));
        self.wires.remove(&(other, one));
        self.nodes[one].act(|claims| claims.lost(other));
        self.nodes[other].act(|claims| claims.lost(one));
        self.collect();
        self.wires.remove(&(one, other));
        self.wires.remove(&(other, one));
    }

    /// What was written is on its way.
    fn collect(&mut self) {
        for (from, node) in self.nodes.iter().enumerate() {
            for letter in node.act(|claims| std::mem::take(&mut claims.post)) {
                if !self.dead.contains(&from) && !self.dead.contains(&letter.to) {
                    self.wires.entry((from, letter.to)).or_default().push_back(letter);
                }
            }
        }
    }

    /// Time passes; who owes an answer for too long is lost.
    pub(crate) fn pass(&mut self, time: u64) {
        self.now += time;
        for number in 0..self.nodes.len() {
            for lost in self.nodes[number].act(|claims| claims.at(self.now)) {
                self.cut(number, lost);
            }
        }
    }

    /// Goes on until nothing is left to happen; letters arrive before anybody is polled.
    pub(crate) fn settle(&mut self) {
        loop {
            let steps = self.steps();
            let letter = steps.iter().find(|step| matches!(step, Step::Deliver(..)));
            let poll = steps.iter().find(|step| matches!(step, Step::Start(_) | Step::Poll(_)));
            let Some(step) = letter.or(poll) else { return };
            self.step(*step);
        }
    }

    /// Polls tasks, and delivers no letter.
    pub(crate) fn poll_all(&mut self) {
        while let Some(step) = self.steps().into_iter().find(|step| matches!(step, Step::Start(_) | Step::Poll(_))) {
            self.step(step);
        }
    }

    /// Where a step happens; steps at two places change nothing for each other, but for the order of starts.
    fn place(&self, step: Step) -> NodeNumber {
        match step {
            Step::Start(task) | Step::Poll(task) | Step::Drop(task) => self.tasks[task].node,
            Step::Deliver(_, to) => to,
            Step::Die(node) => node,
        }
    }

    fn depend(&self, one: Step, other: Step) -> bool {
        let starts = |step| matches!(step, Step::Start(_));
        let dies = |step| matches!(step, Step::Die(_));
        self.place(one) == self.place(other) || (starts(one) && starts(other)) || dies(one) || dies(other)
    }
}

/// Every way in which a world may go: `judge` sees each end. Ways that differ only in the order of steps that do not depend
/// on each other count as one. Gives how many there were.
pub(crate) fn explore(make: &dyn Fn() -> World, judge: &dyn Fn(&World)) -> usize {
    let mut ends = 0;
    // Ways to go on from, with the steps that need not come next there: others have seen to what they lead to.
    let mut open = vec![(Vec::new(), Vec::new())];
    while let Some((mut way, mut asleep)) = open.pop() {
        let mut world = make();
        let mut told = Told(Vec::new());
        for step in way.iter().copied() {
            told.0.push(step);
            world.step(step);
        }
        loop {
            let steps = world.steps();
            // What may happen at any time need not.
            if steps.iter().all(|step| matches!(step, Step::Drop(_) | Step::Die(_))) {
                judge(&world);
                ends += 1;
            }
            let mut awake = steps.into_iter().filter(|step| !asleep.contains(step));
            let Some(next) = awake.next() else { break };
            let mut others = asleep.clone();
            let mut before = next;
            for step in awake {
                others.push(before);
                let asleep: Vec<Step> = others.iter().copied().filter(|other| !world.depend(step, *other)).collect();
                open.push((way.iter().copied().chain([step]).collect(), asleep));
                before = step;
            }
            asleep.retain(|other| !world.depend(next, *other));
            way.push(next);
            told.0.push(next);
            world.step(next);
        }
    }
    ends
}

/// Tells of the way that has led to a failure.
struct Told(Vec<Step>);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("by way of {:?}", self.0);
        }
    }
}
