//! Channels, and operations on them, as they are and as the model has them; a step does one thing to both and compares.

use super::alts::Reused;
use super::ends::{CHANNELS, Ends, Lent, OWN_READER, QUESTIONS, Remains, change};
use super::follower::Follower;
use super::ledger::{Ledger, Mark, Shelf, Token, Value};
use super::model::{Came, Hold, Manner, Model, Op, Want};
use super::operation::{By, Outcome, Owned, alone, chosen, many, place};
use super::script::Tally;
use crate::reserved::question::Question;
use crate::support::{Chance, Woken};
use rendez::__private::Order;
use rendez::{BroadcastSender, Extended, Permit, Receiver, Sender, TryRecvError, TrySendError};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

pub(super) struct World<'a> {
    pub(super) model: Model,
    pub(super) lent: &'a Lent,
    pub(super) tally: Tally,
    ends: Ends,
    running: BTreeMap<Op, Running<'a>>,
    pub(super) alts: Vec<Reused<'a>>,
    acting: Vec<(Hold, Value, Extended<Token>)>,
    permits: Vec<(usize, Permit<'a, Token>)>,
    pub(super) questions: [Question; QUESTIONS],
    /// Who asks them.
    pub(super) asking: [Option<Op>; QUESTIONS],
    numbers: u64,
    /// Who does the step.
    pub(super) by: Follower,
    ledger: Arc<Ledger>,
    /// What was done, where somebody wants to read it.
    pub(super) told: Option<Vec<String>>,
}

struct Running<'a> {
    future: Pin<Box<dyn Future<Output = Outcome<'a>> + 'a>>,
    wants: Vec<Want>,
    manner: Manner,
    /// The most that a batch receive takes beside the first.
    more: usize,
    woken: Arc<Woken>,
    started: bool,
    by: Follower,
}

/// Says what is done, if somebody reads it.
macro_rules! tell {
    ($world:expr, $($what:tt)*) => {
        if let Some(told) = &mut $world.told {
            told.push(format!($($what)*));
        }
    };
}
pub(super) use tell;

impl<'a> World<'a> {
    pub(super) fn new(model: Model, lent: &'a Lent, ends: Ends, ledger: Arc<Ledger>, chance: &mut Chance) -> Self {
        let mut world = Self {
            model,
            lent,
            ends,
            ledger,
            tally: Tally::default(),
            running: BTreeMap::new(),
            alts: vec![],
            acting: vec![],
            permits: vec![],
            questions: Default::default(),
            asking: [None; QUESTIONS],
            numbers: 10,
            by: Follower::of_nothing(),
            told: None,
        };
        world.tally.values += 1;
        for _ in 0..chance.below(3) {
            let op = world.number();
            world.by = Follower::any(chance);
            world.add_alt(op, chance.below(3) == 0);
        }
        world
    }

    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// A value that is new.
    pub(super) fn value(&mut self) -> Value {
        self.tally.values += 1;
        self.number()
    }

    pub(super) fn token(&self, value: Value) -> Token {
        Token::new(value, &self.ledger, &self.by)
    }

    pub(super) fn step(&mut self, chance: &mut Chance) {
        self.by = Follower::any(chance);
        match chance.below(120) {
            0..34 => self.begin(chance),
            34..52 => self.with_any(chance, Self::poll),
            52..68 => self.with_any(chance, Self::cancel),
            68..73 => self.try_send(chance),
            73..78 => self.try_receive(chance),
            78..83 => self.change_ends(chance),
            83..86 => self.release(chance),
            86..89 => self.use_permit(chance),
            89..93 => self.answer(chance),
            93..96 => self.try_bells(chance),
            96 if chance.below(5) == 0 => self.poison(chance),
            97 => self.take_back(chance),
            98 => self.compare(),
            _ => self.step_alt(chance),
        }
        self.account();
        self.nobody_sleeps_who_should_look();
    }

