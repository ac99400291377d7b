//! What a node offers to its peers under names, and how a peer's wish is matched with it.

use crate::barrier::{BarrierStep, Parties};
use crate::control::Answered;
use crate::error::NetError;
use crate::line::Line;
use crate::origin::Origin;
use crate::peer::PeerCore;
use crate::proto::{Direction, NAME_MAX, PUBLISHED_MAX, Refusal, cut};
use crate::pump::{OnLoss, feed, take};
use rendez_channels::{Enrolment, Receiver, Sender};
use rendez_runtime::RemoteLink;
use rendez_wire::{Fingerprint, fingerprint, type_label};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Names that a node may publish.
pub const NAMES_MAX: usize = 1024;
/// The largest window of a remote channel end.
pub const WINDOW_MAX: u32 = 1024;

pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How a channel end is offered to peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Values that may be under way to this node, for each remote sender: sent there and not yet received here.
    /// Default 1, the nearest to a rendezvous; more hides the round trip. At most [`WINDOW_MAX`].
    pub window: u32,
    /// What the loss of a remote end does to the channel.
    pub on_loss: OnLoss,
    /// After this many remote ends have connected the name is withdrawn, so that the channel can retire when the last
    /// of them does. Default: never.
    pub connections: Option<u32>,
}

impl Default for Publish {
    fn default() -> Self {
        Self { window: 1, on_loss: OnLoss::default(), connections: None }
    }
}

/// An actor that peers can call.
pub(crate) trait Serve: Send + Sync {
    fn serve(&self, method: u32, args: Vec<u8>, link: RemoteLink) -> Pin<Box<dyn Future<Output = Answered> + Send>>;
}

/// What is published as an actor: one that all peers call, or one for each.
pub(crate) trait Offer: Send + Sync {
    /// What a connection calls, for as long as it lasts.
    fn open(&self) -> Arc<dyn Serve>;

    /// A reference for this node's own use.
    fn reference(&self) -> Box<dyn Any + Send>;
}

/// One published thing.
pub(crate) struct Published {
    kind: Kind,
    label: String,
    fingerprint: Fingerprint,
    what: What,
    /// Remote ends that may still connect.
    left: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sender,
    Receiver,
    Actor,
}

#[derive(Clone)]
enum What {
    Channel(Arc<dyn Connect>),
    Actor(Arc<dyn Offer>),
}

/// Connects a remote end to a channel at home.
trait Connect: Send + Sync {
    /// The window that the peer's end has towards this node.
    fn window(&self) -> u32;
    fn connect(&self, line: Line, window: u32, peer: Arc<PeerCore>) -> Task;
}

struct Sink<T: Send + 'static>(Sender<T>, Publish);
struct Source<T: Send + 'static>(Origin<T>, Publish);

impl<T: DeserializeOwned + Send + 'static> Connect for Sink<T> {
    fn window(&self) -> u32 {
        self.1.window.clamp(1, WINDOW_MAX)
    }

    fn connect(&self, line: Line, _: u32, peer: Arc<PeerCore>) -> Task {
        Box::pin(take(line, self.0.clone(), self.window(), peer, self.1.on_loss))
    }
}

impl<T: Serialize + Send + 'static> Connect for Source<T> {
    fn window(&self) -> u32 {
        0
    }

    fn connect(&self, line: Line, window: u32, peer: Arc<PeerCore>) -> Task {
        Box::pin(feed(line, self.0.clone(), window.clamp(1, WINDOW_MAX), peer, self.1.on_loss))
    }
}

impl Connect for Parties {
    fn window(&self) -> u32 {
        1
    }

    fn connect(&self, line: Line, _: u32, peer: Arc<PeerCore>) -> Task {
        Box::pin(self.hand_out(line, peer))
    }
}

impl Published {
    pub(crate) fn sender<T: DeserializeOwned + Send + 'static>(sender: Sender<T>, options: Publish) -> Self {
        let left = options.connections;
        Self::channel::<T>(Kind::Sender, Arc::new(Sink(sender, options)), left)
    }

    pub(crate) fn receiver<T: Serialize + Send + 'static>(receiver: Receiver<T>, options: Publish) -> Self {
        let left = options.connections;
        Self::channel::<T>(Kind::Receiver, Arc::new(Source(Origin::new(receiver), options)), left)
    }

    /// Parties of a barrier, each for one peer.
    pub(crate) fn barrier(parties: Vec<Enrolment>) -> Self {
        let left = u32::try_from(parties.len()).ok();
        Self::channel::<BarrierStep>(Kind::Sender, Arc::new(Parties::new(parties)), left)
    }

    pub(crate) fn actor(interface: &str, offer: Arc<dyn Offer>) -> Self {
        let (label, fingerprint) = (cut(interface).to_owned(), Fingerprint::of(interface));
        Self { kind: Kind::Actor, label, fingerprint, what: What::Actor(offer), left: None }
    }

    /// What connects a peer's end that is of this direction and type.
    pub(crate) fn grant(&self, wish: &Wish) -> Result<Grant, Refusal> {
        let wanted = match wish.direction {
            Direction::Send => Kind::Sender,
            Direction::Receive => Kind::Receiver,
        };
        let What::Channel(connect) = self.what.clone() else { return Err(kind_refusal(self.kind)) };
        if self.kind != wanted {
            return Err(kind_refusal(self.kind));
        }
        if self.fingerprint.0 != wish.fingerprint {
            return Err(Refusal::Type { found: self.label.clone() });
        }
        Ok(Grant { window: connect.window(), connect, asked: wish.window })
    }

    fn channel<T>(kind: Kind, connect: Arc<dyn Connect>, left: Option<u32>) -> Self {
        let label = cut(&type_label::<T>()).to_owned();
        Self { kind, label, fingerprint: fingerprint::<T>(), what: What::Channel(connect), left }
    }
}

