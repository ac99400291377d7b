//! What a remote actor needs of a network: two traits that the macros and `rendez-net` meet in. No network here.

use crate::{Actor, ActorRef, CallError, alt};
use rendez_channels::{after, future};
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A call on its way to another node: the encoded answer, or what became of the call.
pub type RemoteCall = Pin<Box<dyn Future<Output = Result<Vec<u8>, CallError>> + Send>>;

/// The connection that a call goes over, as its network knows it: channel ends in an answer travel over the same.
pub type RemoteLink = Arc<dyn Any + Send + Sync>;

/// A way to an actor on another node.
pub trait RemoteInlet: Send + Sync {
    /// Calls method number `method` with encoded arguments.
    fn call(&self, method: u32, args: Vec<u8>) -> RemoteCall;

    /// What the call goes over.
    fn link(&self) -> RemoteLink;
}

/// A reference that works across nodes; `#[actor(remote)]` makes its type.
pub trait RemoteActor: Clone + Send + Sync + 'static {
    /// Name and signatures of its methods: two nodes agree when the texts are equal.
    const INTERFACE: &'static str;

    /// A reference to an actor behind `inlet`.
    fn from_remote(inlet: Arc<dyn RemoteInlet>) -> Self;

    /// Serves a call from another node, which has come over `link`.
    fn serve(&self, method: u32, args: Vec<u8>, link: RemoteLink) -> RemoteCall;
}

/// Where the messages of a remote-capable reference go.
#[doc(hidden)]
pub enum Inlet<A: Actor> {
    Local(ActorRef<A>),
    Remote(Arc<dyn RemoteInlet>),
}

impl<A: Actor> Inlet<A> {
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        match self {
            Self::Local(actor) => Self::Local(actor.within(patience)),
            Self::Remote(inlet) => Self::Remote(Arc::new(Patient { inlet: Arc::clone(inlet), patience })),
        }
    }
}

/// A way whose calls wait for so long at most.
struct Patient {
    inlet: Arc<dyn RemoteInlet>,
    patience: Duration,
}

impl RemoteInlet for Patient {
    fn call(&self, method: u32, args: Vec<u8>) -> RemoteCall {
        let (call, late, patience) = (self.inlet.call(method, args), after(self.patience), self.patience);
        Box::pin(async move {
            alt! {
                pri;
                answer = future(call) => answer,
                _ = late => Err(CallError::Unknown(format!("no answer within {patience:?}"))),
            }
        })
    }

    fn link(&self) -> RemoteLink {
        self.inlet.link()
    }
}

impl<A: Actor> Clone for Inlet<A> {
    fn clone(&self) -> Self {
        match self {
            Self::Local(actor) => Self::Local(actor.clone()),
            Self::Remote(inlet) => Self::Remote(Arc::clone(inlet)),
        }
    }
}