    fn begin(&mut self, chance: &mut Chance) {
        if chance.below(12) == 0 {
            return self.begin_place(chance);
        }
        let mut owned = vec![];
        let mut wants: Vec<Want> = vec![];
        for _ in 0..chance.pick(&[1, 1, 1, 2, 2, 3]) {
            if let Some((want, guard)) = self.any(chance) {
                owned.push(guard);
                wants.push(want);
            }
        }
        let op = self.number();
        let asks = |want: &Want| matches!(want, Want::Ask(_));
        // One that asks is in a choice, beside a guard that remembers its turns.
        if wants.is_empty() || wants.iter().all(asks) {
            wants.iter().for_each(|want| self.forget_want(*want));
            return;
        }
        for want in &wants {
            if let Want::Ask(number) = want {
                self.asking[*number] = Some(op);
            }
        }
        // It is asked when no other is ready. In a fair choice it has its turn now and then, beside ends that are new by what the
        // thread has done before, which the model does not know.
        owned.sort_by_key(|guard| matches!(guard, Owned::Ask(_)));
        wants.sort_by_key(asks);
        let listed = [By::Choose(Order::Listed), By::AltPri];
        let fair = [By::Choose(Order::Fair), By::Alt];
        let by = if wants.iter().any(asks) { chance.pick(&listed) } else { chance.pick(&[listed, fair].concat()) };
        let or_else = matches!(by, By::Choose(_)) && chance.below(4) == 0;
        let is_alone = wants.len() == 1 && chance.below(3) > 0;
        let mut more = 0;
        let future: Pin<Box<dyn Future<Output = Outcome<'a>> + 'a>> = match owned.pop() {
            Some(Owned::Receive(receiver)) if is_alone && chance.below(3) == 0 => {
                more = chance.below(3);
                Box::pin(async move { many(receiver, more + 1).await })
            }
            Some(only) if is_alone => Box::pin(async move { alone(only).await }),
            last => {
                owned.extend(last);
                Box::pin(async move { chosen(owned, by, or_else).await })
            }
        };
        let manner = if is_alone { Manner::Alone } else { Manner::Choosing { or_else } };
        tell!(self, "{op}: {wants:?} {manner:?} {by:?}, batch of {}", more + 1);
        let by = self.by.clone();
        self.run(op, Running { future, wants, manner, more, woken: Arc::default(), started: false, by }, chance);
    }

    fn begin_place(&mut self, chance: &mut Chance) {
        let channel = chance.below(CHANNELS - 1);
        let Some(sender) = &self.lent.senders[channel] else { return };
        if sender.inspect().kind == rendez::ChannelKind::Rendezvous {
            return;
        }
        let op = self.number();
        let (wants, manner) = (vec![Want::Place(channel)], Manner::Alone);
        self.model.own(wants[0], 0);
        tell!(self, "{op}: {wants:?}");
        let future = Box::pin(place(sender));
        let by = self.by.clone();
        self.run(op, Running { future, wants, manner, more: 0, woken: Arc::default(), started: false, by }, chance);
    }

    fn run(&mut self, op: Op, running: Running<'a>, chance: &mut Chance) {
        self.running.insert(op, running);
        if chance.below(10) > 0 {
            self.poll(op);
        }
    }

    /// Any operation that there is an end for, which counts as its own from here on.
    fn any(&mut self, chance: &mut Chance) -> Option<(Want, Owned)> {
        let channel = chance.below(CHANNELS);
        let (number, reader) = (0, self.number());
        let (want, from) = match chance.below(20) {
            0..7 if !self.ends.senders[channel].is_empty() => (Want::Send(channel, self.value()), 0),
            7..12 if !self.ends.receivers[channel].is_empty() => (Want::Receive(channel), 0),
            12..14 if !self.ends.receivers[channel].is_empty() => (Want::Extended(channel, self.number()), 0),
            14..16 if !self.ends.publishers.is_empty() => (Want::Publish(number, self.value()), 0),
            16..18 if self.ends.reader.is_some() => (Want::Read(number, reader), OWN_READER),
            18 if self.ends.watcher.is_some() => (Want::Change(number, reader), OWN_READER),
            19 => {
                let free = (0..QUESTIONS).find(|number| self.asking[*number].is_none())?;
                self.asking[free] = Some(0);
                (Want::Ask(free), 0)
            }
            _ => return None,
        };
        self.model.own(want, from);
        let owned = self.owned(want, chance);
        Some((want, owned))
    }

    fn owned(&mut self, want: Want, chance: &mut Chance) -> Owned {
        let Ends { senders, receivers, publishers, reader, watcher, .. } = &self.ends;
        match want {
            Want::Send(channel, value) if chance.below(2) == 0 => {
                self.model.note_slot(value);
                Owned::SendFrom(senders[channel][0].clone(), Shelf(Some(self.token(value))))
            }
            Want::Send(channel, value) => Owned::Send(senders[channel][0].clone(), Some(self.token(value))),
            Want::Receive(channel) if chance.below(3) == 0 => Owned::Next(receivers[channel][0].clone()),
            Want::Receive(channel) => Owned::Receive(receivers[channel][0].clone()),
            Want::Extended(channel, _) => Owned::Extended(receivers[channel][0].clone()),
            Want::Publish(_, value) => Owned::Publish(publishers[0].clone(), Some(self.token(value))),
            Want::Read(..) => Owned::Read(reader.clone().expect("it is there")),
            Want::Change(..) => Owned::Change(watcher.clone().expect("it is there")),
            Want::Ask(number) => Owned::Ask(Some(self.questions[number].ask())),
            Want::Place(_) => unreachable!("places are asked for alone"),
        }
    }

