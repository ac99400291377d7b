//! The bus: events by their type, from anybody to all who have subscribed to that type. It keeps none for later.

use crate::actor::{Actor, ActorRef, Undelivered};
use crate::log::tell;
use crate::shared::Shared;
use rendez_channels::{ChannelOptions, Overflow, Receiver, Sender, TrySendError};
use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The level of poison that failures leave behind.
const FAILURES: u32 = 1;

/// Publishes events by type; its clones are the same bus.
///
/// Each subscription is a queue of its own, with its own room and its own policy: what a slow subscriber does to others is said
/// by who subscribes. With [`Overflow::Wait`] publishers wait for it; with `DropOldest` or `DropNewest` it misses events, and
/// its channel [counts](rendez_channels::Receiver) them; with [`Overflow::Fail`] it is cut off: its channel is poisoned.
/// Events of one publisher arrive in the order they were published.
///
/// ```
/// use rendez_channels::Overflow;
/// use rendez_runtime::{Bus, Outcome, run};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Sold(&'static str);
///
/// run(async {
///     let bus = Bus::new();
///     let sold = bus.subscribe::<Sold>(16, Overflow::DropOldest);
///     assert_eq!(bus.publish(Sold("tea")).await, 1);
///     assert_eq!(bus.publish("text that nobody has subscribed to").await, 0);
///     assert_eq!(sold.recv().await?, Sold("tea"));
///     Outcome::Ok(())
/// }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Bus {
    /// By type: the list of that type's subscriptions.
    topics: Arc<Shared<HashMap<TypeId, Box<dyn Any + Send>>>>,
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("types", &self.topics.lock().len()).finish()
    }
}

/// Where the events of one subscription go.
enum Subscriber<T: Send + 'static> {
    Channel { sender: Sender<T>, slow: Overflow },
    Actor(Arc<dyn Mailbox<T>>),
}

impl<T: Send + 'static> Clone for Subscriber<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Channel { sender, slow } => Self::Channel { sender: sender.clone(), slow: *slow },
            Self::Actor(mailbox) => Self::Actor(Arc::clone(mailbox)),
        }
    }
}

/// What has become of an event at one subscription.
enum Tried<T> {
    Taken,
    /// There is no room, and who publishes is to wait.
    Full(T),
    /// It has not got it, and may have ended.
    Missed,
}

/// An actor that has subscribed, whatever its type.
trait Mailbox<T>: Send + Sync {
    /// Whether it has it: not where it has no room, or has ended.
    fn offer(&self, event: T) -> bool;
    fn is_over(&self) -> bool;
}

struct Inbox<A: Actor, F> {
    address: ActorRef<A>,
    message: F,
}

impl<T, A: Actor, F: Fn(T) -> A::Message + Send + Sync> Mailbox<T> for Inbox<A, F> {
    fn offer(&self, event: T) -> bool {
        let told = self.address.try_tell((self.message)(event));
        let has_it = told.is_ok();
        if let Err(Undelivered { cause, .. }) = told
            && !self.is_over()
        {
            tell!(warn, "an actor misses an event of the bus: {cause}");
        }
        has_it
    }

    fn is_over(&self) -> bool {
        self.address.is_over()
    }
}

