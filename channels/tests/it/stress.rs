//! Rings whose nodes choose with both neighbours in both directions at once, on threads and tasks, some impatient.
//!
//! Each channel has one sender and one receiver here, so that its values must arrive as 0, 1, 2, ..: nothing is lost,
//! doubled or overtaken, whoever drops what.

use crate::support::{Chance, Watchdog, scale};
use rendez::__private::{Attempt, Guard, Order, choose};
use rendez::{Ended, Receiver, Sender, block_on, channel_bounded};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::thread;

/// How a node leaves the ring.
#[derive(Clone, Copy, Debug)]
enum Leave {
    /// Sends no more and receives what still comes: nothing may be lost.
    Drain,
    /// Drops all its ends.
    Retire,
    /// Poisons its channels.
    Poison,
}

/// What runs a node.
#[derive(Clone, Copy, Debug)]
enum On {
    Threads,
    Tasks,
    Both,
}

#[test]
fn a_ring_of_four_threads() {
    ring(4, 0, On::Threads, Leave::Drain, scale(1_000));
}

#[test]
fn a_ring_of_four_tasks() {
    ring(4, 0, On::Tasks, Leave::Drain, scale(10_000));
}

#[test]
fn a_ring_of_sixteen_tasks() {
    ring(16, 0, On::Tasks, Leave::Drain, scale(5_000));
}

#[test]
fn a_ring_of_tasks_and_threads() {
    ring(6, 0, On::Both, Leave::Drain, scale(1_000));
}

#[test]
fn a_ring_with_buffers() {
    ring(4, 1, On::Tasks, Leave::Drain, scale(10_000));
    ring(5, 3, On::Both, Leave::Drain, scale(1_000));
}

#[test]
fn a_ring_of_two_whose_neighbours_are_the_same() {
    ring(2, 0, On::Tasks, Leave::Drain, scale(10_000));
}

#[test]
fn nodes_that_retire_release_their_neighbours() {
    for on in [On::Threads, On::Tasks, On::Both] {
        for capacity in [0, 1] {
            ring(6, capacity, on, Leave::Retire, scale(200));
        }
    }
}

#[test]
fn poison_in_the_middle_of_it_loses_count_of_nothing() {
    for on in [On::Threads, On::Tasks, On::Both] {
        for capacity in [0, 1, 3] {
            ring(6, capacity, on, Leave::Poison, scale(200));
        }
    }
}

type Ends = (Sender<Token>, Receiver<Token>);

/// A number whose channel can miss it.
struct Token(u64, #[expect(dead_code, reason = "it is counted")] Arc<()>);

/// A node's place in the ring: it sends to both neighbours and receives from both.
struct Node {
    outputs: [Sender<Token>; 2],
    inputs: [Receiver<Token>; 2],
    choices: usize,
    leave: Leave,
    alive: Arc<()>,
}

/// How many values went out and came in, by neighbour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    sent: [u64; 2],
    received: [u64; 2],
}

fn ring(nodes: usize, capacity: usize, on: On, leave: Leave, choices: usize) {
    let alive = Arc::new(());
    let channels = || (0..nodes).map(|_| channel_bounded(capacity)).collect::<Vec<Ends>>();
    let (watchdog, (right, left)) = Watchdog::over(|| (channels(), channels()));
    let place = |i: usize| {
        let (next, previous) = ((i + 1) % nodes, (i + nodes - 1) % nodes);
        let outputs = [right[i].0.clone(), left[i].0.clone()];
        let inputs = [right[previous].1.clone(), left[next].1.clone()];
        // With poison one node brings the others down.
        let choices = if matches!(leave, Leave::Poison) && i > 0 { usize::MAX } else { choices };
        Node { outputs, inputs, choices, leave, alive: Arc::clone(&alive) }
    };
    let places: Vec<_> = (0..nodes).map(place).collect();
    let kept = matches!(leave, Leave::Poison).then(|| (right, left));
    let tallies = run(places, on);
    for (i, tally) in tallies.iter().enumerate() {
        let into = [tallies[(i + 1) % nodes].received[0], tallies[(i + nodes - 1) % nodes].received[1]];
        let undelivered =
            kept.as_ref().map_or([0, 0], |(right, left)| [&right[i].0, &left[i].0].map(count_undelivered));
        for side in [0, 1] {
            let arrived = into[side] + undelivered[side];
            let exact = !matches!(leave, Leave::Retire);
            assert!(tally.sent[side] == arrived || !exact && tally.sent[side] > arrived, "node {i}: {tallies:?}");
        }
    }
    drop((kept, watchdog));
    assert_eq!(Arc::strong_count(&alive), 1, "a value has leaked");
}

fn count_undelivered(end: &Sender<Token>) -> u64 {
    end.undelivered().len() as u64
}

