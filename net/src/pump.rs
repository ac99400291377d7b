//! The two tasks that carry values between a stream and a local channel. How much may be under way, and what a frame
//! means, is decided in [`proto`](crate::proto).

use crate::error::Reason;
use crate::line::{Line, Turn};
use crate::origin::{Origin, Share};
use crate::peer::PeerCore;
use crate::proto::{ChannelControl, Feeder, FeederNews, Mark, Poisoning, ProtocolError, Taker, TakerNews, Told, cut};
use rendez_channels::{Ended, Poison, Sender};
use rendez_runtime::trace::{self, Trace, Traced};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long a side that has ended a channel waits for the other to end it too.
pub(crate) const LINGER: Duration = Duration::from_secs(2);

/// What the loss of one remote end does to the channel at home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLoss {
    /// The channel ends as lost, for everybody: right where each remote end matters.
    #[default]
    EndChannel,
    /// The remote end retires, as if it had been dropped: right where others go on, as in a farm. The loss is an
    /// [event](crate::Node::events) of the node only. Values on their way to a lost receiver go to the next remote one;
    /// a value that was taken in the very instant of the loss is then received twice.
    RetireEnd,
}

/// Takes values out of `source` and sends them to the peer, as many as it has room for.
pub(crate) async fn feed<T>(line: Line, origin: Origin<T>, window: u32, peer: Arc<PeerCore>, on_loss: OnLoss)
where
    T: Serialize + Send + 'static,
{
    let _unfinished = peer.tasks().unfinished();
    let (share, feeder) = (Share::new(origin), Feeder::new(window));
    let mut pump = Feed { line, share, feeder, peer: &peer, told: None, retiring: false };
    match pump.run().await {
        Ok(()) => {
            drop(pump.share);
            // Whether the other side ends in time changes nothing here.
            let _ = tokio::time::timeout(LINGER, pump.line.linger()).await;
        }
        Err(reason) => {
            let reason = peer.lost(reason);
            if on_loss == OnLoss::EndChannel {
                pump.share.origin().channel().lose(peer.name(), &reason.to_string());
            }
        }
    }
}

struct Feed<'a, T: Send + 'static> {
    line: Line,
    peer: &'a PeerCore,
    /// What is sent and not known to be taken, as many as the feeder counts.
    share: Share<T>,
    feeder: Feeder,
    /// What the peer takes the next value to belong to.
    told: Option<Told>,
    /// No more values are taken; those under way still may be.
    retiring: bool,
}

impl<T: Serialize + Send + 'static> Feed<'_, T> {
    async fn run(&mut self) -> Result<(), Reason> {
        let mut batching = false;
        loop {
            // First, since frames may have come in one piece with the answer that opened the channel.
            if !self.handle_frames()? || self.retiring && self.feeder.under_way() == 0 {
                return self.line.finish().await;
            }
            let wanted = !self.retiring && self.feeder.may_feed() && self.line.has_room();
            batching &= wanted;
            tokio::select! {
                biased;
                traced = self.share.origin().next(), if wanted => {
                    batching = true;
                    if !self.take_in(traced) {
                        return self.line.finish().await;
                    }
                }
                // Those who send get a turn before what they sent so far is written.
                () = tokio::task::yield_now(), if batching => batching = false,
                turn = self.line.turn() => {
                    if matches!(turn?, Turn::Ended) {
                        return Err(Reason::Protocol(ProtocolError::CutOff));
                    }
                }
                () = self.peer.stopping(), if !self.retiring => self.retire(),
            }
        }
    }

    /// Sends a value, or what the channel's end says; whether the channel goes on.
    fn take_in(&mut self, traced: Result<Option<Traced<T>>, Ended>) -> bool {
        match traced {
            Ok(Some(traced)) => {
                self.tell_trace(traced.trace.as_ref());
                if let Err(error) = self.line.put_item(&self.share.keep(traced).message) {
                    let channel = self.share.origin().channel();
                    channel.poison(&error);
                    tell(&mut self.line, &Ended::Poisoned(Arc::new(Poison::new(channel.name(), error, ""))));
                    return false;
                }
                self.feeder.fed();
            }
            Ok(None) => self.retire(),
            Err(ended) => {
                tell(&mut self.line, &ended);
                return false;
            }
        }
        true
    }

    /// Tells what the next value belongs to, where that is something else than of the last one.
    fn tell_trace(&mut self, trace: Option<&Trace>) {
        let trace = trace.map(|trace| Mark::of(trace, self.peer.here()));
        if trace != self.told.as_ref().map(Told::mark) {
            self.line.put(&ChannelControl::Follow { trace });
            self.told = trace.map(Told::from);
        }
    }

    fn retire(&mut self) {
        self.retiring = true;
        self.feeder.retire();
        self.line.put(&ChannelControl::Retire);
    }

