//! Actors across nodes: published here, called from there. What their messages are is known to the macros only.

use crate::Node;
use crate::control::Answered;
use crate::error::{NetError, Reason};
use crate::peer::{OPEN_TIMEOUT, Peer, PeerCore};
use crate::proto::{Mark, Outcome};
use crate::publish::{Offer, Published, Serve, check_name, refused};
use rendez_runtime::{Actor, CallError, Instances, RemoteActor, RemoteCall, RemoteInlet, RemoteLink, trace};
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a call waits for its answer unless it is told otherwise.
pub const CALL_DEADLINE: Duration = Duration::from_secs(30);

impl Node {
    /// Offers an actor: peers get references that call it.
    ///
    /// # Errors
    /// The name is taken or cannot be a name.
    pub fn publish_actor<R: RemoteActor>(&self, name: &str, reference: &R) -> Result<(), NetError> {
        self.shared().publish(name, Published::actor(R::INTERFACE, Arc::new(One(reference.clone()))))
    }

    /// Offers a service of actors made on demand: which one a peer calls, its [mode](rendez_runtime::Mode) says.
    ///
    /// A session is a connection: all references to the service that a peer resolves over one connection are to one actor, which is
    /// made when the first is resolved and ends with the connection. On this node
    /// each [`resolve`](Self::resolve) opens a session of its own, which ends with its reference. A name that is
    /// [withdrawn](Self::withdraw) opens no more; the sessions that are open go on.
    ///
    /// ```
    /// use rendez_net::{NetError, Node};
    /// use rendez_runtime::{Actor, Instances, Mode, RemoteActor, SupervisorRef};
    ///
    /// /// A basket for each customer who connects.
    /// fn offer<Basket>(node: &Node, supervisor: &SupervisorRef) -> Result<(), NetError>
    /// where
    ///     Basket: Actor<Ref: RemoteActor> + Default,
    /// {
    ///     node.publish_instances("basket", Instances::new(supervisor, "basket", Mode::PerSession, Basket::default))
    /// }
    /// ```
    ///
    /// # Errors
    /// The name is taken or cannot be a name.
    pub fn publish_instances<A>(&self, name: &str, instances: Instances<A>) -> Result<(), NetError>
    where
        A: Actor<Ref: RemoteActor>,
    {
        self.shared().publish(name, Published::actor(A::Ref::INTERFACE, Arc::new(Many(instances))))
    }

    /// The actor at `name@node`, where `node` is the name of a connected peer, or this node's own.
    ///
    /// # Errors
    /// There is no such node, or no such actor there.
    ///
    /// # Cancel safety
    /// A dropped call leaves nothing behind.
    pub async fn resolve<R: RemoteActor>(&self, address: &str) -> Result<R, NetError> {
        let Some((name, node)) = address.split_once('@') else {
            return Err(NetError::NotAnAddress { text: address.chars().take(80).collect() });
        };
        if node != self.name() {
            return self.peer(node)?.actor(name).await;
        }
        let refuse = |refusal| refused(refusal, name, node, "an actor", R::INTERFACE);
        let (offer, interface) = self.shared().names().local_actor(name).map_err(refuse)?;
        let reference = offer.reference().downcast::<R>().map_err(|_| NetError::WrongType {
            name: name.to_owned(),
            node: node.to_owned(),
            wanted: R::INTERFACE.to_owned(),
            found: interface,
        })?;
        Ok(*reference)
    }
}

impl Peer {
    /// An actor that the peer published with [`publish_actor`](crate::Node::publish_actor).
    ///
    /// A call of it ends within [`CALL_DEADLINE`], and says which of *not sent*, *refused*, *failed* and *unknown*
    /// happened where it has no answer. Calls from one reference reach the actor in their order.
    ///
    /// # Errors
    /// No actor of this name and interface is published there, or the connection is lost.
    ///
    /// # Cancel safety
    /// A dropped call leaves nothing behind.
    pub async fn actor<R: RemoteActor>(&self, name: &str) -> Result<R, NetError> {
        self.actor_within(name, CALL_DEADLINE).await
    }

