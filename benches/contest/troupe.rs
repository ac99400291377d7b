//! Troupe: actors as one library makes them, behind one trait, so that all play the same parts. No library is here.

use crate::place::Carrier;
use std::future::Future;
use std::sync::{Arc, OnceLock};

/// What an actor does, whatever library it is of. It hears one number at a time.
pub(crate) trait Part: Send + Unpin /* actix wants it */ + 'static {
    /// Hears a number; what it gives is the answer, where it was asked.
    fn hear(&mut self, number: u64) -> impl Future<Output = u64> + Send;
}

/// Actors of one library, with mailboxes that have no bound. What does not go well gives `None`.
pub(crate) trait Troupe: 'static {
    /// The address of an actor that plays a part.
    type Address<P: Part>: Clone + Send + Sync + 'static;
    /// What else there is beside actors.
    type Carrier: Carrier;

    /// Starts an actor.
    fn start<P: Part>(part: P) -> impl Future<Output = Option<Self::Address<P>>> + Send;
    /// Tells an actor a number, and does not wait.
    fn tell<P: Part>(actor: &Self::Address<P>, number: u64) -> impl Future<Output = Option<()>> + Send;
    /// Asks an actor, with a fresh place for the answer.
    fn ask<P: Part>(actor: &Self::Address<P>, number: u64) -> impl Future<Output = Option<u64>> + Send;
}

/// The addresses of others, known once all have been started.
pub(crate) struct Cast<A>(Arc<OnceLock<Vec<A>>>);

impl<A> Clone for Cast<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> Cast<A> {
    /// Nobody is known yet.
    pub(crate) fn unknown() -> Self {
        Self(Arc::default())
    }

    /// All have been started.
    ///
    /// # Errors
    /// They had been already.
    pub(crate) fn are(&self, all: Vec<A>) -> Result<(), String> {
        self.0.set(all).map_err(|_| "the cast is known already".to_owned())
    }

    /// Who has this place; none before they are known.
    pub(crate) fn get(&self, place: usize) -> Option<&A> {
        self.0.get()?.get(place)
    }
}

/// The part that adds up what it hears, and answers with the sum.
#[derive(Default)]
pub(crate) struct Sum(u64);

impl Part for Sum {
    async fn hear(&mut self, number: u64) -> u64 {
        self.0 += number;
        self.0
    }
}
