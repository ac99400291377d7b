//! A node: one identity, one UDP socket, what it publishes and whom it is connected with.

use crate::child::CHILDREN_MAX;
use crate::error::{NetError, Reason};
use crate::event::Events;
use crate::peer::{Peer, PeerCore};
use crate::proto::{Hello, ProtocolError, control_frame, put};
use crate::publish::{Names, Published, check_name};
use crate::quic::{Admission, Code, Endpoint, Knock, Link, Reader, Writer};
use crate::tasks::Tasks;
use crate::{Admit, Identity, NodeEvent, NodeId, Publish, Transport};
use rendez_channels::{Receiver, Sender};
use rendez_wire::FrameReader;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};

/// Peers that a node is connected with at one time.
pub const PEERS_MAX: usize = 256;
/// Peers that may be shaking hands at one time.
const HANDSHAKES_MAX: usize = 32;
/// How long a peer may take from the handshake to its hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a shutdown waits for values and answers that are under way.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
/// How long tasks and children may take to end before they are cut off: children take up to two seconds.
const END_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a shutdown waits until the peers know.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What a node is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name that it goes by among its peers.
    pub name: String,
    /// Its key.
    pub identity: Identity,
    /// Where it listens; port 0 takes any free one. Default 127.0.0.1:0: this machine only.
    pub listen: SocketAddr,
    /// Whom it lets in. Default nobody. Peers that it connects to itself need not be in here.
    pub admit: Admit,
    /// Settings of the transport.
    pub transport: Transport,
}

impl Config {
    /// A node on this machine only that admits nobody.
    #[must_use]
    pub fn new(name: impl Into<String>, identity: Identity) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { name: name.into(), identity, listen, admit: Admit::nobody(), transport: Transport::default() }
    }
}

/// A place in the network. Clones are the same node; when the last is dropped it ends, abruptly for its peers: prefer
/// [`shutdown`](Self::shutdown).
#[derive(Clone)]
pub struct Node {
    owner: Arc<Owner>,
}

struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        // The tasks see the end of their connections and end by themselves, telling the channels.
        self.0.stop.send_replace(true);
        self.0.endpoint.close(Code::Goodbye);
        self.0.endpoint.release();
        self.0.closed.send_replace(true);
        self.0.names.clear();
        self.0.events.end();
    }
}

