//! A channel between two nodes, as far as its claims go: ends and guards over the state machine. What carries the letters is
//! the test's (`world`).

pub(crate) mod claims;
pub(crate) mod world;

use claims::{ChannelNumber, Claims, Left, Outcome, Ticket};
use rendez::__private::{Attempt, Choice, Guard, Memory, Order, Progress, Seat, choose};
use rendez::{Ended, Receiver, Sender};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use world::Came;

/// A node.
#[derive(Clone, Default)]
pub(crate) struct Node(Arc<Mutex<Claims>>);

impl Node {
    /// Acts on its state, and wakes who has to look after that.
    pub(crate) fn act<R>(&self, act: impl FnOnce(&mut Claims) -> R) -> R {
        let mut claims = self.0.lock().unwrap();
        let result = act(&mut claims);
        let wakes = std::mem::take(&mut claims.wakes);
        drop(claims);
        wakes.iter().for_each(|choice| choice.wake());
        result
    }
}

/// An end of a channel; the other one is on another node. Dropping it retires the channel.
pub(crate) struct FarEnd {
    node: Node,
    channel: ChannelNumber,
    memory: Memory,
}

impl FarEnd {
    fn new(node: &Node, channel: ChannelNumber) -> Self {
        Self { node: node.clone(), channel, memory: Memory::new() }
    }

    /// A receive.
    pub(crate) fn recv(&self) -> Pass<'_> {
        Pass { end: self, value: None, ticket: None, outcome: None }
    }

    /// A send.
    pub(crate) fn send(&self, value: u64) -> Pass<'_> {
        Pass { end: self, value: Some(value), ticket: None, outcome: None }
    }

    pub(crate) fn poison(&self) {
        self.node.act(|claims| claims.end_channel(self.channel, claims::poison(self.channel)));
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        let channel = self.channel.to_string();
        self.node.act(|claims| claims.end_channel(self.channel, Ended::Retired { channel: Arc::new(channel) }));
    }
}

/// A receive or a send, for a choice. It gives the value that was received or sent.
pub(crate) struct Pass<'a> {
    end: &'a FarEnd,
    value: Option<u64>,
    ticket: Option<Ticket>,
    outcome: Option<Outcome>,
}

impl Pass<'_> {
    fn look(&mut self, act: impl FnOnce(&mut Claims) -> Progress) -> Progress {
        let progress = self.end.node.act(act);
        if progress == Progress::Committed {
            self.pick_up();
        }
        progress
    }

    fn pick_up(&mut self) {
        let came = self.ticket.take().and_then(|ticket| self.end.node.act(|claims| claims.take(ticket)));
        self.outcome = self.outcome.take().or(came);
    }
}

impl Attempt for Pass<'_> {
    fn attempt(mut self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        if self.outcome.is_some() {
            return Progress::Committed;
        }
        match (self.ticket, seat) {
            (Some(ticket), Some(_)) => self.look(|claims| claims.look(ticket)),
            (None, Some(_)) => Progress::Nothing,
            (ticket, None) => {
                self.outcome = self.end.node.act(|claims| match ticket {
                    Some(ticket) => claims.take(ticket),
                    None => claims.at_once(self.end.channel),
                });
                self.ticket = ticket.filter(|_| self.outcome.is_none());
                if self.outcome.is_some() { Progress::Committed } else { Progress::Nothing }
            }
        }
    }

    fn enlist(mut self: Pin<&mut Self>, _: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        choice.stands_unseen();
        let (node, channel, value) = (&self.end.node, self.end.channel, self.value);
        if let Some(ticket) = self.ticket {
            return self.look(|claims| claims.stand_again(ticket, choice, number));
        }
        let (ticket, progress) = node.act(|claims| claims.stand(channel, value, choice, number));
        self.ticket = Some(ticket);
        if progress == Progress::Committed {
            self.pick_up();
        }
        progress
    }

    fn collect(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.pick_up();
        Poll::Ready(())
    }

    fn leave(mut self: Pin<&mut Self>) {
        let Some(ticket) = self.ticket else { return };
        let sends = self.value.is_some();
        match self.end.node.act(|claims| claims.leave(ticket, sends)) {
            Left::Asking if sends => {}
            Left::Asking => self.ticket = None,
            Left::Free(came) => {
                self.ticket = None;
                self.outcome = came;
            }
        }
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.end.memory)
    }

    fn is_asked(&self) -> bool {
        true
    }
}

impl Guard for Pass<'_> {
    type Output = Outcome;

    fn output(mut self: Pin<&mut Self>) -> Outcome {
        self.outcome.take().expect("the choice has committed to this guard")
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.end.node.act(|claims| claims.leave(ticket, false));
        }
    }
}

/// Waits for one guard.
pub(crate) async fn alone(pass: Pass<'_>) -> Came {
    let mut pass = pin!(pass);
    choose(&mut [Some(pass.as_mut())], Order::Fair, false).await;
    vec![(0, pass.output())]
}

/// Receives one value.
pub(crate) async fn receive(end: Arc<FarEnd>) -> Came {
    alone(end.recv()).await
}

/// Sends one value.
pub(crate) async fn send(end: Arc<FarEnd>, value: u64) -> Came {
    alone(end.send(value)).await
}

/// Receives one value from the other node or from a local channel, the first if both are ready.
pub(crate) async fn receive_or_local(end: Arc<FarEnd>, local: Receiver<u64>) -> Came {
    let (mut pass, mut recv) = (pin!(end.recv()), pin!(local.recv()));
    let number = choose(&mut [Some(pass.as_mut()), Some(recv.as_mut())], Order::Listed, false).await;
    vec![(number, if number == 0 { pass.output() } else { recv.output() })]
}

/// Sends one value to the other node or to a local channel, the first if both are ready.
pub(crate) async fn send_or_local(end: Arc<FarEnd>, local: Sender<u64>, value: u64) -> Came {
    let (mut pass, mut send) = (pin!(end.send(value)), pin!(local.send(value)));
    let number = choose(&mut [Some(pass.as_mut()), Some(send.as_mut())], Order::Listed, false).await;
    let came =
        if number == 0 { pass.output() } else { send.output().map(|()| value).map_err(|error| error.into_cause()) };
    vec![(number, came)]
}
