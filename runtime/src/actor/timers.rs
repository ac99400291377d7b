//! Timers: the delayed and periodic messages of an actor. Pure: time is an argument; who waits for it is the driver.

use crate::trace::Traced;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A delayed or periodic message, to be taken back with [`ActorRef::cancel`](super::ActorRef::cancel) or
/// [`Context::cancel`](super::Context::cancel). Dropping it changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scheduled(u64);

/// Makes the message of a period.
pub(crate) type Make<M> = Box<dyn FnMut() -> M + Send>;

/// What happens when a time has come.
pub(crate) enum What<M> {
    Once(M),
    Every(Duration, Make<M>),
}

impl<M: 'static> What<M> {
    /// The same with what the messages belong to: one message to what is followed here, a period's to nothing.
    pub(super) fn traced(self) -> What<Traced<M>> {
        match self {
            Self::Once(message) => What::Once(Traced::here(message)),
            Self::Every(period, mut make) => {
                What::Every(period, Box::new(move || Traced { message: make(), trace: None }))
            }
        }
    }
}

struct Entry<M> {
    at: Instant,
    what: What<M>,
    /// Set by the incarnation itself, and gone with it.
    own: bool,
}

pub(crate) struct Timers<M> {
    next: u64,
    entries: BTreeMap<u64, Entry<M>>,
    /// By time; of equal ones the older timer first.
    order: BTreeSet<(Instant, u64)>,
    /// A period whose message is just being made, outside of any lock.
    making: Option<u64>,
}

/// A timer that is due.
pub(crate) enum Due<M> {
    Once(M),
    /// Make the message, and then [give the period back](Timers::again).
    Every(Period<M>),
}

pub(crate) struct Period<M> {
    timer: u64,
    entry: Entry<M>,
}

impl<M> Period<M> {
    pub(crate) fn make(&mut self) -> Option<M> {
        match &mut self.entry.what {
            What::Every(_, make) => Some(make()),
            What::Once(_) => None,
        }
    }
}

impl<M> Timers<M> {
    pub(crate) const fn new() -> Self {
        Self { next: 0, entries: BTreeMap::new(), order: BTreeSet::new(), making: None }
    }

    pub(crate) fn add(&mut self, at: Instant, what: What<M>, own: bool) -> Scheduled {
        let timer = self.next;
        self.next += 1;
        self.insert(timer, Entry { at, what, own });
        Scheduled(timer)
    }

    /// Takes a timer back. True: its message will not be handled any more. What it held is given out, to be dropped
    /// where no lock is held.
    pub(crate) fn cancel(&mut self, Scheduled(timer): Scheduled) -> (bool, Option<What<M>>) {
        if self.making == Some(timer) {
            self.making = None;
            return (true, None);
        }
        let entry = self.entries.remove(&timer);
        if let Some(entry) = &entry {
            self.order.remove(&(entry.at, timer));
        }
        (entry.is_some(), entry.map(|entry| entry.what))
    }

    /// The timers of an incarnation go with it.
    pub(crate) fn end_own(&mut self) -> Vec<What<M>> {
        let own: Vec<_> =
            self.entries.iter().filter(|(_, entry)| entry.own).map(|(&timer, _)| Scheduled(timer)).collect();
        own.into_iter().filter_map(|timer| self.cancel(timer).1).collect()
    }

    /// The messages that will not be delivered, in the order of their times.
    pub(crate) fn into_delayed(mut self) -> Vec<M> {
        let order = std::mem::take(&mut self.order);
        let entries = order.into_iter().filter_map(|(_, timer)| self.entries.remove(&timer));
        let delayed = entries.filter_map(|entry| match entry.what {
            What::Once(message) => Some(message),
            What::Every(..) => None,
        });
        delayed.collect()
    }

    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Whether a delayed message is still to come. Periods do not count: they would never end.
    pub(crate) fn has_delayed(&self) -> bool {
        self.entries.values().any(|entry| matches!(entry.what, What::Once(_)))
    }

    pub(crate) fn due(&mut self, now: Instant) -> Option<Due<M>> {
        let &(at, timer) = self.order.first().filter(|(at, _)| *at <= now)?;
        self.order.remove(&(at, timer));
        let entry = self.entries.remove(&timer)?;
        Some(match entry.what {
            What::Once(message) => Due::Once(message),
            What::Every(..) => {
                self.making = Some(timer);
                Due::Every(Period { timer, entry })
            }
        })
    }

    /// A period goes on, unless it was cancelled meanwhile: then false, and its message is not to be handled. Periods
    /// that were missed are not made up for.
    pub(crate) fn again(&mut self, period: Period<M>, now: Instant) -> bool {
        if self.making.take() != Some(period.timer) {
            return false;
        }
        let Period { timer, mut entry } = period;
        if let What::Every(every, _) = &entry.what {
            entry.at += *every;
            if entry.at <= now {
                entry.at = now + *every;
            }
        }
        self.insert(timer, entry);
        true
    }

    fn insert(&mut self, timer: u64, entry: Entry<M>) {
        self.order.insert((entry.at, timer));
        self.entries.insert(timer, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once(due: Option<Due<u32>>) -> Option<u32> {
        match due? {
            Due::Once(message) => Some(message),
            Due::Every(_) => panic!("a period"),
        }
    }

    #[test]
    fn messages_come_in_the_order_of_their_times() {
        let (mut timers, start) = (Timers::new(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        timers.add(at(20), What::Once(2), true);
        timers.add(at(10), What::Once(1), true);
        timers.add(at(20), What::Once(3), true);
        assert_eq!(timers.earliest(), Some(at(10)));
        assert_eq!(once(timers.due(at(9))), None);
        assert_eq!([0; 4].map(|_| once(timers.due(at(20)))), [Some(1), Some(2), Some(3), None]);
    }

    #[test]
    fn a_cancel_that_says_so_has_taken_the_message_back() {
        let (mut timers, now) = (Timers::new(), Instant::now());
        let (a, b) = (timers.add(now, What::Once(1), true), timers.add(now, What::Once(2), true));
        assert!(timers.cancel(a).0 && !timers.cancel(a).0);
        assert_eq!(once(timers.due(now)), Some(2));
        assert!(!timers.cancel(b).0, "it is being handled");
    }

    #[test]
    fn a_period_goes_on_from_its_own_times_and_makes_up_for_none() {
        let (mut timers, start) = (Timers::new(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let every = timers.add(at(10), What::Every(Duration::from_millis(10), Box::new(|| 7)), true);
        let fires = |timers: &mut Timers<u32>, now| {
            let Some(Due::Every(mut period)) = timers.due(now) else { panic!("not due") };
            (period.make(), timers.again(period, now))
        };
        assert_eq!(fires(&mut timers, at(13)), (Some(7), true));
        assert_eq!(timers.earliest(), Some(at(20)));
        assert_eq!(fires(&mut timers, at(47)), (Some(7), true));
        assert_eq!(timers.earliest(), Some(at(57)));
        let Some(Due::Every(period)) = timers.due(at(57)) else { panic!("not due") };
        assert!(timers.cancel(every).0, "cancelled while its message is being made");
        assert!(!timers.again(period, at(57)) && timers.earliest().is_none());
    }

    #[test]
    fn an_incarnation_takes_its_own_timers_along() {
        let (mut timers, now) = (Timers::new(), Instant::now());
        timers.add(now, What::Once(1), true);
        timers.add(now, What::Once(2), false);
        assert_eq!(timers.end_own().len(), 1);
        assert!(timers.has_delayed());
        assert_eq!(once(timers.due(now)), Some(2));
    }
}