impl Node {
    /// Starts a node on the ambient tokio runtime.
    ///
    /// # Errors
    /// The address is in use or not this machine's, the name is empty or too long, or there is no tokio runtime here.
    pub fn bind(config: Config) -> Result<Self, NetError> {
        check_name(&config.name)?;
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(NetError::NoRuntime);
        }
        let endpoint = Endpoint::bind(&config.identity, config.listen, config.transport)?;
        let shared = Arc::new(Shared {
            name: config.name,
            id: config.identity.id(),
            endpoint,
            admit: config.admit,
            names: Names::default(),
            peers: Mutex::default(),
            handshakes: Arc::new(Semaphore::new(HANDSHAKES_MAX)),
            events: Events::default(),
            tasks: Tasks::new(),
            children: Mutex::default(),
            joined: Notify::new(),
            stop: watch::Sender::new(false),
            closed: watch::Sender::new(false),
        });
        shared.tasks.spawn(Arc::clone(&shared).listen());
        Ok(Self { owner: Arc::new(Owner(shared)) })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared().name
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.shared().id
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared().endpoint.address()
    }

    /// Whom it lets in: the list can be changed while the node runs.
    #[must_use]
    pub fn admit(&self) -> &Admit {
        &self.shared().admit
    }

    /// Connects to the node that has this id and listens there.
    ///
    /// # Errors
    /// Nobody answers, another node does, or the node does not admit this one.
    ///
    /// # Cancel safety
    /// A dropped call leaves nothing behind.
    pub async fn connect(&self, to: SocketAddr, expected: NodeId) -> Result<Peer, NetError> {
        let shared = self.shared();
        if shared.is_stopping() {
            return Err(NetError::ShutDown);
        }
        let link = shared.endpoint.connect(to, expected).await?;
        let greeting = tokio::time::timeout(HELLO_TIMEOUT, shared.greet(&link));
        let greeted = greeting.await.unwrap_or(Err(Reason::Silent(HELLO_TIMEOUT)));
        let (hello, writer, reader, frames) = greeted.map_err(|reason| {
            if link.is_refused() {
                return NetError::NotAdmitted { address: to, peer: expected, me: shared.id };
            }
            link.close(Code::Goodbye, "");
            NetError::Unreachable { address: to, peer: expected, why: reason.to_string() }
        })?;
        shared.welcome(hello, link, writer, reader, frames)
    }

    /// The connected peer of this name.
    ///
    /// # Errors
    /// No connected peer has it, or several different nodes do.
    pub fn peer(&self, name: &str) -> Result<Peer, NetError> {
        let peers = self.shared().lock_peers();
        let mut named: Vec<_> = peers.iter().filter(|peer| peer.name() == name).collect();
        // Several connections of one node: the latest.
        let Some(last) = named.pop() else {
            let connected = peers.iter().map(|peer| peer.name().to_owned()).collect();
            return Err(NetError::NoSuchNode { name: name.to_owned(), connected });
        };
        let mut ids: Vec<_> = named.iter().map(|peer| peer.link().peer()).chain([last.link().peer()]).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > 1 {
            return Err(NetError::AmbiguousNode { name: name.to_owned(), ids });
        }
        Ok(Peer { core: Arc::clone(last) })
    }

    /// All connected peers.
    #[must_use]
    pub fn peers(&self) -> Vec<Peer> {
        self.shared().lock_peers().iter().map(|core| Peer { core: Arc::clone(core) }).collect()
    }

    /// Offers a sender: peers get ends that send into this channel. The published end is one of its ends, until the
    /// name is [withdrawn](Self::withdraw).
    ///
    /// # Errors
    /// The name is taken or cannot be a name.
    pub fn publish_sender<T>(&self, name: &str, sender: Sender<T>) -> Result<(), NetError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.publish_sender_with(name, sender, Publish::default())
    }

    /// As [`publish_sender`](Self::publish_sender), with options.
    ///
    /// # Errors
    /// As `publish_sender`.
    pub fn publish_sender_with<T>(&self, name: &str, sender: Sender<T>, options: Publish) -> Result<(), NetError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.shared().publish(name, Published::sender(sender, options))
    }

    /// Offers a receiver: peers get ends that receive from this channel, each value at one of them. The published end
    /// is one of its ends, until the name is [withdrawn](Self::withdraw).
    ///
    /// # Errors
    /// The name is taken or cannot be a name.
    pub fn publish_receiver<T>(&self, name: &str, receiver: Receiver<T>) -> Result<(), NetError>
    where
        T: Serialize + Send + 'static,
    {
        self.publish_receiver_with(name, receiver, Publish::default())
    }

    /// As [`publish_receiver`](Self::publish_receiver), with options.
    ///
    /// # Errors
    /// As `publish_receiver`.
    pub fn publish_receiver_with<T>(&self, name: &str, receiver: Receiver<T>, options: Publish) -> Result<(), NetError>
    where
        T: Serialize + Send + 'static,
    {
        self.shared().publish(name, Published::receiver(receiver, options))
    }

    /// Takes a name back: nobody can ask for it any more, and the published end retires. Ends that peers have stay.
    /// Whether the name was published.
    pub fn withdraw(&self, name: &str) -> bool {
        self.shared().names.remove(name)
    }

    /// The names that it publishes, in order.
    #[must_use]
    pub fn published(&self) -> Vec<String> {
        self.shared().names.list()
    }

    /// What happens to its peers from now on. Each call makes a subscription of its own; one in which
    /// [`EVENTS_MAX`](crate::EVENTS_MAX) events wait loses further ones, which are [counted](Self::events_dropped).
    #[must_use]
    pub fn events(&self) -> Receiver<NodeEvent> {
        self.shared().events.subscribe()
    }

    /// Events that were lost because a subscription was full.
    #[must_use]
    pub fn events_dropped(&self) -> u64 {
        self.shared().events.dropped()
    }

    /// Ends the node: lets values and answers that are under way arrive (for 2 s at most), says goodbye, and returns
    /// when nothing of it is left. Channel ends of other nodes end as lost.
    ///
    /// # Cancel safety
    /// A dropped shutdown has begun: call it again, or drop the node.
    pub async fn shutdown(&self) {
        let shared = self.shared();
        shared.stop.send_replace(true);
        shared.names.clear();
        let peers = shared.lock_peers().clone();
        peers.iter().for_each(|peer| peer.control().close());
        // What is not done by then is cut off.
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, shared.tasks.finished()).await;
        peers.iter().for_each(|peer| {
            peer.lost(Reason::Closed);
        });
        shared.endpoint.close(Code::Goodbye);
        shared.closed.send_replace(true);
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, shared.endpoint.closed()).await;
        shared.tasks.end(END_TIMEOUT).await;
        shared.endpoint.release();
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, shared.endpoint.released()).await;
        shared.events.end();
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.owner.0
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node(`{}`, {} at {})", self.name(), self.id(), self.address())
    }
}