    fn poll(&mut self, op: Op) {
        let running = self.running.get_mut(&op).expect("it runs");
        running.woken.reset();
        let waker = Waker::from(Arc::clone(&running.woken));
        let polled = running.by.act(|| running.future.as_mut().poll(&mut Context::from_waker(&waker)));
        let is_first = !std::mem::replace(&mut running.started, true);
        let expected =
            if is_first { self.model.start(op, &running.wants, running.manner) } else { self.model.poll(op) };
        let seen = match &polled {
            Poll::Ready(outcome) => Some((outcome.guard, outcome.came)),
            Poll::Pending => None,
        };
        tell!(self, "{op} polled: {seen:?}");
        assert_eq!(seen, expected, "operation {op}: {:?}", self.running[&op].wants);
        let Poll::Ready(outcome) = polled else { return };
        let Running { wants, more, .. } = self.running.remove(&op).expect("it runs");
        self.model.end_values(&wants, Some(outcome.guard));
        if let Some(&want) = wants.get(outcome.guard) {
            self.settle(want, outcome.came, outcome.extended);
            if let Some(permit) = outcome.permit {
                let Want::Place(channel) = want else { unreachable!("only places have permits") };
                self.permits.push((channel, permit));
            }
            if let (Want::Receive(channel), Came::Received(_)) = (want, outcome.came) {
                let others = self.model.take_more(channel, more);
                assert_eq!(outcome.more, others, "a batch is what there is");
                others.iter().for_each(|value| self.model.received(want, *value));
            }
        }
        self.forget(op, &wants);
    }

    /// What becomes of the value of an operation that is done.
    pub(super) fn settle(&mut self, want: Want, came: Came, extended: Option<Extended<Token>>) {
        match (want, came, extended) {
            (Want::Extended(_, hold), Came::Received(value), Some(extended)) => {
                self.acting.push((hold, value, extended));
            }
            (want, Came::Received(value), _) => self.model.received(want, value),
            (_, Came::Refused(value) | Came::Full(value), _) => self.model.handed_back(value),
            _ => {}
        }
    }

    /// The ends that it owned are gone.
    fn forget(&mut self, op: Op, wants: &[Want]) {
        self.asking.iter_mut().for_each(|asking| *asking = asking.filter(|by| *by != op));
        wants.iter().for_each(|want| self.model.disown(*want));
    }

    /// A guard that was made and is not used.
    fn forget_want(&mut self, want: Want) {
        if let Want::Ask(number) = want {
            self.asking[number] = None;
        }
    }

    fn cancel(&mut self, op: Op) {
        let Running { future, wants, started, by, .. } = self.running.remove(&op).expect("it runs");
        tell!(self, "{op} dropped");
        self.tally.count(started, self.model.stands(op));
        by.act(|| drop(future));
        let committed = self.model.cancel(op);
        self.model.end_values(&wants, committed);
        self.forget(op, &wants);
    }

    fn with_any(&mut self, chance: &mut Chance, act: impl FnOnce(&mut Self, Op)) {
        let ops: Vec<_> = self.running.keys().copied().collect();
        if !ops.is_empty() {
            act(self, chance.pick(&ops));
        }
    }

    fn try_send(&mut self, chance: &mut Chance) {
        let channel = chance.below(CHANNELS);
        let value = if channel == CHANNELS - 1 && self.ends.oneshot.is_none()
            || channel < CHANNELS - 1 && self.ends.senders[channel].is_empty()
        {
            return;
        } else {
            self.value()
        };
        let token = self.token(value);
        tell!(self, "{value} tried on {channel}");
        let expected = self.model.attempt(Want::Send(channel, value));
        let refused = |token: Token| token.mark(Mark::HandedBack);
        let came = match self.ends.senders[channel].last() {
            None => {
                let answer = self.ends.oneshot.take().expect("it is there");
                let outcome = self.by.act(|| answer.send(token)).map_err(|error| refused(error.into_value()));
                self.model.disown(Want::Place(channel));
                outcome.map_or_else(Came::Refused, |()| Came::Sent)
            }
            Some(sender) => match self.by.act(|| sender.try_send(token)) {
                Ok(()) => Came::Sent,
                Err(TrySendError::Full(token)) => Came::Full(refused(token)),
                Err(error) => Came::Refused(refused(error.into_value())),
            },
        };
        assert_eq!(came, expected.unwrap_or(Came::Full(value)));
        self.settle(Want::Send(channel, value), came, None);
    }

