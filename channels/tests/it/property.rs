//! Channels and choices against a plain model: operations are made, polled and dropped at random, on one thread.
//!
//! After each step every outcome, counter and wake is the model's. `RENDEZ_SEED` repeats a run.

use crate::model::{Came, Model, Op, Want};
use crate::support::{Chance, Woken};
use rendez::__private::{Attempt, Guard, Order, choose};
use rendez::{Receiver, Recv, Send, SendError, Sender, TryRecvError, TrySendError, channel_bounded};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const EPISODES: usize = if cfg!(miri) { 4 } else { 2_000 };
const STEPS: usize = 200;

#[test]
fn channels_behave_as_the_model_says() {
    let mut chance = Chance::seeded();
    for _ in 0..EPISODES {
        let mut world = World::new(&mut chance);
        for _ in 0..STEPS {
            world.step(&mut chance);
        }
        world.finish();
    }
}

/// A value that can be missed.
struct Token(u64, #[expect(dead_code, reason = "it is counted")] Arc<()>);

struct World {
    model: Model,
    ends: Vec<Ends>,
    running: BTreeMap<Op, Running>,
    numbers: u64,
    alive: Arc<()>,
}

/// The ends of a channel that no operation owns.
struct Ends {
    senders: Vec<Sender<Token>>,
    receivers: Vec<Receiver<Token>>,
}

struct Running {
    future: Pin<Box<dyn Future<Output = (usize, Came)>>>,
    wants: Vec<Want>,
    woken: Arc<Woken>,
    started: bool,
}

impl World {
    fn new(chance: &mut Chance) -> Self {
        let capacities = [0, 0].map(|_: usize| chance.pick(&[0, 0, 1, 3, usize::MAX]));
        let ends = capacities
            .iter()
            .map(|capacity| channel_bounded(*capacity))
            .map(|(tx, rx)| Ends { senders: vec![tx], receivers: vec![rx] });
        let ends = ends.collect();
        Self { model: Model::new(&capacities), ends, running: BTreeMap::new(), numbers: 0, alive: Arc::new(()) }
    }

    fn step(&mut self, chance: &mut Chance) {
        match chance.below(100) {
            0..40 => self.begin(chance),
            40..65 => self.with_any(chance, Self::poll),
            65..77 => self.with_any(chance, Self::cancel),
            77..83 => self.try_send(chance),
            83..89 => self.try_receive(chance),
            89..97 => self.change_ends(chance),
            97..98 if chance.below(4) == 0 => self.poison(chance),
            _ => self.compare(),
        }
        self.nobody_sleeps_who_should_look();
    }

    fn begin(&mut self, chance: &mut Chance) {
        let mut wants = Vec::new();
        for _ in 0..chance.pick(&[1, 1, 1, 2, 3]) {
            wants.extend(self.any_want(chance));
        }
        if wants.is_empty() {
            return;
        }
        let mut guards: Vec<_> = wants.iter().map(|want| self.guard(*want)).collect();
        wants.iter().for_each(|want| self.model.count_end(*want, 1));
        let future: Pin<Box<dyn Future<Output = _>>> = match (guards.len(), chance.below(3)) {
            (1, 0) => Box::pin(alone(guards.remove(0))),
            (1, 1) => Box::pin(alone_from_slot(guards.remove(0))),
            _ => Box::pin(chosen(guards)),
        };
        self.numbers += 1;
        let op = self.numbers;
        self.running.insert(op, Running { future, wants, woken: Arc::default(), started: false });
        if chance.below(10) > 0 {
            self.poll(op);
        }
    }

    fn any_want(&mut self, chance: &mut Chance) -> Option<Want> {
        let channel = chance.below(self.ends.len());
        let Ends { senders, receivers } = &self.ends[channel];
        if chance.below(2) == 0 {
            self.numbers += 1;
            (!senders.is_empty()).then_some(Want::Send(channel, self.numbers))
        } else {
            (!receivers.is_empty()).then_some(Want::Receive(channel))
        }
    }

    fn guard(&self, want: Want) -> Owned {
        match want {
            Want::Send(channel, value) => Owned::Send(self.ends[channel].senders[0].clone(), Some(self.token(value))),
            Want::Receive(channel) => Owned::Receive(self.ends[channel].receivers[0].clone()),
        }
    }

    fn token(&self, value: u64) -> Token {
        Token(value, Arc::clone(&self.alive))
    }

    fn poll(&mut self, op: Op) {
        let running = self.running.get_mut(&op).expect("it runs");
        let expected = if running.started { self.model.poll(op) } else { self.model.start(op, &running.wants) };
        running.started = true;
        running.woken.reset();
        let waker = Waker::from(Arc::clone(&running.woken));
        let polled = running.future.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled, expected.map_or(Poll::Pending, Poll::Ready), "operation {op}: {:?}", running.wants);
        if expected.is_some() {
            self.forget(op);
        }
    }

    fn cancel(&mut self, op: Op) {
        self.model.cancel(op, &self.running[&op].wants);
        self.forget(op);
    }

    /// Drops the future, and with it the ends it owns.
    fn forget(&mut self, op: Op) {
        let wants = self.running.remove(&op).expect("it runs").wants;
        wants.iter().for_each(|want| self.model.count_end(*want, -1));
    }

    fn with_any(&mut self, chance: &mut Chance, act: impl FnOnce(&mut Self, Op)) {
        let ops: Vec<_> = self.running.keys().copied().collect();
        if !ops.is_empty() {
            act(self, chance.pick(&ops));
        }
    }

    fn try_send(&mut self, chance: &mut Chance) {
        let channel = chance.below(self.ends.len());
        let Some(sender) = self.ends[channel].senders.last() else { return };
        self.numbers += 1;
        let came = match sender.try_send(self.token(self.numbers)) {
            Ok(()) => Some(Came::Sent),
            Err(TrySendError::Full(_)) => None,
            Err(error) => Some(Came::Refused(error.into_value().0)),
        };
        assert_eq!(came, self.model.attempt(Want::Send(channel, self.numbers)));
    }

    fn try_receive(&mut self, chance: &mut Chance) {
        let channel = chance.below(self.ends.len());
        let Some(receiver) = self.ends[channel].receivers.last() else { return };
        let came = match receiver.try_recv() {
            Ok(token) => Some(Came::Received(token.0)),
            Err(TryRecvError::Empty) => None,
            Err(_) => Some(Came::Ended),
        };
        assert_eq!(came, self.model.attempt(Want::Receive(channel)));
    }

    fn change_ends(&mut self, chance: &mut Chance) {
        let channel = chance.below(self.ends.len());
        let Ends { senders, receivers } = &mut self.ends[channel];
        let (side, more) = (chance.below(2), chance.below(5) > 1);
        let by = if side == 0 { change(senders, more) } else { change(receivers, more) };
        let want = if side == 0 { Want::Send(channel, 0) } else { Want::Receive(channel) };
        self.model.count_end(want, by);
    }

    fn poison(&mut self, chance: &mut Chance) {
        let channel = chance.below(self.ends.len());
        let Some(sender) = self.ends[channel].senders.first() else { return };
        sender.poison("the test says so");
        self.model.poison(channel);
    }

    fn compare(&self) {
        for (number, Ends { senders, receivers }) in self.ends.iter().enumerate() {
            let seen = senders.first().map(Sender::inspect).or_else(|| receivers.first().map(Receiver::inspect));
            let counters = seen.map(|c| (c.depth, c.sent, c.received));
            assert_eq!(counters.unwrap_or(self.model.counters(number)), self.model.counters(number));
        }
    }

    /// Whoever would get something by a poll has been woken since the last one.
    fn nobody_sleeps_who_should_look(&self) {
        for op in self.model.ready() {
            assert!(self.running[&op].woken.is_woken(), "operation {op} sleeps: {:?}", self.running[&op].wants);
        }
    }

    /// All is dropped: what was sent and not received is undelivered, and no value has leaked.
    fn finish(mut self) {
        while let Some(op) = self.running.keys().next_back().copied() {
            self.cancel(op);
        }
        self.compare();
        for (number, Ends { senders, mut receivers }) in std::mem::take(&mut self.ends).into_iter().enumerate() {
            receivers.clear();
            if let Some(sender) = senders.first() {
                let left: Vec<_> = sender.undelivered().iter().map(|token| token.0).collect();
                assert_eq!(left, self.model.left(number));
            }
        }
        assert_eq!(Arc::strong_count(&self.alive), 1, "a value has leaked");
    }
}

