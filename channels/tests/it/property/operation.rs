//! Operations as futures that own what they work on: alone, in a choice by hand, and in `alt!`.

use super::ledger::{Mark, Shelf, Token, Value};
use super::model::{Came, ELSE};
use crate::reserved::question::Ask;
use rendez::__private::{Attempt, Choice, Memory, Order, Progress, Seat, choose};
use rendez::{
    BroadcastReceiver, BroadcastSender, Ended, Extended, Guard, Permit, Receiver, SendError, Sender, WatchReceiver,
};
use rendez_macros::alt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What an operation came to.
pub(super) struct Outcome<'a> {
    pub(super) guard: usize,
    pub(super) came: Came,
    /// The value of an extended receive, with its sender.
    pub(super) extended: Option<Extended<Token>>,
    pub(super) permit: Option<Permit<'a, Token>>,
    /// What `recv_many` took beside the first value.
    pub(super) more: Vec<Value>,
}

impl From<Came> for Outcome<'_> {
    fn from(came: Came) -> Self {
        Outcome { guard: 0, came, extended: None, permit: None, more: vec![] }
    }
}

/// A guard, with the end it works on.
pub(super) enum Owned {
    Send(Sender<Token>, Option<Token>),
    SendFrom(Sender<Token>, Shelf),
    Receive(Receiver<Token>),
    Next(Receiver<Token>),
    Extended(Receiver<Token>),
    Publish(BroadcastSender<Token>, Option<Token>),
    Read(BroadcastReceiver<Token>),
    Change(WatchReceiver<Token>),
    Ask(Option<Ask>),
}

/// How one of several operations is chosen.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Choose(Order),
    /// `alt!` and `alt!(pri)`, of two.
    Alt,
    AltPri,
}

/// A guard whose output is an outcome.
struct Mapped<G, F> {
    guard: Pin<Box<G>>,
    map: F,
}

/// What can be waited for alone and in a choice.
trait Operation: Guard<Output = Outcome<'static>> + Future<Output = Outcome<'static>> {}
impl<O: Guard<Output = Outcome<'static>> + Future<Output = Outcome<'static>>> Operation for O {}

type Boxed<'g> = Pin<Box<dyn Operation + 'g>>;

impl Owned {
    fn operation(&mut self) -> Boxed<'_> {
        match self {
            Self::Send(end, token) => mapped(end.send(taken(token)), sent),
            Self::SendFrom(end, shelf) => {
                let value = shelf.0.as_ref().expect("it is not sent yet").value;
                mapped(end.send_from(&mut shelf.0), move |outcome: Result<(), Ended>| {
                    outcome.map_or_else(|ended| refused(&ended, value), |()| Came::Sent).into()
                })
            }
            Self::Receive(end) => mapped(end.recv(), received),
            Self::Next(end) => mapped(end.next(), |outcome: Result<Option<Token>, Ended>| {
                outcome.ok().flatten().map_or(Came::Ended, |token| Came::Received(token.received())).into()
            }),
            Self::Extended(end) => mapped(end.recv_extended(), extended),
            Self::Publish(end, token) => mapped(end.send(taken(token)), sent),
            Self::Read(end) => mapped(end.recv(), read),
            Self::Change(end) => mapped(end.recv(), read),
            Self::Ask(ask) => Box::pin(Asked(Box::pin(ask.take().expect("it is asked once")))),
        }
    }
}

fn taken(token: &mut Option<Token>) -> Token {
    token.take().expect("it is not sent yet")
}

const fn refused(ended: &Ended, value: Value) -> Came {
    match ended {
        Ended::Overflow { .. } => Came::Full(value),
        _ => Came::Refused(value),
    }
}

pub(super) fn sent(outcome: Result<(), SendError<Token>>) -> Outcome<'static> {
    let came = outcome.map_or_else(
        |error| {
            let (value, cause) = error.into_parts();
            refused(&cause, value.mark(Mark::HandedBack))
        },
        |()| Came::Sent,
    );
    came.into()
}

pub(super) fn received(outcome: Result<Token, Ended>) -> Outcome<'static> {
    outcome.map_or(Came::Ended, |token| Came::Received(token.received())).into()
}

pub(super) fn read(outcome: Result<Arc<Token>, Ended>) -> Outcome<'static> {
    outcome.map_or(Came::Ended, |token| Came::Received(token.received())).into()
}

pub(super) fn extended(outcome: Result<Extended<Token>, Ended>) -> Outcome<'static> {
    match outcome {
        Ok(held) => Outcome { extended: Some(held), ..Came::Ended.into() }.with_value(),
        Err(_) => Came::Ended.into(),
    }
}