/// What the tasks of a node share. They hold no [`Node`], so that dropping the last one ends them.
pub(crate) struct Shared {
    name: String,
    id: NodeId,
    endpoint: Endpoint,
    admit: Admit,
    names: Names,
    /// In the order in which they came.
    peers: Mutex<Vec<Arc<PeerCore>>>,
    handshakes: Arc<Semaphore>,
    events: Events,
    tasks: Tasks,
    /// Children whose processes run, and whether they have ever been connected.
    children: Mutex<BTreeMap<NodeId, bool>>,
    /// A peer has been connected.
    joined: Notify,
    /// No new work, and what is under way ends.
    stop: watch::Sender<bool>,
    /// The connections are closed.
    closed: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    pub(crate) const fn names(&self) -> &Names {
        &self.names
    }

    /// Waits until the node's connections are closed.
    pub(crate) async fn closed(&self) {
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Waits until the node shuts down.
    pub(crate) async fn stopping(&self) {
        // The sender lives in `self`, so that this cannot fail.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Whether the node shuts down, or has.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    pub(crate) fn tell(&self, event: &NodeEvent) {
        self.events.tell(event);
    }

    /// The connection has ended.
    pub(crate) fn forget(&self, gone: &Arc<PeerCore>) {
        self.lock_peers().retain(|peer| !Arc::ptr_eq(peer, gone));
    }

    /// Lets a child in that is about to connect.
    pub(crate) fn expect_child(&self, id: NodeId) -> Result<(), NetError> {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_stopping() {
            return Err(NetError::ShutDown);
        }
        if children.len() >= CHILDREN_MAX {
            return Err(NetError::Full { what: "children", limit: CHILDREN_MAX });
        }
        children.insert(id, false);
        self.admit.add(id);
        Ok(())
    }

    /// The child's process has ended: so have its connections. Whether it ever had one.
    pub(crate) fn forget_child(&self, id: NodeId, reason: &Reason) -> bool {
        self.admit.remove(&id);
        let joined = self.children.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let peers = self.lock_peers().clone();
        for peer in peers.iter().filter(|peer| peer.link().peer() == id) {
            peer.lost(reason.clone());
        }
        joined == Some(true)
    }

    /// Waits until the node of this id is connected.
    pub(crate) async fn peer_of(&self, id: NodeId) -> Peer {
        loop {
            let changed = self.joined.notified();
            tokio::pin!(changed);
            // Registered before the look, so that no notification falls in between.
            changed.as_mut().enable();
            let found = self.lock_peers().iter().find(|peer| peer.link().peer() == id).cloned();
            if let Some(core) = found {
                return Peer { core };
            }
            changed.await;
        }
    }

    pub(crate) fn publish(&self, name: &str, published: Published) -> Result<(), NetError> {
        if self.is_stopping() {
            return Err(NetError::ShutDown);
        }
        self.names.add(name, published)
    }

    /// Lets peers in until the endpoint is closed.
    async fn listen(self: Arc<Self>) {
        while let Some(knock) = self.endpoint.accept().await {
            let full = self.lock_peers().len() >= PEERS_MAX;
            match Arc::clone(&self.handshakes).try_acquire_owned() {
                Ok(place) if !full => {
                    let shared = Arc::clone(&self);
                    self.tasks.spawn(async move {
                        shared.let_in(knock).await;
                        drop(place);
                    });
                }
                _ => knock.turn_away(),
            }
        }
    }

    async fn let_in(self: &Arc<Self>, knock: Knock) {
        let admit = self.admit.clone();
        let link = match self.endpoint.admit(knock, move |id| admit.admits(id)).await {
            Admission::Admitted(link) => link,
            Admission::Refused { id, address } => return self.tell(&NodeEvent::Refused { peer: id, address }),
            Admission::Failed { address, why } => return tracing::debug!(%address, why, "handshake failed"),
        };
        match tokio::time::timeout(HELLO_TIMEOUT, self.answer(&link)).await {
            Ok(Ok((hello, writer, reader, frames))) => {
                // Nobody here asked for the peer: an error has been told to it.
                let _ = self.welcome(hello, link, writer, reader, frames);
            }
            Ok(Err(Reason::Protocol(error))) => link.close(Code::Protocol, &error.to_string()),
            Ok(Err(_)) => link.close(Code::Goodbye, ""),
            Err(_) => link.close(Code::Protocol, &ProtocolError::NoHello.to_string()),
        }
    }

    /// Says hello first, as the side that connects.
    async fn greet(&self, link: &Link) -> Result<(Hello, Writer, Reader, FrameReader), Reason> {
        let (mut writer, mut reader) = link.open().await?;
        self.say_hello(&mut writer).await?;
        let mut frames = FrameReader::new();
        let hello = hear_hello(&mut reader, &mut frames).await?;
        Ok((hello, writer, reader, frames))
    }

    /// Answers the hello of a peer that has connected.
    async fn answer(&self, link: &Link) -> Result<(Hello, Writer, Reader, FrameReader), Reason> {
        let (mut writer, mut reader) = link.accept().await?;
        let mut frames = FrameReader::new();
        let hello = hear_hello(&mut reader, &mut frames).await?;
        self.say_hello(&mut writer).await?;
        Ok((hello, writer, reader, frames))
    }

    async fn say_hello(&self, writer: &mut Writer) -> Result<(), Reason> {
        let mut bytes = Vec::new();
        put(&mut bytes, &Hello::ours(&self.name)).expect("a hello is short and always encodes");
        writer.write_all(&bytes).await
    }

    /// Both sides have said hello: the peer is connected.
    fn welcome(
        self: &Arc<Self>,
        hello: Hello,
        link: Link,
        writer: Writer,
        reader: Reader,
        frames: FrameReader,
    ) -> Result<Peer, NetError> {
        let core = PeerCore::new(hello.name, link, Arc::clone(self));
        {
            let mut peers = self.lock_peers();
            if peers.len() >= PEERS_MAX {
                core.link().close(Code::Busy, &format!("it has {PEERS_MAX} peers already"));
                return Err(NetError::Full { what: "peers", limit: PEERS_MAX });
            }
            peers.push(Arc::clone(&core));
        }
        let (peer, name) = (core.link().peer(), core.name().to_owned());
        if let Some(joined) = self.children.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&peer) {
            *joined = true;
        }
        self.joined.notify_waiters();
        self.tell(&NodeEvent::Joined { peer, name, address: core.link().address() });
        let writing = Arc::clone(&core);
        let unfinished = self.tasks.unfinished();
        self.tasks.spawn(async move {
            writing.control().write_to(writer).await;
            drop(unfinished);
        });
        self.tasks.spawn(Arc::clone(&core).attend(reader, frames));
        Ok(Peer { core })
    }

    fn lock_peers(&self) -> MutexGuard<'_, Vec<Arc<PeerCore>>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hear_hello(reader: &mut Reader, frames: &mut FrameReader) -> Result<Hello, Reason> {
    loop {
        if let Some(body) = frames.next_frame().map_err(|error| Reason::Protocol(error.into()))? {
            let frame = control_frame(body).map_err(Reason::Protocol)?;
            return Hello::theirs(&frame).map_err(Reason::Protocol);
        }
        if !reader.read(frames).await? {
            return Err(Reason::Protocol(ProtocolError::CutOff));
        }
    }
}
