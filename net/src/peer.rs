//! A connected node: its published channel ends and actors, as if they were here.

use crate::control::{Answered, Control};
use crate::error::{NetError, Reason};
use crate::lent::Lent;
use crate::line::Line;
use crate::node::Shared;
use crate::origin::Origin;
use crate::proto::{
    ChannelControl, ChannelFrame, ControlFrame, Direction, Outcome, ProtocolError, Refusal, control_frame,
};
use crate::publish::{Offer, Serve, Wish, check_name, refused};
use crate::pump::{OnLoss, feed, take};
use crate::quic::{Code, Link, Reader};
use crate::tasks::Tasks;
use crate::{NodeEvent, NodeId};
use rendez_channels::{ChannelKind, Receiver, Sender, channel_named};
use rendez_runtime::RemoteLink;
use rendez_runtime::trace::{self, Trace};
use rendez_wire::{FrameReader, fingerprint, type_label};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a peer may take to answer when an end or an actor is asked for.
pub(crate) const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// Actors of this node that one peer may have found.
const ACTORS_MAX: usize = 256;

/// A connected node. Clones are the same connection, which lives until it is closed or lost, or the node shuts down.
#[derive(Clone)]
pub struct Peer {
    pub(crate) core: Arc<PeerCore>,
}

impl Peer {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.core.link.peer()
    }

    /// The name that it goes by.
    #[must_use]
    pub fn name(&self) -> &str {
        self.core.name()
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.core.link.address()
    }

    /// Why it is gone, if it is.
    #[must_use]
    pub fn loss(&self) -> Option<Reason> {
        self.core.verdict.get().cloned()
    }

    /// Ends the connection. What is under way is lost: let channels retire and calls return first.
    pub fn close(&self) {
        self.core.lost(Reason::Closed);
    }

    /// A sender into a channel that the peer published with
    /// [`publish_sender`](crate::Node::publish_sender): values go to its home, where they are received.
    ///
    /// A send completes when the value is on its way, and no more values are on their way than the home's window
    /// (default 1): the next send waits until a receive at home has taken the one before.
    /// The loss of the connection ends the channel as [`Ended::Lost`](rendez_channels::Ended::Lost).
    ///
    /// # Errors
    /// Nothing of this name, kind and type is published there, or the connection is lost.
    ///
    /// # Cancel safety
    /// A dropped call leaves nothing behind.
    pub async fn sender<T>(&self, name: &str) -> Result<Sender<T>, NetError>
    where
        T: Serialize + Send + 'static,
    {
        check_name(name)?;
        self.take_sender(name, name).await
    }

    /// A sender into what the peer has under this name, called `channel` here.
    pub(crate) async fn take_sender<T>(&self, name: &str, channel: &str) -> Result<Sender<T>, NetError>
    where
        T: Serialize + Send + 'static,
    {
        let (line, window) = self.open::<T>(name, Direction::Send, 0).await?;
        let (sender, source) = self.local_ends(channel);
        let (origin, peer) = (Origin::new(source), Arc::clone(&self.core));
        self.core.tasks().spawn(feed(line, origin, window.clamp(1, crate::WINDOW_MAX), peer, OnLoss::EndChannel));
        Ok(sender)
    }

    /// A receiver of a channel that the peer published with
    /// [`publish_receiver`](crate::Node::publish_receiver): values come from its home, each to one receiver.
    ///
    /// One value may be on its way ahead of the receives, so that a slow receiver gets less work. When this end
    /// retires, that value goes to the next remote receiver of the channel; with none left it is lost.
    ///
    /// # Errors
    /// Nothing of this name, kind and type is published there, or the connection is lost.
    ///
    /// # Cancel safety
    /// A dropped call leaves nothing behind.
    pub async fn receiver<T>(&self, name: &str) -> Result<Receiver<T>, NetError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.receiver_with(name, 1).await
    }

    /// As [`receiver`](Self::receiver), with a window of 1 to [`WINDOW_MAX`](crate::WINDOW_MAX) values that may be on
    /// their way: more hides the round trip.
    ///
    /// # Errors
    /// As `receiver`.
    ///
    /// # Cancel safety
    /// As `receiver`.
    pub async fn receiver_with<T>(&self, name: &str, window: u32) -> Result<Receiver<T>, NetError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        check_name(name)?;
        self.take_receiver(name, name, window.clamp(1, crate::WINDOW_MAX)).await
    }

    /// A receiver of what the peer has under this name, called `channel` here.
    pub(crate) async fn take_receiver<T>(&self, name: &str, channel: &str, window: u32) -> Result<Receiver<T>, NetError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let (line, _) = self.open::<T>(name, Direction::Receive, window).await?;
        let (sink, receiver) = self.local_ends(channel);
        let peer = Arc::clone(&self.core);
        self.core.tasks().spawn(take(line, sink, window, peer, OnLoss::EndChannel));
        Ok(receiver)
    }

    fn local_ends<T: Send + 'static>(&self, name: &str) -> (Sender<T>, Receiver<T>) {
        channel_named(&format!("{name}@{}", self.name()), ChannelKind::Rendezvous)
    }

    /// Asks for an end: the stream of the channel and the window that the home gives.
    async fn open<T>(&self, name: &str, direction: Direction, window: u32) -> Result<(Line, u32), NetError> {
        let opening = tokio::time::timeout(OPEN_TIMEOUT, self.core.link.open());
        let opened = opening.await.map_err(|_| NetError::NoRoom { peer: self.name().to_owned() })?;
        let (writer, reader) = opened.map_err(|reason| self.core.lost_error(reason))?;
        let line = Line::new(writer, reader);
        let opening = tokio::time::timeout(OPEN_TIMEOUT, ask::<T>(line, name, direction, window));
        let (line, answer) = match opening.await {
            Ok(opened) => opened.map_err(|reason| self.core.lost_error(reason))?,
            Err(_) => return Err(self.core.lost_error(Reason::Silent(OPEN_TIMEOUT))),
        };
        let wanted = match direction {
            Direction::Send => "a sender",
            Direction::Receive => "a receiver",
        };
        match answer {
            Ok(window) => Ok((line, window)),
            Err(refusal) => Err(refused(refusal, name, self.name(), wanted, &type_label::<T>())),
        }
    }
}