/// Clones or drops one of the ends.
fn change<E: Clone>(ends: &mut Vec<E>, more: bool) -> isize {
    match ends.last().cloned() {
        None => 0,
        Some(end) if more => {
            ends.push(end);
            1
        }
        Some(_) => {
            ends.pop();
            -1
        }
    }
}

/// A guard with the end it works on.
enum Owned {
    Send(Sender<Token>, Option<Token>),
    Receive(Receiver<Token>),
}

enum Either<'a> {
    Send(Pin<Box<Send<'a, Token>>>),
    Receive(Pin<Box<Recv<'a, Token>>>),
}

async fn alone(owned: Owned) -> (usize, Came) {
    let came = match owned {
        Owned::Send(sender, token) => sent(sender.send(token.expect("it is not sent yet")).await),
        Owned::Receive(receiver) => received(receiver.recv().await),
    };
    (0, came)
}

async fn alone_from_slot(owned: Owned) -> (usize, Came) {
    let Owned::Send(sender, mut slot) = owned else { return alone(owned).await };
    let outcome = sender.send_from(&mut slot).await;
    (0, outcome.map_or_else(|_| Came::Refused(slot.expect("it was not sent").0), |()| Came::Sent))
}

async fn chosen(mut owned: Vec<Owned>) -> (usize, Came) {
    let guards = owned.iter_mut().map(|owned| match owned {
        Owned::Send(sender, token) => Either::Send(Box::pin(sender.send(token.take().expect("it is not sent yet")))),
        Owned::Receive(receiver) => Either::Receive(Box::pin(receiver.recv())),
    });
    let mut guards: Vec<_> = guards.collect();
    let mut refs: Vec<_> = guards.iter_mut().map(|guard| Some(guard.attempt())).collect();
    let number = choose(&mut refs, Order::Listed, false).await;
    let came = match &mut guards[number] {
        Either::Send(send) => sent(send.as_mut().output()),
        Either::Receive(recv) => received(recv.as_mut().output()),
    };
    (number, came)
}

impl Either<'_> {
    fn attempt(&mut self) -> Pin<&mut (dyn Attempt + '_)> {
        match self {
            Self::Send(send) => send.as_mut(),
            Self::Receive(recv) => recv.as_mut(),
        }
    }
}

fn sent(outcome: Result<(), SendError<Token>>) -> Came {
    outcome.map_or_else(|error| Came::Refused(error.value.0), |()| Came::Sent)
}

fn received(outcome: Result<Token, rendez::Ended>) -> Came {
    outcome.map_or(Came::Ended, |token| Came::Received(token.0))
}