impl Bus {
    /// One without subscriptions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Events of type `T` from now on, as many as `room` waiting; `slow` says what happens when there are more. The
    /// subscription ends with its receiver.
    #[must_use = "a subscription ends when its receiver is dropped"]
    pub fn subscribe<T: Clone + Send + 'static>(&self, room: usize, slow: Overflow) -> Receiver<T> {
        let name = format!("bus {}", type_name::<T>());
        // The failure of a process that has the bus is no failure of its subscriptions.
        let (sender, receiver) = ChannelOptions::bounded(room).name(&name).immune(FAILURES).overflow(slow).open();
        self.enter(Subscriber::Channel { sender, slow });
        receiver
    }

    /// Has an actor told of events of type `T`, by the message that `message` makes of each, for as long as it lives. It keeps
    /// the actor: one that subscribed does not end with its last other reference.
    ///
    /// Publishers do not wait for an actor: an event that its mailbox has no room for is dropped, and the log says so.
    pub fn subscribe_actor<T, A>(
        &self,
        address: &ActorRef<A>,
        message: impl Fn(T) -> A::Message + Send + Sync + 'static,
    ) where
        T: Clone + Send + 'static,
        A: Actor,
    {
        self.enter(Subscriber::Actor(Arc::new(Inbox { address: address.clone(), message })));
    }

    /// Gives an event to all who have subscribed to its type, and waits for those that are to be waited for. How many have it.
    ///
    /// # Cancel safety
    /// Dropped while it waits, it has given the event to all but those that it waited for.
    pub async fn publish<T: Clone + Send + 'static>(&self, event: T) -> usize {
        let subscribers = self.subscribers::<T>();
        let (mut taken, mut missed, mut full) = (0, false, Vec::new());
        for subscriber in &subscribers {
            match subscriber.offer(event.clone()) {
                Tried::Taken => taken += 1,
                Tried::Full(event) => full.push((subscriber, event)),
                Tried::Missed => missed = true,
            }
        }
        for (subscriber, event) in full {
            let Subscriber::Channel { sender, .. } = subscriber else { continue };
            match sender.send(event).await {
                Ok(()) => taken += 1,
                Err(_) => missed = true,
            }
        }
        if missed {
            self.forget_ended::<T>();
        }
        taken
    }

    /// How many have subscribed to a type.
    #[must_use]
    pub fn subscriptions<T: Clone + Send + 'static>(&self) -> usize {
        self.forget_ended::<T>();
        self.subscribers::<T>().len()
    }

    fn enter<T: Clone + Send + 'static>(&self, subscriber: Subscriber<T>) {
        self.forget_ended::<T>();
        self.with(|subscribers: &mut Vec<Subscriber<T>>| subscribers.push(subscriber));
    }

    fn subscribers<T: Clone + Send + 'static>(&self) -> Vec<Subscriber<T>> {
        let topics = self.topics.lock();
        let known = topics.get(&TypeId::of::<T>()).and_then(|topic| topic.downcast_ref::<Vec<Subscriber<T>>>());
        known.cloned().unwrap_or_default()
    }

    /// Lets those go whose receivers, or actors, have ended.
    fn forget_ended<T: Clone + Send + 'static>(&self) {
        let ended = self.with(|subscribers: &mut Vec<Subscriber<T>>| {
            subscribers.extract_if(.., |subscriber| subscriber.is_over()).collect::<Vec<_>>()
        });
        // Not under the lock: what is dropped may be the last reference to an actor.
        drop(ended);
    }

    fn with<T: Clone + Send + 'static, R>(&self, act: impl FnOnce(&mut Vec<Subscriber<T>>) -> R) -> R {
        let mut topics = self.topics.lock();
        let topic = topics.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(Vec::<Subscriber<T>>::new()));
        act(topic.downcast_mut().expect("the list under a type is of that type"))
    }
}

impl<T: Clone + Send + 'static> Subscriber<T> {
    fn is_over(&self) -> bool {
        match self {
            Self::Channel { sender, .. } => sender.is_closed(),
            Self::Actor(mailbox) => mailbox.is_over(),
        }
    }

    /// Gives it an event. It waits for nothing; a channel that drops does that by itself.
    fn offer(&self, event: T) -> Tried<T> {
        let (sender, slow) = match self {
            Self::Channel { sender, slow } => (sender, *slow),
            Self::Actor(mailbox) => return if mailbox.offer(event) { Tried::Taken } else { Tried::Missed },
        };
        match sender.try_send(event) {
            Ok(()) => Tried::Taken,
            Err(TrySendError::Ended(_)) => Tried::Missed,
            Err(full) if slow == Overflow::Wait => Tried::Full(full.into_value()),
            Err(_) => {
                let cause = format!("a subscriber to {} was too slow, and is cut off", type_name::<T>());
                sender.poison_at(FAILURES + 1, cause);
                Tried::Missed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(bus: &Bus) -> usize {
        bus.with(|subscribers: &mut Vec<Subscriber<u8>>| subscribers.len())
    }

    #[test]
    fn subscriptions_that_have_ended_take_no_room() {
        let bus = Bus::new();
        (0..1_000).for_each(|_| drop(bus.subscribe::<u8>(1, Overflow::Wait)));
        assert!(listed(&bus) <= 1, "the next one lets the one before go");
        let some: Vec<_> = (0..10).map(|_| bus.subscribe::<u8>(1, Overflow::Wait)).collect();
        drop(some);
        assert_eq!(rendez_channels::block_on(bus.publish(1_u8)).unwrap(), 0);
        assert_eq!(listed(&bus), 0, "who publishes finds them ended");
    }
}
