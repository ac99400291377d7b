//! Routers: several actors of one type behind one value, and which of them a message goes to. The actors are ordinary ones.

use crate::CallError;
use crate::actor::{Actor, ActorRef, Undelivered};
use crate::shared::Shared;
use crate::supervisor::{ChildSpec, Supervisor, SupervisorRef};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::sync::Arc;

/// Several actors of one type, supervised: one that fails is started again **in its place**, so that its reference, what waits
/// in its mailbox and the keys that go to it stay.
///
/// Each way to choose gives a reference, whose methods are the calls. The actors end when the router and all references
/// have gone, as any actor does.
///
/// ```
/// use rendez_runtime::{Outcome, Router, actor, run};
///
/// struct Cache {
///     hits: u64,
/// }
///
/// #[actor(crate = rendez_runtime)]
/// impl Cache {
///     pub async fn get(&mut self, _key: String) -> u64 {
///         self.hits += 1;
///         self.hits
///     }
/// }
///
/// run(async {
///     let caches = Router::start("cache", 4, |_place| Cache { hits: 0 });
///     // The same key comes to the same actor each time.
///     for hits in 1..=3 {
///         assert_eq!(caches.by_key("tea").get("tea".into()).await?, hits);
///     }
///     Outcome::Ok(())
/// }).unwrap();
/// ```
pub struct Router<A: Actor> {
    inner: Arc<Inner<A>>,
}

struct Inner<A: Actor> {
    members: Vec<A::Ref>,
    addresses: Vec<ActorRef<A>>,
    /// Whose turn it is.
    turn: Shared<usize>,
}

impl<A: Actor> Clone for Router<A> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<A: Actor> fmt::Debug for Router<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("members", &self.inner.addresses).finish_non_exhaustive()
    }
}

impl<A: Actor> Router<A> {
    /// Starts `size` actors in the scope of the current process, below a supervisor of their own (one for one, at most 3
    /// restarts within 10 seconds in all). `make` gives the state of each incarnation; it is told the place, from 0.
    ///
    /// # Panics
    /// When `size` is 0, or no tokio runtime is ambient.
    #[track_caller]
    pub fn start(name: &str, size: usize, make: impl Fn(usize) -> A + Send + Sync + 'static) -> Self {
        Self::under(&Supervisor::one_for_one().named(format!("{name} router")).start(), name, size, make)
    }

    /// The same below a supervisor that is there, with its rules. The actors are named `name 0`, `name 1`, ..
    ///
    /// # Panics
    /// When `size` is 0.
    #[track_caller]
    pub fn under(
        supervisor: &SupervisorRef,
        name: &str,
        size: usize,
        make: impl Fn(usize) -> A + Send + Sync + 'static,
    ) -> Self {
        assert!(size > 0, "a router needs somebody to choose: give it one actor or more");
        let make = Arc::new(make);
        let addresses: Vec<_> = (0..size)
            .map(|place| {
                let make = Arc::clone(&make);
                let (spec, address) = ChildSpec::actor_at(format!("{name} {place}"), move || make(place));
                supervisor.child(spec);
                address
            })
            .collect();
        let members = addresses.iter().cloned().map(A::Ref::from).collect();
        Self { inner: Arc::new(Inner { members, addresses, turn: Shared::new(0) }) }
    }

    /// All of them, by place: for what is asked of each.
    #[must_use]
    pub fn members(&self) -> &[A::Ref] {
        &self.inner.members
    }

    /// One after the other.
    #[must_use]
    pub fn round_robin(&self) -> &A::Ref {
        &self.inner.members[self.turn()]
    }

    /// The one with the fewest messages before it, counting the one under way; of equal ones the next in turn.
    ///
    /// The loads are looked at one by one, while they change: of two who choose at once, both may take the same.
    #[must_use]
    pub fn least_loaded(&self) -> &A::Ref {
        let size = self.inner.members.len();
        let first = self.turn();
        let places = (0..size).map(|step| (first + step) % size);
        let least = places.min_by_key(|&place| self.inner.addresses[place].load());
        &self.inner.members[least.unwrap_or(first)]
    }

    /// The one that a key belongs to, the same each time. With one member more, of `n` keys some `n / size` go to that one, and
    /// all others stay where they were.
    #[must_use]
    pub fn by_key<K: Hash + ?Sized>(&self, key: &K) -> &A::Ref {
        let hash = BuildHasherDefault::<DefaultHasher>::new().hash_one(key);
        &self.inner.members[jump(hash, self.inner.members.len())]
    }

    /// Sends each a message, made by `make` for its place, and waits for room where there is none; those that have room get
    /// theirs first. What became of it, by place.
    ///
    /// # Cancel safety
    /// Dropped, it has sent the message to those that had room.
    pub async fn broadcast(&self, mut make: impl FnMut(usize) -> A::Message) -> Vec<Result<(), CallError>> {
        let addresses = &self.inner.addresses;
        let tried: Vec<_> = addresses.iter().enumerate().map(|(place, to)| to.try_tell(make(place))).collect();
        let mut sent = Vec::with_capacity(addresses.len());
        for (to, tried) in addresses.iter().zip(tried) {
            sent.push(match tried {
                Ok(()) => Ok(()),
                Err(Undelivered { mut messages, cause }) => match messages.pop() {
                    Some(message) => to.tell(message).await,
                    None => Err(cause),
                },
            });
        }
        sent
    }

    fn turn(&self) -> usize {
        let mut turn = self.inner.turn.lock();
        let next = (*turn + 1) % self.inner.members.len();
        std::mem::replace(&mut *turn, next)
    }
}

/// Lamping, Veach: A Fast, Minimal Memory, Consistent Hash Algorithm (2014).
fn jump(mut key: u64, buckets: usize) -> usize {
    let (mut last, mut next) = (0, 0.0);
    while next < buckets as f64 {
        last = next as usize;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = (last as f64 + 1.0) * ((1_u64 << 31) as f64 / ((key >> 33) + 1) as f64);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bucket_more_takes_its_share_and_moves_nothing_else() {
        for buckets in 1..40 {
            let keys = (0..20_000_u64).map(|key| key.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let moved = keys.map(|key| (jump(key, buckets), jump(key, buckets + 1))).filter(|(a, b)| a != b);
            let moved: Vec<_> = moved.collect();
            assert!(moved.iter().all(|&(_, to)| to == buckets), "only to the new one");
            let share = 20_000 / (buckets + 1);
            assert!(moved.len().abs_diff(share) < share / 4 + 50, "{buckets}: {} of {share}", moved.len());
        }
    }
}
