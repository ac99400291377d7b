//! Family: a channel as one library makes it, behind one trait, so that all run the same networks. No library is here.

use crate::place::{Carrier, Process};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What a channel holds. Who has no rendezvous takes the nearest thing, a capacity of 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    /// Nothing.
    Rendezvous,
    /// So many values.
    Bounded(usize),
    /// Any number of values.
    Unbounded,
}

impl Capacity {
    /// The places of a channel that has at least one; none where it has no bound.
    pub(crate) fn places(self) -> Option<usize> {
        match self {
            Self::Rendezvous => Some(1),
            Self::Bounded(places) => Some(places),
            Self::Unbounded => None,
        }
    }
}

/// Channels of `u64`. An operation on an ended channel gives `None`.
///
/// The futures are of the implementing type, so that nothing is boxed; a family for OS threads blocks in
/// them.
pub(crate) trait Family: 'static {
    /// The sending end.
    type Tx: Clone + Send + Sync + 'static;
    /// The receiving end.
    type Rx: Send + 'static;
    /// What its processes are: threads where it blocks.
    type Carrier: Carrier;

    /// A new channel.
    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx);
    /// Sends one value.
    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send;
    /// Receives one value.
    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send;

    /// Starts a process.
    fn spawn<T: Send + 'static>(process: impl Future<Output = T> + Send + 'static) -> Process<T> {
        Self::Carrier::spawn(process)
    }
}

pin_project_lite::pin_project! {
    /// What an operation gives when all goes well; no larger than the operation.
    pub(crate) struct Well<F> {
        #[pin]
        operation: F,
    }
}

/// An operation of whose failure no more than that is wanted.
pub(crate) const fn well<F>(operation: F) -> Well<F> {
    Well { operation }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for Well<F> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // Matched in place: what is moved out as a whole is copied, in some programs and not in others.
        match self.project().operation.poll(cx) {
            Poll::Ready(Ok(value)) => Poll::Ready(Some(value)),
            Poll::Ready(Err(_)) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// A family that can receive from one of several channels.
pub(crate) trait Choose<const INPUTS: usize>: Family {
    /// Receives so often from whichever of the inputs has a value; their sum, unless an input has ended.
    fn choose(inputs: [Self::Rx; INPUTS], times: u64) -> impl Future<Output = Option<u64>> + Send;
}

/// Calls a macro with `COUNT: name name ..` for each number of inputs that a benchmark chooses from.
macro_rules! with_inputs {
    ($macro:ident) => {
        $macro!(4: a b c d);
        $macro!(64:
            a0 a1 a2 a3 a4 a5 a6 a7 b0 b1 b2 b3 b4 b5 b6 b7 c0 c1 c2 c3 c4 c5 c6 c7 d0 d1 d2 d3 d4 d5 d6 d7
            e0 e1 e2 e3 e4 e5 e6 e7 f0 f1 f2 f3 f4 f5 f6 f7 g0 g1 g2 g3 g4 g5 g6 g7 h0 h1 h2 h3 h4 h5 h6 h7);
    };
}
pub(crate) use with_inputs;

macro_rules! by_select {
    ($inputs:literal: $($input:ident)*) => {
        /// Chooses by `tokio::select!` over receives that are made afresh each time.
        impl<F: Family> Select<$inputs> for F {
            async fn select([$($input),*]: &mut [F::Rx; $inputs]) -> Option<u64> {
                tokio::select! { $(value = F::recv($input) => value,)* }
            }
        }
    };
}

/// What `tokio::select!` makes of a family.
pub(crate) trait Select<const INPUTS: usize>: Family {
    /// Receives once from whichever of the inputs has a value.
    fn select(inputs: &mut [Self::Rx; INPUTS]) -> impl Future<Output = Option<u64>> + Send;
}

with_inputs!(by_select);

/// Makes a family choose by [`Select`].
macro_rules! chooses_by_select {
    ($family:ty) => {
        impl<const INPUTS: usize> crate::family::Choose<INPUTS> for $family
        where
            Self: crate::family::Select<INPUTS>,
        {
            async fn choose(mut inputs: [Self::Rx; INPUTS], times: u64) -> Option<u64> {
                let mut sum = 0;
                for _ in 0..times {
                    sum += <Self as crate::family::Select<INPUTS>>::select(&mut inputs).await?;
                }
                Some(sum)
            }
        }
    };
}
pub(crate) use chooses_by_select;