fn run(places: Vec<Node>, on: On) -> Vec<Tally> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).build().unwrap();
    let start = |(i, node): (usize, Node)| -> Box<dyn FnOnce() -> Tally> {
        if matches!(on, On::Threads) || matches!(on, On::Both) && i % 2 == 0 {
            let thread = thread::spawn(move || block_on(node.run()).unwrap());
            Box::new(move || thread.join().unwrap())
        } else {
            let task = runtime.spawn(node.run());
            let handle = runtime.handle().clone();
            Box::new(move || handle.block_on(task).unwrap())
        }
    };
    let started: Vec<_> = places.into_iter().enumerate().map(start).collect();
    started.into_iter().map(|join| join()).collect()
}

impl Node {
    async fn run(self) -> Tally {
        let mut chance = Chance::seeded();
        let mut tally = Tally::default();
        let mut open = [true; 4];
        for _ in 0..self.choices {
            let over = if matches!(self.leave, Leave::Poison) { open != [true; 4] } else { open == [false; 4] };
            if over {
                break;
            }
            self.choose(&mut open, &mut tally, &mut chance).await;
        }
        let Self { outputs, inputs, leave, .. } = self;
        match leave {
            Leave::Retire => {}
            Leave::Poison => {
                outputs.iter().for_each(|output| output.poison("enough"));
                inputs.iter().for_each(|input| input.poison("enough"));
            }
            Leave::Drain => {
                drop(outputs);
                let [first, second] = inputs;
                // One after the other would do for the first only: the neighbours still send to both.
                let both = [(0, first), (1, second)].map(|(side, input)| drain(input, tally.received[side]));
                tally.received = in_turns(both).await;
            }
        }
        tally
    }

    /// One choice between both sends and both receives; now and then it is dropped before it is served.
    async fn choose(&self, open: &mut [bool; 4], tally: &mut Tally, chance: &mut Chance) {
        let mut slots = [0, 1].map(|side: usize| Some(Token(tally.sent[side], Arc::clone(&self.alive))));
        let outcome = {
            let [first, second] = &mut slots;
            let (mut a, mut b) = (pin!(self.outputs[0].send_from(first)), pin!(self.outputs[1].send_from(second)));
            let (mut c, mut d) = (pin!(self.inputs[0].recv()), pin!(self.inputs[1].recv()));
            let chosen = {
                let guards: [Pin<&mut dyn Attempt>; 4] = [a.as_mut(), b.as_mut(), c.as_mut(), d.as_mut()];
                let mut guards: Vec<_> =
                    guards.into_iter().zip(*open).map(|(guard, open)| open.then_some(guard)).collect();
                let polls = if chance.below(3) == 0 { 1 + chance.below(3) } else { usize::MAX };
                impatient(choose(&mut guards, Order::Fair, false), polls).await
            };
            match chosen {
                Some(0) => Some((0, a.output().map(|()| None))),
                Some(1) => Some((1, b.output().map(|()| None))),
                Some(2) => Some((2, c.output().map(Some))),
                Some(_) => Some((3, d.output().map(Some))),
                None => None,
            }
        };
        let gone = slots.each_ref().map(Option::is_none);
        self.account(outcome, gone, open, tally);
    }

    fn account(
        &self,
        outcome: Option<(usize, Result<Option<Token>, Ended>)>,
        gone: [bool; 2],
        open: &mut [bool; 4],
        tally: &mut Tally,
    ) {
        let expected = match outcome {
            // Dropped: a send may have been committed to all the same, but one at most.
            None => [gone[0], gone[1] && !gone[0]],
            Some((number, Ok(None))) => [number == 0, number == 1],
            Some((number, Ok(Some(token)))) => {
                assert_eq!(token.0, tally.received[number - 2], "in order, none missing, none twice");
                tally.received[number - 2] += 1;
                [false; 2]
            }
            Some((number, Err(_))) => {
                open[number] = false;
                [false; 2]
            }
        };
        assert_eq!(gone, expected, "exactly one guard commits");
        tally.sent[0] += u64::from(gone[0]);
        tally.sent[1] += u64::from(gone[1]);
    }
}

/// Receives until the channel is retired.
async fn drain(input: Receiver<Token>, mut received: u64) -> u64 {
    while let Some(token) = input.next().await.unwrap() {
        assert_eq!(token.0, received);
        received += 1;
    }
    received
}

/// Both at once, on one task.
async fn in_turns<F: Future>([a, b]: [F; 2]) -> [F::Output; 2] {
    let (mut a, mut b) = (Box::pin(a), Box::pin(b));
    let mut done = [None, None];
    poll_fn(|cx| {
        for (future, done) in [&mut a, &mut b].into_iter().zip(&mut done) {
            if done.is_none() {
                *done = match future.as_mut().poll(cx) {
                    Poll::Ready(output) => Some(output),
                    Poll::Pending => None,
                };
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.map(|output| output.expect("both are done"))
}

/// Gives up on a future that is not ready after so many polls.
async fn impatient<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        let polled = future.as_mut().poll(cx).map(Some);
        left -= 1;
        if polled.is_ready() || left == 0 {
            return if polled.is_ready() { polled } else { Poll::Ready(None) };
        }
        if polls < usize::MAX {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await
}