    fn try_receive(&mut self, chance: &mut Chance) {
        let channel = chance.below(CHANNELS);
        let Some(receiver) = self.ends.receivers[channel].last() else { return };
        let came = self.by.act(|| match receiver.try_recv() {
            Ok(token) => Some(Came::Received(token.received())),
            Err(TryRecvError::Empty) => None,
            Err(_) => Some(Came::Ended),
        });
        tell!(self, "tried to receive from {channel}: {came:?}");
        assert_eq!(came, self.model.attempt(Want::Receive(channel)));
        came.into_iter().for_each(|came| self.settle(Want::Receive(channel), came, None));
    }

    /// One end more, or one less.
    fn change_ends(&mut self, chance: &mut Chance) {
        let (channel, more) = (chance.below(CHANNELS), chance.below(5) > 1);
        tell!(self, "ends of {channel}, more: {more}");
        if chance.below(6) == 0 {
            return self.change_bells(chance);
        }
        let want = if chance.below(2) == 0 { Want::Place(channel) } else { Want::Receive(channel) };
        let Ends { senders, receivers, .. } = &mut self.ends;
        let by = match want {
            Want::Receive(_) => change(&mut receivers[channel], more),
            _ => change(&mut senders[channel], more),
        };
        match by {
            1 => self.model.own(want, 0),
            -1 => self.model.disown(want),
            _ => {}
        }
    }

    /// An end of a broadcast or a watch less.
    fn change_bells(&mut self, chance: &mut Chance) {
        match chance.below(12) {
            0 if self.ends.publishers.pop().is_some() => self.model.disown(Want::Publish(0, 0)),
            1 if self.ends.reader.take().is_some() => self.model.disown(Want::Read(0, OWN_READER)),
            2 if self.ends.watch.take().is_some() => self.model.disown_watch_sender(0),
            3 if self.ends.watcher.take().is_some() => self.model.disown(Want::Change(0, OWN_READER)),
            4..8 if self.ends.reader.is_none() => {
                // One that has read all.
                self.ends.reader = self.ends.publishers.first().map(BroadcastSender::subscribe);
                self.ends.reader.iter().for_each(|_| self.model.own(Want::Read(0, OWN_READER), OWN_READER));
            }
            _ => {}
        }
    }

    fn release(&mut self, chance: &mut Chance) {
        if self.acting.is_empty() {
            return;
        }
        let (hold, value, extended) = self.acting.swap_remove(chance.below(self.acting.len()));
        tell!(self, "{hold} released");
        if chance.below(2) == 0 {
            extended.release();
        } else {
            assert_eq!(extended.into_value().value, value);
        }
        self.model.release(hold);
        self.model.received(Want::Extended(0, hold), value);
    }

    fn use_permit(&mut self, chance: &mut Chance) {
        if self.permits.is_empty() {
            return;
        }
        let (channel, permit) = self.permits.swap_remove(chance.below(self.permits.len()));
        if chance.below(3) == 0 {
            tell!(self, "a permit of {channel} dropped");
            drop(permit);
            return self.model.unreserve(channel);
        }
        let value = self.value();
        tell!(self, "{value} sent on a permit of {channel}");
        let came = super::operation::sent(self.by.act(|| permit.send(self.token(value)))).came;
        assert_eq!(came, self.model.redeem(channel, value));
        self.settle(Want::Send(channel, value), came, None);
    }

    fn answer(&mut self, chance: &mut Chance) {
        let number = chance.below(QUESTIONS);
        let question = &self.questions[number];
        assert_eq!(question.is_asked(), self.model.is_asked(number));
        if !question.is_asked() {
            tell!(self, "an offer at {number}");
            question.offer();
            return self.model.offer_answer(number);
        }
        let yes = chance.below(2) == 0;
        tell!(self, "{number} answered: {yes}");
        if yes {
            question.agree()
        } else {
            question.refuse()
        }
        self.model.answer(number, yes);
    }

    fn try_bells(&mut self, chance: &mut Chance) {
        let value = self.numbers + 1;
        let (want, came) = match chance.below(4) {
            0 if let Some(setting) = &self.ends.watch => {
                let token = self.token(value);
                let came = super::operation::sent(self.by.act(|| setting.send(token))).came;
                self.value();
                assert_eq!(came, self.model.send_watch(0, value));
                return self.settle(Want::Send(0, value), came, None);
            }
            1 if let Some(watcher) = &self.ends.watcher => {
                (Want::Change(0, OWN_READER), self.by.act(|| tried(watcher.try_recv())))
            }
            _ if let Some(reader) = &self.ends.reader => {
                (Want::Read(0, OWN_READER), self.by.act(|| tried(reader.try_recv())))
            }
            _ => return,
        };
        tell!(self, "tried {want:?}: {came:?}");
        assert_eq!(came, self.model.attempt(want));
        came.into_iter().for_each(|came| self.settle(want, came, None));
    }

