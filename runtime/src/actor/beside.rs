//! What a re-entrant actor handles beside messages under way: those of methods that share the state, and change it only
//! behind locks of its own. How they are driven is the driver's.

use super::{Actor, Context};
use std::future::Future;
use std::pin::Pin;

/// How many messages are handled beside each other at most; further ones wait.
pub(crate) const BESIDE: usize = 256;

/// A message being handled beside others. It gives its context back.
pub type Handling<'a, A> = Pin<Box<dyn Future<Output = Context<A>> + Send + 'a>>;

/// The methods of an actor that may be handled beside each other; `#[actor(reentrant)]` makes it.
pub trait Beside<A: Actor> {
    /// Whether a message is one of them, and can be handled in the present state.
    fn takes(&self, message: &A::Message) -> bool;

    /// Begins to handle one.
    fn handle(&self, message: A::Message, context: Context<A>) -> Handling<'_, A>;
}
