//! Reusable choices of the world: guards come and go, uses are begun, polled and dropped.

use super::ends::LENT_READER;
use super::follower::Follower;
use super::model::{Came, Op, Want};
use super::operation::{Outcome, extended, read, received, sent};
use super::world::{World, tell};
use crate::support::{Chance, Woken};
use rendez::{Alt, GuardId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The guard at a place, and what came of it.
type Given = (usize, Outcome<'static>);

/// A reusable choice, and its use if it is used.
pub(super) struct Reused<'a> {
    pub(super) op: Op,
    alt: Rc<RefCell<Alt<'a, Given>>>,
    ids: BTreeMap<usize, GuardId>,
    using: Option<Pin<Box<dyn Future<Output = Option<Given>> + 'a>>>,
    pub(super) woken: Arc<Woken>,
    started: bool,
    by: Follower,
}

impl<'a> World<'a> {
    pub(super) fn add_alt(&mut self, op: Op, prioritised: bool) {
        self.model.add_alt(op, prioritised);
        let alt = if prioritised { Alt::prioritised() } else { Alt::new() };
        let (alt, woken) = (Rc::new(RefCell::new(alt)), Arc::default());
        let by = self.by.clone();
        self.alts.push(Reused { op, alt, ids: BTreeMap::new(), using: None, woken, started: false, by });
    }

    pub(super) fn step_alt(&mut self, chance: &mut Chance) {
        if self.alts.is_empty() {
            return;
        }
        let mut alt = self.alts.swap_remove(chance.below(self.alts.len()));
        self.by = alt.by.clone();
        match chance.below(20) {
            0..12 if alt.using.is_some() => self.poll_alt(&mut alt),
            _ if alt.using.is_some() => self.leave_alt(&mut alt),
            0..8 => self.add_guard(&mut alt, chance),
            8..10 => self.remove_guard(&mut alt, chance),
            10..12 => self.try_alt(&mut alt),
            12 if chance.below(4) == 0 => {
                let op = self.number();
                self.drop_alt(alt);
                self.by = Follower::any(chance);
                return self.add_alt(op, chance.below(3) == 0);
            }
            _ => self.begin_alt(&mut alt, chance),
        }
        self.alts.push(alt);
    }

    fn add_guard(&mut self, alt: &mut Reused<'a>, chance: &mut Chance) {
        let channel = chance.below(self.lent.senders.len());
        let lent = self.lent;
        let (sender, receiver) = (lent.senders[channel].as_ref(), lent.receivers[channel].as_ref());
        let want = match (chance.below(8), sender, receiver) {
            (0..3, _, Some(_)) => Want::Receive(channel),
            (3..5, Some(_), _) => Want::Send(channel, self.value()),
            (5, _, Some(_)) => Want::Extended(channel, self.number()),
            (6, ..) if lent.reader.is_some() => Want::Read(0, LENT_READER),
            (7, ..) => match self.asking.iter().position(Option::is_none) {
                Some(number) => Want::Ask(number),
                None => return,
            },
            _ => return,
        };
        let place = self.model.add_guard(alt.op, want, matches!(want, Want::Receive(_)));
        tell!(self, "{} has {want:?} at {place}", alt.op);
        let mut choice = alt.alt.borrow_mut();
        let id = match (want, sender, receiver, &lent.reader) {
            (Want::Receive(_), _, Some(end), _) => choice.receive(end, move |outcome| (place, received(outcome))),
            (Want::Extended(..), _, Some(end), _) => {
                choice.once(end.recv_extended(), move |outcome| (place, extended(outcome)))
            }
            (Want::Send(_, value), Some(end), ..) => {
                choice.send(end, self.token(value), move |outcome| (place, sent(outcome)))
            }
            (Want::Read(..), _, _, Some(end)) => choice.once(end.recv(), move |outcome| (place, read(outcome))),
            (Want::Ask(number), ..) => {
                self.asking[number] = Some(alt.op);
                choice.once(self.questions[number].ask(), move |_| (place, Came::Agreed.into()))
            }
            _ => unreachable!("there is such an end"),
        };
        drop(choice);
        alt.ids.insert(place, id);
    }

    fn remove_guard(&mut self, alt: &mut Reused<'a>, chance: &mut Chance) {
        let guards = self.model.guards(alt.op);
        if guards.is_empty() {
            return;
        }
        let (place, want) = chance.pick(&guards);
        tell!(self, "{} loses its guard at {place}", alt.op);
        assert!(alt.by.act(|| alt.alt.borrow_mut().remove(alt.ids[&place])), "it is there");
        self.model.remove_guard(alt.op, place);
        self.stop_asking(want);
    }

    fn stop_asking(&mut self, want: Want) {
        if let Want::Ask(number) = want {
            self.asking[number] = None;
        }
    }

    fn begin_alt(&mut self, alt: &mut Reused<'a>, chance: &mut Chance) {
        let choice = Rc::clone(&alt.alt);
        #[expect(clippy::await_holding_refcell_ref, reason = "nobody borrows it during its use")]
        let using = async move { choice.borrow_mut().next().await };
        alt.using = Some(Box::pin(using));
        alt.started = false;
        if chance.below(10) > 0 {
            self.poll_alt(alt);
        }
    }

    fn poll_alt(&mut self, alt: &mut Reused<'a>) {
        alt.woken.reset();
        alt.started = true;
        let doubtful = self.doubtful(alt.op);
        let waker = Waker::from(Arc::clone(&alt.woken));
        let using = alt.using.as_mut().expect("it is used");
        let polled = alt.by.act(|| using.as_mut().poll(&mut Context::from_waker(&waker)));
        let seen = if let Poll::Ready(Some((place, _))) = &polled { Some(*place) } else { None };
        let (is_empty, expected) = self.expected(alt.op, &doubtful, seen);
        match polled {
            Poll::Pending => {
                tell!(self, "{} polled: nothing", alt.op);
                assert!(!is_empty && expected.is_none(), "reusable choice {}: {expected:?} is ready", alt.op);
            }
            Poll::Ready(given) => {
                alt.using = None;
                assert_eq!(given.is_none(), is_empty, "reusable choice {}", alt.op);
                self.given(alt.op, given, expected);
            }
        }
    }

    /// Guards of it that it need not look at: their partner was told to look itself.
    fn doubtful(&self, op: Op) -> Vec<usize> {
        let doubtful = self.model.doubtful(op).into_iter();
        doubtful.filter(|(_, partner)| self.is_woken(*partner)).map(|(place, _)| place).collect()
    }

    /// Whether it has no guards, and what the model says; of the doubtful guards it has looked at the one `seen`.
    fn expected(&mut self, op: Op, doubtful: &[usize], seen: Option<usize>) -> (bool, Option<(usize, Came, Want)>) {
        let is_empty = self.model.guards(op).is_empty();
        let guards = self.model.guards(op);
        let is_left_out = |place: &usize| {
            let want = guards.iter().find(|guard| guard.0 == *place).map(|guard| guard.1);
            Some(*place) != seen && !want.is_some_and(|want| self.is_sent(want))
        };
        let without: Vec<_> = doubtful.iter().copied().filter(is_left_out).collect();
        (is_empty, if is_empty { None } else { self.model.poll_alt(op, &without) })
    }

    /// Whether its channel has seen a send more than the model: its sender may be held, and give nothing yet.
    fn is_sent(&self, want: Want) -> bool {
        let Want::Send(channel, _) = want else { return false };
        let sender = self.lent.senders[channel].as_ref();
        sender.is_some_and(|sender| sender.inspect().sent != self.model.counters(channel)[1])
    }

    fn given(&mut self, op: Op, given: Option<Given>, expected: Option<(usize, Came, Want)>) {
        let seen = given.as_ref().map(|(place, outcome)| (*place, outcome.came));
        tell!(self, "{op} gives {seen:?}");
        assert_eq!(seen, expected.map(|(place, came, _)| (place, came)), "reusable choice {op}: {expected:?}");
        if let (Some((_, outcome)), Some((_, came, want))) = (given, expected) {
            self.settle(want, came, outcome.extended);
            self.stop_asking(want);
        }
    }

    /// Its use is dropped.
    fn leave_alt(&mut self, alt: &mut Reused<'a>) {
        tell!(self, "a use of {} is dropped", alt.op);
        self.tally.count(alt.started, self.model.stands(alt.op));
        alt.using = None;
        self.model.leave_alt(alt.op);
    }

    fn try_alt(&mut self, alt: &mut Reused<'a>) {
        let doubtful = self.doubtful(alt.op);
        let given = alt.by.act(|| alt.alt.borrow_mut().try_next());
        let (_, expected) = self.expected(alt.op, &doubtful, given.as_ref().map(|(place, _)| *place));
        self.model.leave_alt(alt.op);
        self.given(alt.op, given, expected);
    }

    pub(super) fn drop_alt(&mut self, mut alt: Reused<'a>) {
        if alt.using.is_some() {
            self.leave_alt(&mut alt);
        }
        tell!(self, "{} dropped", alt.op);
        let Reused { op, alt, .. } = alt;
        drop(alt);
        for (place, want) in self.model.guards(op) {
            self.model.remove_guard(op, place);
            self.stop_asking(want);
        }
        self.model.drop_alt(op);
    }
}