    fn poison(&mut self, chance: &mut Chance) {
        let (channel, level) = (chance.below(CHANNELS + 2), 1 + chance.below(3) as u32);
        tell!(self, "{channel} poisoned at {level}");
        if channel == CHANNELS {
            if let Some(publisher) = self.ends.publishers.first() {
                publisher.poison_at(level, "the test says so");
                self.model.poison_broadcast(0);
            }
        } else if channel > CHANNELS {
            if let Some(watcher) = &self.ends.watcher {
                watcher.poison_at(level, "the test says so");
                self.model.poison_watch(0);
            }
        } else if let Some(receiver) = self.ends.receivers[channel].first() {
            receiver.poison_at(level, "the test says so");
            self.model.poison_channel(channel, level);
        }
    }

    fn take_back(&mut self, chance: &mut Chance) {
        let channel = chance.below(CHANNELS);
        let Some(sender) = self.ends.senders[channel].first() else { return };
        let left: Vec<_> = sender.undelivered().iter().map(|token| token.mark(Mark::Undelivered)).collect();
        tell!(self, "taken back from {channel}: {left:?}");
        assert_eq!(left, self.model.undelivered(channel));
    }

    /// What has ended is what the model says, value by value.
    pub(super) fn account(&mut self) {
        let expected = self.model.take_gone();
        let marks: Vec<_> = expected.iter().map(|(value, fate)| (*value, fate.mark())).collect();
        assert_eq!(self.ledger.take(), marks, "what became of which values");
        expected.iter().for_each(|(_, fate)| self.tally.fates[*fate as usize] += 1);
    }

    fn compare(&self) {
        for channel in 0..CHANNELS {
            let Ends { senders, receivers, .. } = &self.ends;
            let seen =
                senders[channel].first().map(Sender::inspect).or(receivers[channel].first().map(Receiver::inspect));
            if let Some(seen) = seen {
                let counters = [seen.depth, seen.sent, seen.received, seen.dropped];
                assert_eq!(counters, self.model.counters(channel), "depth, sent, received, dropped of {channel}");
            }
        }
        if let Some(publisher) = self.ends.publishers.first() {
            let seen = publisher.inspect();
            let counters = [seen.depth, seen.sent, seen.received, seen.dropped];
            assert_eq!(counters, self.model.broadcast_counters(0), "depth, sent, received, dropped of the broadcast");
        }
        for (number, question) in self.questions.iter().enumerate() {
            assert_eq!(question.kept(), self.model.kept(number));
        }
    }

    /// Whether an operation or a reusable choice has been woken since it was polled.
    pub(super) fn is_woken(&self, op: Op) -> bool {
        match self.running.get(&op) {
            Some(running) => running.woken.is_woken(),
            None => self.alts.iter().any(|alt| alt.op == op && alt.woken.is_woken()),
        }
    }

    /// Whoever would get something by a poll has been woken since the last one, or its partner has.
    fn nobody_sleeps_who_should_look(&self) {
        for (op, partner) in self.model.ready() {
            assert!(self.is_woken(op) || self.is_woken(partner), "operation {op} sleeps, and so does {partner}");
        }
    }

    /// All operations are dropped, and what is held is let go; what is left are ends.
    pub(super) fn finish(mut self) -> Remains {
        while let Some(op) = self.running.keys().next_back().copied() {
            self.cancel(op);
            self.account();
        }
        while let Some(alt) = self.alts.pop() {
            self.drop_alt(alt);
            self.account();
        }
        for (hold, value, extended) in self.acting.drain(..) {
            drop(extended);
            self.model.release(hold);
            self.model.received(Want::Extended(0, hold), value);
        }
        for (channel, permit) in self.permits.drain(..) {
            drop(permit);
            self.model.unreserve(channel);
        }
        self.account();
        self.compare();
        let Self { model, ends, tally, ledger, .. } = self;
        Remains { model, ends, tally, ledger }
    }
}

fn tried(outcome: Result<Arc<Token>, TryRecvError>) -> Option<Came> {
    match outcome {
        Ok(token) => Some(Came::Received(token.received())),
        Err(TryRecvError::Empty) => None,
        Err(_) => Some(Came::Ended),
    }
}