    /// As [`actor`](Self::actor), with a deadline for each call.
    ///
    /// # Errors
    /// As `actor`.
    ///
    /// # Cancel safety
    /// As `actor`.
    pub async fn actor_within<R: RemoteActor>(&self, name: &str, deadline: Duration) -> Result<R, NetError> {
        check_name(name)?;
        let finding = tokio::time::timeout(OPEN_TIMEOUT, self.find(name, R::INTERFACE));
        let found = match finding.await {
            Ok(Some(found)) => found,
            Ok(None) => return Err(self.core.lost_error(Reason::Closed)),
            Err(_) => return Err(self.core.lost_error(Reason::Silent(OPEN_TIMEOUT))),
        };
        let actor = found.map_err(|refusal| refused(refusal, name, self.name(), "an actor", R::INTERFACE))?;
        Ok(R::from_remote(Arc::new(Inlet { peer: Arc::clone(&self.core), actor, deadline })))
    }

    /// The peer's answer; none when the connection is gone.
    async fn find(&self, name: &str, interface: &str) -> Option<crate::control::Found> {
        self.core.control().find(name, interface).await.ok()?.await.ok()
    }
}

/// What a deadline too long for the clock is.
const FOREVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A way to an actor of a peer.
struct Inlet {
    peer: Arc<PeerCore>,
    actor: u32,
    deadline: Duration,
}

impl RemoteInlet for Inlet {
    fn call(&self, method: u32, args: Vec<u8>) -> RemoteCall {
        let (peer, actor, deadline) = (Arc::clone(&self.peer), self.actor, self.deadline);
        let trace = trace::current();
        Box::pin(async move {
            let now = tokio::time::Instant::now();
            let until = now.checked_add(deadline).unwrap_or(now + FOREVER);
            let name = peer.name();
            let mark = trace.as_ref().map(|trace| Mark::of(trace, peer.here()));
            let sending = peer.control().call(actor, method, mark, &args);
            let answer = match tokio::time::timeout_at(until, sending).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(why)) => return Err(CallError::NotSent(format!("node `{name}`: {why}"))),
                Err(_) => {
                    return Err(CallError::NotSent(format!("node `{name}` takes no more calls within {deadline:?}")));
                }
            };
            match tokio::time::timeout_at(until, answer).await {
                Ok(Ok(answered)) => answered.map_err(|(outcome, why)| call_error(outcome, why)),
                Ok(Err(_)) => Err(CallError::Unknown(format!("node `{name}` is gone"))),
                Err(_) => Err(CallError::Unknown(format!("no answer from node `{name}` within {deadline:?}"))),
            }
        })
    }

    fn link(&self) -> RemoteLink {
        Arc::clone(&self.peer) as RemoteLink
    }
}

fn call_error(outcome: Outcome, why: String) -> CallError {
    match outcome {
        Outcome::NotSent => CallError::NotSent(why),
        Outcome::Refused => CallError::Refused(why),
        Outcome::Failed => CallError::Failed(why),
        Outcome::Unknown => CallError::Unknown(why),
    }
}

/// One actor for all.
struct One<R>(R);

impl<R: RemoteActor> Offer for One<R> {
    fn open(&self) -> Arc<dyn Serve> {
        Arc::new(Served(self.0.clone()))
    }

    fn reference(&self) -> Box<dyn Any + Send> {
        Box::new(self.0.clone())
    }
}

/// One for each connection, or as the mode has it.
struct Many<A: Actor>(Instances<A>);

impl<A: Actor<Ref: RemoteActor>> Offer for Many<A> {
    fn open(&self) -> Arc<dyn Serve> {
        Arc::new(Served(self.0.open()))
    }

    fn reference(&self) -> Box<dyn Any + Send> {
        Box::new(self.0.open())
    }
}

/// An actor of this node as its peers see it.
struct Served<R>(R);

impl<R: RemoteActor> Serve for Served<R> {
    fn serve(&self, method: u32, args: Vec<u8>, link: RemoteLink) -> Pin<Box<dyn Future<Output = Answered> + Send>> {
        let call = self.0.serve(method, args, link);
        Box::pin(async move {
            call.await.map_err(|error| match error {
                CallError::Answer(never) => match never {},
                CallError::NotSent(why) => (Outcome::NotSent, why),
                CallError::Refused(why) => (Outcome::Refused, why),
                CallError::Failed(why) => (Outcome::Failed, why),
                other => (Outcome::Unknown, other.to_string()),
            })
        })
    }
}