    /// Handles what has arrived; whether the channel goes on.
    fn handle_frames(&mut self) -> Result<bool, Reason> {
        while let Some(frame) = self.line.next_frame()? {
            match self.feeder.handle(&frame).map_err(Reason::Protocol)? {
                FeederNews::Taken => self.share.taken_but(self.feeder.under_way() as usize),
                FeederNews::Retired => return Ok(false),
                FeederNews::Poisoned(poisoning) => {
                    self.share.origin().channel().poison_with(poison(poisoning));
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// Sends values that come from the peer into `sink`, and reports each that was taken there.
pub(crate) async fn take<T>(line: Line, sink: Sender<T>, window: u32, peer: Arc<PeerCore>, on_loss: OnLoss)
where
    T: DeserializeOwned + Send + 'static,
{
    let (taker, queue, slot) = (Taker::new(window), VecDeque::new(), None);
    let mut pump = Take { line, peer: &peer, sink, taker, told: None, queue, slot, of_slot: None, over: false };
    match pump.run().await {
        Ok(()) => {
            drop(pump.sink);
            let _ = tokio::time::timeout(LINGER, pump.line.linger()).await;
        }
        Err(reason) => {
            let reason = peer.lost(reason);
            if on_loss == OnLoss::EndChannel {
                pump.sink.lose(peer.name(), &reason.to_string());
            }
        }
    }
}

struct Take<'a, T: Send + 'static> {
    line: Line,
    peer: &'a PeerCore,
    sink: Sender<T>,
    taker: Taker,
    /// What the next value that arrives belongs to.
    told: Option<Told>,
    /// Values that have arrived and are not taken, after the one in `slot`; together at most the window.
    queue: VecDeque<Traced<T>>,
    slot: Option<T>,
    /// What the value in `slot` belongs to.
    of_slot: Option<Trace>,
    /// No more values come.
    over: bool,
}

impl<T: DeserializeOwned + Send + 'static> Take<'_, T> {
    async fn run(&mut self) -> Result<(), Reason> {
        let mut batching = false;
        loop {
            // First, since frames may have come in one piece with the answer that opened the channel.
            if !self.handle_frames()? {
                return self.line.finish().await;
            }
            if self.slot.is_none()
                && let Some(Traced { message, trace }) = self.queue.pop_front()
            {
                (self.slot, self.of_slot) = (Some(message), trace);
            }
            let full = self.slot.is_some();
            batching &= full;
            if !batching && let Some(taken) = self.taker.report() {
                self.line.put(&taken);
            }
            if self.over && !full {
                return self.line.finish().await;
            }
            let ended = tokio::select! {
                biased;
                sent = trace::within(self.of_slot.clone(), self.sink.send_from(&mut self.slot)), if full => sent.err(),
                // Those who receive get a turn before what they took so far is reported.
                () = tokio::task::yield_now(), if batching => {
                    batching = false;
                    None
                }
                turn = self.line.turn() => match turn? {
                    Turn::Ended if !self.over => return Err(Reason::Protocol(ProtocolError::CutOff)),
                    _ => None,
                },
                ended = self.sink.closed(), if !full => Some(ended),
            };
            // Whichever was first: somebody may have taken the value, and act on it still, when another one of these comes.
            if full && self.slot.is_none() {
                self.of_slot = None;
                self.taker.taken();
                batching = true;
            }
            if let Some(ended) = ended {
                // What was taken before does not come to anybody else.
                if let Some(taken) = self.taker.report() {
                    self.line.put(&taken);
                }
                tell(&mut self.line, &ended);
                return self.line.finish().await;
            }
        }
    }

    /// Handles what has arrived; whether the channel goes on.
    fn handle_frames(&mut self) -> Result<bool, Reason> {
        while let Some(frame) = self.line.next_frame()? {
            match self.taker.handle(&frame).map_err(Reason::Protocol)? {
                TakerNews::Value(bytes) => {
                    let message = rendez_wire::decode(bytes)
                        .map_err(|error| Reason::Protocol(ProtocolError::Value { why: error.to_string() }))?;
                    let trace = self.told.as_ref().map(|told| told.mark().trace(self.peer.here()));
                    self.queue.push_back(Traced { message, trace });
                }
                TakerNews::Follows(mark) => self.told = mark.map(Told::from),
                TakerNews::Retired => self.over = true,
                TakerNews::Poisoned(poisoning) => {
                    self.sink.poison_with(poison(poisoning));
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// Tells the peer how the channel has ended here.
fn tell(line: &mut Line, ended: &Ended) {
    match ended {
        Ended::Poisoned(poison) => line.put(&ChannelControl::Poison {
            channel: cut(&poison.channel),
            cause: cut(&poison.cause),
            origin: cut(&poison.origin),
        }),
        Ended::Lost(loss) => {
            let cause = ended.to_string();
            line.put(&ChannelControl::Poison { channel: cut(&loss.channel), cause: cut(&cause), origin: "" });
        }
        _ => line.put(&ChannelControl::Retire),
    }
}

fn poison(from: Poisoning) -> Arc<Poison> {
    Arc::new(Poison::new(from.channel, from.cause, from.origin))
}
