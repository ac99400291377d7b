//! The networks of actors, each written once for all troupes.

mod ask;
mod big;
mod dining;
mod idle;
mod load;
mod ring;
mod tell;

pub(crate) use ask::Ask;
pub(crate) use big::Big;
pub(crate) use dining::Dining;
pub(crate) use idle::IdleActors;
pub(crate) use load::HalfLoad;
pub(crate) use ring::ActorRing;
pub(crate) use tell::Tell;

/// Told to a part at the end: it forgets whom it knows, so that no address is left.
const FORGET: u64 = u64::MAX;
/// What is wrong where an actor is gone.
const GONE: &str = "an actor is gone";