/// Asks for an end over a stream of its own, and waits for the answer.
async fn ask<T>(
    mut line: Line,
    name: &str,
    direction: Direction,
    window: u32,
) -> Result<(Line, Result<u32, Refusal>), Reason> {
    let (label, fingerprint) = (type_label::<T>(), fingerprint::<T>().0);
    line.put(&ChannelControl::Open { name, direction, label: crate::proto::cut(&label), fingerprint, window });
    let answer = line.frame(|frame| match frame {
        ChannelFrame::Other(ChannelControl::Accept { window }) => Some(Ok(window)),
        ChannelFrame::Other(ChannelControl::Refuse { refusal }) => Some(Err(refusal)),
        _ => None,
    });
    let answer = answer.await?.ok_or(Reason::Protocol(ProtocolError::Unexpected { what: "answer to an opening" }))?;
    Ok((line, answer))
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer(`{}`, {})", self.name(), self.id())
    }
}

/// One connection, shared by all that goes on over it.
pub(crate) struct PeerCore {
    name: String,
    link: Link,
    control: Control,
    lent: Lent,
    /// Why the connection has ended: the first reason stays.
    verdict: OnceLock<Reason>,
    node: Arc<Shared>,
}

impl PeerCore {
    pub(crate) fn new(name: String, link: Link, node: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { name, link, control: Control::new(), lent: Lent::new(), verdict: OnceLock::new(), node })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The name of this node.
    pub(crate) fn here(&self) -> &str {
        self.node.name()
    }

    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) const fn control(&self) -> &Control {
        &self.control
    }

    pub(crate) const fn lent(&self) -> &Lent {
        &self.lent
    }

    pub(crate) fn tasks(&self) -> &Tasks {
        self.node.tasks()
    }

    /// Waits until the node shuts down.
    pub(crate) async fn stopping(&self) {
        self.node.stopping().await;
    }

    /// The connection is of no more use, for this reason or for an earlier one, which is returned.
    pub(crate) fn lost(&self, reason: Reason) -> Reason {
        let verdict = self.verdict.get_or_init(|| reason).clone();
        match &verdict {
            Reason::Protocol(error) => self.link.close(Code::Protocol, &error.to_string()),
            _ => self.link.close(Code::Goodbye, ""),
        }
        verdict
    }

    pub(crate) fn lost_error(&self, reason: Reason) -> NetError {
        NetError::Lost { peer: self.name.clone(), reason: self.lost(reason) }
    }

    /// Attends to the connection until it ends, then tells everybody.
    pub(crate) async fn attend(self: Arc<Self>, reader: Reader, frames: FrameReader) {
        let seen = tokio::select! {
            reason = self.read_control(reader, frames) => reason,
            reason = self.accept_channels() => reason,
            reason = self.link.closed() => reason,
        };
        let reason = self.lost(seen);
        self.link.release();
        self.control.lose(&reason);
        self.lent.close();
        self.node.forget(&self);
        let (peer, name) = (self.link.peer(), self.name.clone());
        self.node.tell(&match reason {
            Reason::Left | Reason::Closed => NodeEvent::Left { peer, name },
            reason => NodeEvent::Lost { peer, name, reason },
        });
    }

    async fn read_control(self: &Arc<Self>, mut reader: Reader, mut frames: FrameReader) -> Reason {
        let mut calls = Serving { actors: Vec::new(), running: Arc::new(Semaphore::new(crate::control::CALLS_MAX)) };
        loop {
            let handled = loop {
                match frames.next_frame() {
                    Ok(Some(body)) => match control_frame(body).and_then(|frame| self.handle(frame, &mut calls)) {
                        Ok(()) => {}
                        Err(error) => break Err(error),
                    },
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error.into()),
                }
            };
            if let Err(error) = handled {
                return Reason::Protocol(error);
            }
            match reader.read(&mut frames).await {
                Ok(true) => {}
                // It says nothing more and is about to close the connection.
                Ok(false) => std::future::pending().await,
                Err(reason) => return reason,
            }
        }
    }

    fn handle(self: &Arc<Self>, frame: ControlFrame<'_>, calls: &mut Serving) -> Result<(), ProtocolError> {
        match frame {
            ControlFrame::Hello { .. } => Err(ProtocolError::Unexpected { what: "second hello" }),
            ControlFrame::Find { request, name, fingerprint, .. } => {
                self.control.found(request, calls.find(&self.node, name, fingerprint));
                Ok(())
            }
            ControlFrame::Found { request, actor } => self.control.found_at(request, Ok(actor)),
            ControlFrame::Refuse { request, refusal } => self.control.found_at(request, Err(refusal)),
            ControlFrame::Call { number, actor, method, trace, args } => {
                let trace = trace.map(|mark| mark.trace(self.here()));
                calls.call(self, number, actor, method, trace, args.0.to_vec())
            }
            ControlFrame::Answer { number, result } => self.control.answered(number, Ok(result.0.to_vec())),
            ControlFrame::Failure { number, outcome, text } => {
                self.control.answered(number, Err((outcome, text.to_owned())))
            }
        }
    }

    async fn accept_channels(self: &Arc<Self>) -> Reason {
        loop {
            match self.link.accept().await {
                Ok((writer, reader)) => {
                    let line = Line::new(writer, reader);
                    self.tasks().spawn(Arc::clone(self).serve_channel(line));
                }
                Err(reason) => return reason,
            }
        }
    }

    /// Connects a stream that the peer opened with the channel it asks for.
    async fn serve_channel(self: Arc<Self>, mut line: Line) {
        let asked = line.frame(|frame| match frame {
            ChannelFrame::Other(ChannelControl::Open { name, direction, fingerprint, window, .. }) => {
                Some(Wish { name: name.to_owned(), direction, fingerprint, window })
            }
            _ => None,
        });
        let wish = match tokio::time::timeout(OPEN_TIMEOUT, asked).await {
            Ok(Ok(Some(wish))) => wish,
            Ok(Ok(None)) => {
                self.lost(Reason::Protocol(ProtocolError::Unexpected {
                    what: "frame before the opening of a channel",
                }));
                return;
            }
            Ok(Err(reason)) => {
                self.lost(reason);
                return;
            }
            Err(_) => {
                self.lost(Reason::Protocol(ProtocolError::NoHello));
                return;
            }
        };
        let granted = match self.lent.asked_for(&wish.name) {
            Some(end) => end.and_then(|end| end.grant(&wish)),
            None => self.node.names().grant(&wish),
        };
        match granted {
            Ok(grant) => {
                line.put(&ChannelControl::Accept { window: grant.window });
                grant.connect(line, self).await;
            }
            Err(refusal) => {
                line.put(&ChannelControl::Refuse { refusal });
                // A peer that is gone does not read it.
                let _ = line.finish().await;
            }
        }
    }
}

