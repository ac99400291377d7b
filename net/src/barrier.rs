//! A barrier across nodes: parties that are handed out under a name, one to each peer that asks. The meeting itself is the
//! [`Barrier`](rendez_channels::Barrier) at home, which knows nothing of nodes.
//!
//! A remote party is a channel with room for one step under way. It says that it comes, and the home takes that only when
//! all have met; so its second step finds room only then, and that is the end of its sync.

use crate::error::Reason;
use crate::line::{Line, Turn};
use crate::peer::{Peer, PeerCore};
use crate::proto::{ChannelControl, ProtocolError, Taker, TakerNews};
use crate::pump::LINGER;
use crate::{NetError, Node};
use rendez_channels::{Ended, Enrolment, Sender};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// What a remote party sends, in turns.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum BarrierStep {
    /// It has come to the meeting.
    Come,
    /// It goes on.
    Gone,
}

impl Node {
    /// Offers parties of a barrier: each peer that asks for the name gets one of them, and when none is left the name is
    /// withdrawn. They are enrolled from now on, so that nobody meets before all have come.
    ///
    /// A party resigns when its peer drops it, leaves or is lost, so that nobody waits for ever for who is gone; that it is
    /// gone is an [event](Self::events). Those that nobody has asked for resign when the name is
    /// [withdrawn](Self::withdraw).
    ///
    /// ```
    /// # use rendez_net::{Admit, Config, Identity, Node};
    /// use rendez_channels::Barrier;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (hub_key, worker_key) = (Identity::generate()?, Identity::generate()?);
    /// # let hub_id = hub_key.id();
    /// # let hub = Node::bind(Config { admit: Admit::only([worker_key.id()]), ..Config::new("hub", hub_key) })?;
    /// # let worker = Node::bind(Config::new("worker", worker_key))?;
    /// let barrier = Barrier::new();
    /// let mut here = barrier.enrol();
    /// hub.publish_barrier("start", barrier.enrol_many(1))?;
    ///
    /// let mut there = worker.connect(hub.address(), hub_id).await?.barrier("start").await?;
    /// let (met, theirs) = tokio::join!(here.sync(), there.sync());
    /// assert_eq!(met, 0, "their first meeting");
    /// theirs?;
    /// # worker.shutdown().await;
    /// # hub.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The name is taken or cannot be a name.
    pub fn publish_barrier(&self, name: &str, parties: Vec<Enrolment>) -> Result<(), NetError> {
        if parties.is_empty() {
            return crate::publish::check_name(name);
        }
        self.shared().publish(name, crate::publish::Published::barrier(parties))
    }
}

impl Peer {
    /// A party of a barrier that the peer published with [`publish_barrier`](Node::publish_barrier).
    ///
    /// # Errors
    /// No barrier of this name is published there, or all its parties are handed out; or the connection is lost.
    ///
    /// # Cancel safety
    /// A party that was handed out for a dropped call resigns.
    pub async fn barrier(&self, name: &str) -> Result<RemoteEnrolment, NetError> {
        let steps = self.sender::<BarrierStep>(name).await?;
        Ok(RemoteEnrolment { steps, come: None, gone: None })
    }
}

/// What makes this node a party of a barrier at another one; dropping it resigns.
pub struct RemoteEnrolment {
    steps: Sender<BarrierStep>,
    /// The steps of the meeting under way that have not been taken; none of both between meetings.
    come: Option<BarrierStep>,
    gone: Option<BarrierStep>,
}

impl RemoteEnrolment {
    /// Waits until all parties are at the barrier.
    ///
    /// # Errors
    /// The node of the barrier is lost, or has shut down.
    ///
    /// # Cancel safety
    /// A dropped sync that had come stays counted: the others may meet without waiting for this party again, and its next sync
    /// is that one's end.
    pub async fn sync(&mut self) -> Result<(), Ended> {
        if self.gone.is_none() {
            (self.come, self.gone) = (Some(BarrierStep::Come), Some(BarrierStep::Gone));
        }
        if self.come.is_some() {
            self.steps.send_from(&mut self.come).await?;
        }
        self.steps.send_from(&mut self.gone).await
    }
}

impl fmt::Debug for RemoteEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteEnrolment({})", self.steps.name())
    }
}

/// Parties that are handed out.
pub(crate) struct Parties(Mutex<Vec<Enrolment>>);

impl Parties {
    pub(crate) const fn new(parties: Vec<Enrolment>) -> Self {
        Self(Mutex::new(parties))
    }

    /// Hands one out: it is the peer's until the line ends, and resigns then.
    pub(crate) fn hand_out(&self, line: Line, peer: Arc<PeerCore>) -> impl Future<Output = ()> + Send + use<> {
        let party = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        async move {
            // A name is withdrawn with its last party.
            let Some(party) = party else { return };
            let mut at_home = AtHome { line, taker: Taker::new(1), party: Party::Between(party) };
            match at_home.run().await {
                Ok(()) => {
                    let AtHome { mut line, .. } = at_home;
                    let _ = tokio::time::timeout(LINGER, line.linger()).await;
                }
                Err(reason) => {
                    peer.lost(reason);
                }
            }
        }
    }
}

/// A remote party as it is at home.
struct AtHome {
    line: Line,
    taker: Taker,
    party: Party,
}

enum Party {
    Between(Enrolment),
    /// It has come to a meeting; it is given back when that has taken place.
    Meets(Pin<Box<dyn Future<Output = Enrolment> + Send>>),
    /// It has resigned.
    Gone,
}

impl Party {
    fn comes(&mut self) -> Result<(), ProtocolError> {
        match std::mem::replace(self, Self::Gone) {
            Self::Between(mut party) => {
                *self = Self::Meets(Box::pin(async move {
                    party.sync().await;
                    party
                }));
                Ok(())
            }
            _ => Err(ProtocolError::Unexpected { what: "second arrival at a meeting" }),
        }
    }

    async fn met(&mut self) {
        let Self::Meets(meeting) = self else { return std::future::pending().await };
        *self = Self::Between(meeting.await);
    }
}

impl AtHome {
    /// Until the peer wants it no more.
    async fn run(&mut self) -> Result<(), Reason> {
        loop {
            // First, since frames may have come in one piece with the answer that opened the line.
            if !self.handle_frames()? {
                self.party = Party::Gone;
                // The meeting that was waited for, if there was one, is not for this party.
                self.line.put(&ChannelControl::Retire);
                return self.line.finish().await;
            }
            if let Some(taken) = self.taker.report() {
                self.line.put(&taken);
            }
            tokio::select! {
                biased;
                () = self.party.met() => self.taker.taken(),
                turn = self.line.turn() => {
                    if matches!(turn?, Turn::Ended) {
                        return Err(Reason::Protocol(ProtocolError::CutOff));
                    }
                }
            }
        }
    }

    /// Handles what has arrived; whether the peer goes on.
    fn handle_frames(&mut self) -> Result<bool, Reason> {
        while let Some(frame) = self.line.next_frame()? {
            match self.taker.handle(&frame).map_err(Reason::Protocol)? {
                TakerNews::Value(bytes) => {
                    let step = rendez_wire::decode(bytes)
                        .map_err(|error| Reason::Protocol(ProtocolError::Value { why: error.to_string() }))?;
                    match step {
                        BarrierStep::Come => self.party.comes().map_err(Reason::Protocol)?,
                        BarrierStep::Gone => self.taker.taken(),
                    }
                }
                // A meeting is no message.
                TakerNews::Follows(_) => {}
                TakerNews::Retired | TakerNews::Poisoned(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}