impl Outcome<'_> {
    fn with_value(self) -> Self {
        let value = self.extended.as_ref().map(|held| held.received());
        Self { came: value.map_or(Came::Ended, Came::Received), ..self }
    }
}

fn mapped<'g, G, O, F>(guard: G, map: F) -> Boxed<'g>
where
    G: Guard<Output = O> + Future<Output = O> + 'g,
    F: Fn(O) -> Outcome<'static> + Send + Unpin + 'g,
{
    Box::pin(Mapped { guard: Box::pin(guard), map })
}

/// A claim that is answered later; never alone.
struct Asked(Pin<Box<Ask>>);

impl Future for Asked {
    type Output = Outcome<'static>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        unreachable!("it is part of a choice")
    }
}

impl Guard for Asked {
    type Output = Outcome<'static>;

    fn output(self: Pin<&mut Self>) -> Self::Output {
        let _ = self.get_mut().0.as_mut().output();
        Came::Agreed.into()
    }
}

impl<G: Future, F: Fn(G::Output) -> Outcome<'static> + Unpin> Future for Mapped<G, F> {
    type Output = Outcome<'static>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.guard.as_mut().poll(cx).map(&this.map)
    }
}

impl<G: Guard, F: Fn(G::Output) -> Outcome<'static> + Send + Unpin> Guard for Mapped<G, F> {
    type Output = Outcome<'static>;

    fn output(self: Pin<&mut Self>) -> Self::Output {
        let this = self.get_mut();
        (this.map)(this.guard.as_mut().output())
    }
}

macro_rules! forward {
    ([$($of:tt)*] $type:ty, $field:tt) => {
        impl<$($of)*> Attempt for $type {
            fn attempt(self: Pin<&mut Self>, cx: &mut Context<'_>, seat: Seat<'_>) -> Progress {
                self.get_mut().$field.as_mut().attempt(cx, seat)
            }
            fn enlist(self: Pin<&mut Self>, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
                self.get_mut().$field.as_mut().enlist(cx, choice, number)
            }
            fn collect(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                self.get_mut().$field.as_mut().collect(cx)
            }
            fn leave(self: Pin<&mut Self>) {
                self.get_mut().$field.as_mut().leave();
            }
            fn memory(&self) -> Option<&Memory> {
                self.$field.memory()
            }
            fn is_asked(&self) -> bool {
                self.$field.is_asked()
            }
        }
    };
}

forward!([G: Attempt, F: Send + Unpin] Mapped<G, F>, guard);
forward!([] Asked, 0);

/// Waits for one.
pub(super) async fn alone(mut owned: Owned) -> Outcome<'static> {
    owned.operation().await
}

/// Receives one value and so many more as there are, up to `most` in all.
pub(super) async fn many(receiver: Receiver<Token>, most: usize) -> Outcome<'static> {
    let mut into = Vec::new();
    let Ok(_) = receiver.recv_many(&mut into, most).await else { return Came::Ended.into() };
    // Who has received several has the trace of the last.
    into.last().map(Token::received);
    let values: Vec<_> = into.iter().map(|token| token.mark(Mark::Received)).collect();
    Outcome { more: values[1..].to_vec(), ..Came::Received(values[0]).into() }
}

/// Waits for a place.
pub(super) async fn place(sender: &Sender<Token>) -> Outcome<'_> {
    match sender.reserve().await {
        Ok(permit) => Outcome { permit: Some(permit), ..Came::Kept.into() },
        Err(_) => Came::Ended.into(),
    }
}

/// Waits for one of several.
pub(super) async fn chosen(mut owned: Vec<Owned>, by: By, or_else: bool) -> Outcome<'static> {
    let mut guards: Vec<_> = owned.iter_mut().map(Owned::operation).collect();
    let (guard, outcome) = match (by, &mut guards[..]) {
        (By::Alt, [a, b]) => alt! {
            outcome = a.as_mut() => (0, outcome),
            outcome = b.as_mut() => (1, outcome),
        },
        (By::AltPri, [a, b]) => alt! { pri
            outcome = a.as_mut() => (0, outcome),
            outcome = b.as_mut() => (1, outcome),
        },
        (by, guards) => {
            let order = if let By::Choose(order) = by { order } else { Order::Listed };
            let mut arms: Vec<_> =
                guards.iter_mut().map(|guard| Some(guard.as_mut() as Pin<&mut dyn Attempt>)).collect();
            match choose(&mut arms, order, or_else).await {
                ELSE => (ELSE, Came::Else.into()),
                number => (number, guards[number].as_mut().output()),
            }
        }
    };
    Outcome { guard, ..outcome }
}