/// The calls that a peer makes here.
struct Serving {
    /// What the peer has found, and what was opened for it: a number in a call is a place in here.
    actors: Vec<(Arc<dyn Offer>, Arc<dyn Serve>)>,
    running: Arc<Semaphore>,
}

impl Serving {
    fn find(&mut self, node: &Shared, name: &str, fingerprint: u64) -> Result<u32, Refusal> {
        let offer = node.names().actor(name, fingerprint)?;
        if let Some(known) = self.actors.iter().position(|(known, _)| Arc::ptr_eq(known, &offer)) {
            return Ok(known as u32);
        }
        if self.actors.len() >= ACTORS_MAX {
            return Err(Refusal::Full { limit: ACTORS_MAX as u32 });
        }
        let opened = offer.open();
        self.actors.push((offer, opened));
        Ok((self.actors.len() - 1) as u32)
    }

    fn call(
        &mut self,
        peer: &Arc<PeerCore>,
        number: u64,
        actor: u32,
        method: u32,
        trace: Option<Trace>,
        args: Vec<u8>,
    ) -> Result<(), ProtocolError> {
        let permit = Arc::clone(&self.running)
            .try_acquire_owned()
            .map_err(|_| ProtocolError::Unexpected { what: "call over the limit" })?;
        let Some((_, actor)) = self.actors.get(actor as usize) else {
            return Err(ProtocolError::Unexpected { what: "call of an actor that was not found" });
        };
        // Polled once here, so that calls reach the mailbox in the order of their frames. What fails or panics in there
        // is the reading of arguments.
        let begun = catch_unwind(AssertUnwindSafe(|| {
            let mut work = trace::within(trace, actor.serve(method, args, Arc::clone(peer) as RemoteLink));
            let first = Pin::new(&mut work).poll(&mut Context::from_waker(Waker::noop()));
            (work, first)
        }));
        let peer = Arc::clone(peer);
        let unfinished = peer.tasks().unfinished();
        let answering = Arc::clone(&peer);
        peer.tasks().spawn(async move {
            let answered: Answered = match begun {
                Ok((_, Poll::Ready(answered))) => answered,
                Ok((work, Poll::Pending)) => tokio::select! {
                    answered = work => answered,
                    _ = answering.link.closed() => return,
                },
                Err(_) => Err((Outcome::Failed, "a panic before the actor had the message".to_owned())),
            };
            // The place is free before the answer goes out: the peer may use it as soon as it has the answer.
            drop(permit);
            answering.control.answer(number, answered).await;
            drop(unfinished);
        });
        Ok(())
    }
}
