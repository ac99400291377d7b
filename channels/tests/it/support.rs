//! A hand-driven task and a choice without its macro.

use rendez_channels::__private::{Attempt, Guard, Order, choose};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Polls once, with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The number of the guard that is committed to now, fairly.
pub(crate) fn choose_now(guards: &mut [Option<&mut dyn Attempt>]) -> Poll<usize> {
    let mut choice = pin!(choose(guards, Order::Fair, false));
    choice.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Which of two guards a choice has committed to, with what it gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Either<A, B> {
    First(A),
    Second(B),
}

/// A fair choice between two guards, as `alt!` makes it.
pub(crate) async fn either<A: Guard, B: Guard>(mut a: A, mut b: B) -> Either<A::Output, B::Output> {
    match choose(&mut [Some(&mut a), Some(&mut b)], Order::Fair, false).await {
        0 => Either::First(a.output()),
        _ => Either::Second(b.output()),
    }
}