/// A peer's wish for an end of a channel.
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) direction: Direction,
    pub(crate) fingerprint: u64,
    pub(crate) window: u32,
}

/// A wish that is granted.
pub(crate) struct Grant {
    /// Values that may be under way to this node.
    pub(crate) window: u32,
    connect: Arc<dyn Connect>,
    asked: u32,
}

impl Grant {
    pub(crate) fn connect(self, line: Line, peer: Arc<PeerCore>) -> Task {
        self.connect.connect(line, self.asked, peer)
    }
}

/// All that a node publishes.
#[derive(Default)]
pub(crate) struct Names(Mutex<BTreeMap<String, Published>>);

impl Names {
    pub(crate) fn add(&self, name: &str, published: Published) -> Result<(), NetError> {
        check_name(name)?;
        let mut names = self.lock();
        if names.contains_key(name) {
            return Err(NetError::NameTaken { name: name.to_owned() });
        }
        if names.len() >= NAMES_MAX {
            return Err(NetError::Full { what: "published names", limit: NAMES_MAX });
        }
        names.insert(name.to_owned(), published);
        Ok(())
    }

    /// Takes a name back: whether it was published.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let removed = self.lock().remove(name);
        removed.is_some()
    }

    /// Takes all names back.
    pub(crate) fn clear(&self) {
        let all = std::mem::take(&mut *self.lock());
        drop(all);
    }

    pub(crate) fn list(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    pub(crate) fn grant(&self, wish: &Wish) -> Result<Grant, Refusal> {
        let mut names = self.lock();
        let published = find(&mut names, &wish.name)?;
        let grant = published.grant(wish)?;
        if let Some(left) = &mut published.left {
            *left = left.saturating_sub(1);
        }
        let spent = if published.left == Some(0) { names.remove(&wish.name) } else { None };
        drop(names);
        drop(spent);
        Ok(grant)
    }

    pub(crate) fn actor(&self, name: &str, fingerprint: u64) -> Result<Arc<dyn Offer>, Refusal> {
        let mut names = self.lock();
        let published = find(&mut names, name)?;
        match &published.what {
            What::Channel(_) => Err(kind_refusal(published.kind)),
            What::Actor(offer) if published.fingerprint.0 == fingerprint => Ok(Arc::clone(offer)),
            What::Actor(_) => Err(Refusal::Type { found: published.label.clone() }),
        }
    }

    /// An actor of this node, and its interface.
    pub(crate) fn local_actor(&self, name: &str) -> Result<(Arc<dyn Offer>, String), Refusal> {
        let mut names = self.lock();
        let published = find(&mut names, name)?;
        match &published.what {
            What::Actor(offer) => Ok((Arc::clone(offer), published.label.clone())),
            What::Channel(_) => Err(kind_refusal(published.kind)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Published>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name that can be published and asked for.
pub(crate) fn check_name(name: &str) -> Result<(), NetError> {
    if name.is_empty() || name.len() > NAME_MAX || name.contains('@') {
        return Err(NetError::BadName { name: name.chars().take(40).collect() });
    }
    Ok(())
}

/// What a refusal means for who asked.
pub(crate) fn refused(refusal: Refusal, name: &str, node: &str, wanted: &str, label: &str) -> NetError {
    let (name, node) = (name.to_owned(), node.to_owned());
    match refusal {
        Refusal::Unknown { published, more } => NetError::UnknownName { name, node, published, more },
        Refusal::Kind { found } => NetError::WrongKind { name, node, wanted: wanted.to_owned(), found },
        Refusal::Type { found } => NetError::WrongType { name, node, wanted: label.to_owned(), found },
        Refusal::Full { limit } => NetError::Full { what: "actors for this peer", limit: limit as usize },
    }
}

fn find<'a>(names: &'a mut BTreeMap<String, Published>, name: &str) -> Result<&'a mut Published, Refusal> {
    if !names.contains_key(name) {
        let published: Vec<_> = names.keys().take(PUBLISHED_MAX).cloned().collect();
        let more = (names.len() - published.len()) as u32;
        return Err(Refusal::Unknown { published, more });
    }
    Ok(names.get_mut(name).expect("it was there a line ago"))
}

fn kind_refusal(kind: Kind) -> Refusal {
    let found = match kind {
        Kind::Sender => "a sender",
        Kind::Receiver => "a receiver",
        Kind::Actor => "an actor",
    };
    Refusal::Kind { found: found.to_owned() }
}
