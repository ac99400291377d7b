//! Lent: channel ends that an answer of an actor has handed over, until the peer takes them. How they are connected is in `publish`.

use crate::error::{NetError, Reason};
use crate::peer::{OPEN_TIMEOUT, Peer, PeerCore};
use crate::proto::{NAME_MAX, Refusal};
use crate::publish::{Publish, Published};
use crate::pump::OnLoss;
use rendez_channels::{Receiver, Sender};
use rendez_runtime::{CallError, RemoteLink};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Ends that answers to one peer have handed over, and that it has not taken yet.
pub const LENT_MAX: usize = 256;
/// How long a peer may take to take one; then it is given up.
const LENT_FOR: Duration = Duration::from_secs(10);
/// How many values may be on their way to the peer, ahead of its receives.
const LENT_WINDOW: u32 = 16;
/// What stands before the number of a lent end where otherwise the name of a published one is; no name has it.
pub(crate) const MARK: char = '@';

/// A channel end that an actor can answer with, also to another node.
pub trait RemoteEnd: Sized + Send {
    /// Hands the end over to the peer behind `link`.
    #[doc(hidden)]
    fn lend(self, link: &RemoteLink) -> Result<LentEnd, CallError>;

    /// Takes the end that the peer behind `link` has handed over.
    #[doc(hidden)]
    fn take(lent: &LentEnd, link: &RemoteLink) -> impl Future<Output = Result<Self, CallError>> + Send;
}

/// An end in an answer, as it travels.
#[doc(hidden)]
#[derive(Debug, Serialize, Deserialize)]
pub struct LentEnd {
    number: u64,
    /// The channel, for people.
    channel: String,
}

impl<T: Serialize + DeserializeOwned + Send + 'static> RemoteEnd for Receiver<T> {
    fn lend(self, link: &RemoteLink) -> Result<LentEnd, CallError> {
        let channel = self.name();
        // Who is gone receives no more, as if it had dropped its end.
        let options = Publish { on_loss: OnLoss::RetireEnd, connections: Some(1), ..Publish::default() };
        lend(link, channel, Published::receiver(self, options))
    }

    async fn take(lent: &LentEnd, link: &RemoteLink) -> Result<Self, CallError> {
        let peer = peer_of(link)?;
        let (name, label) = names(lent);
        let taken = peer.take_receiver::<T>(&name, &label, LENT_WINDOW).await;
        taken.map_err(|error| not_taken(lent, error))
    }
}

impl<T: Serialize + DeserializeOwned + Send + 'static> RemoteEnd for Sender<T> {
    fn lend(self, link: &RemoteLink) -> Result<LentEnd, CallError> {
        let channel = self.name();
        let options = Publish { connections: Some(1), ..Publish::default() };
        lend(link, channel, Published::sender(self, options))
    }

    async fn take(lent: &LentEnd, link: &RemoteLink) -> Result<Self, CallError> {
        let peer = peer_of(link)?;
        let (name, label) = names(lent);
        peer.take_sender::<T>(&name, &label).await.map_err(|error| not_taken(lent, error))
    }
}

fn lend(link: &RemoteLink, channel: String, end: Published) -> Result<LentEnd, CallError> {
    let peer = peer_of(link)?.core;
    let number = peer.lent().add(end)?;
    let later = Arc::clone(&peer);
    peer.tasks().spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(LENT_FOR) => drop(later.lent().remove(number)),
            _ = later.link().closed() => {}
        }
    });
    Ok(LentEnd { number, channel })
}

/// A call of a node comes over a connection of it, whatever the types say.
fn peer_of(link: &RemoteLink) -> Result<Peer, CallError> {
    let core = Arc::clone(link).downcast::<PeerCore>();
    core.map(|core| Peer { core })
        .map_err(|_| CallError::Refused("a channel end travels over the connections of nodes only".into()))
}

/// What is asked for, and what the channel is called here.
fn names(lent: &LentEnd) -> (String, String) {
    let end = lent.channel.floor_char_boundary(NAME_MAX);
    (format!("{MARK}{}", lent.number), lent.channel[..end].to_owned())
}

fn not_taken(lent: &LentEnd, error: NetError) -> CallError {
    let channel = &lent.channel;
    match error {
        NetError::Lost { .. } => CallError::Unknown(format!("`{channel}` was answered with, and is lost: {error}")),
        NetError::UnknownName { .. } => CallError::Failed(format!(
            "`{channel}` was answered with, and given up since nobody took it for {LENT_FOR:?}"
        )),
        error => CallError::Failed(format!("`{channel}` was answered with: {error}")),
    }
}

/// The ends that were handed over to one peer.
pub(crate) struct Lent(Mutex<Option<Table>>);

#[derive(Default)]
struct Table {
    next: u64,
    ends: BTreeMap<u64, Published>,
}

impl Lent {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Some(Table::default())))
    }

    fn add(&self, end: Published) -> Result<u64, CallError> {
        let mut lent = self.lock();
        let Some(table) = lent.as_mut() else {
            return Err(CallError::Unknown(Reason::Closed.to_string()));
        };
        if table.ends.len() >= LENT_MAX {
            return Err(CallError::Failed(format!(
                "{LENT_MAX} channel ends wait to be taken by this node already: take them first"
            )));
        }
        let number = table.next;
        table.next += 1;
        table.ends.insert(number, end);
        Ok(number)
    }

    /// Takes an end out: the one that a peer asks for by this name.
    pub(crate) fn asked_for(&self, name: &str) -> Option<Result<Published, Refusal>> {
        let number = name.strip_prefix(MARK)?;
        let end = number.parse().ok().and_then(|number| self.remove(number));
        Some(end.ok_or(Refusal::Unknown { published: vec![], more: 0 }))
    }

    fn remove(&self, number: u64) -> Option<Published> {
        self.lock().as_mut().and_then(|table| table.ends.remove(&number))
    }

    /// The connection is gone: nobody can take them any more.
    pub(crate) fn close(&self) {
        let all = self.lock().take();
        drop(all);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Table>> {
        // No user code runs under this lock, so that a panic cannot leave the table half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const _: () = assert!(OPEN_TIMEOUT.as_secs() < LENT_FOR.as_secs(), "who asks in time finds it");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Identity, Node};
    use rendez_channels::{Ended, channel};

    /// The two ends of a connection, and their nodes.
    async fn links() -> (RemoteLink, RemoteLink, [Node; 2]) {
        let [home, away] = ["home", "away"].map(|name| Config::new(name, Identity::generate().unwrap()));
        let [home, away] = [home, away].map(|config| Node::bind(config).unwrap());
        home.admit().add(away.id());
        let to_home = away.connect(home.address(), home.id()).await.unwrap();
        let to_away = home.peer("away").unwrap();
        (to_away.core as RemoteLink, to_home.core as RemoteLink, [home, away])
    }

    #[tokio::test]
    async fn an_end_is_taken_once_and_by_its_type() {
        let (to_away, to_home, nodes) = links().await;
        let (sender, receiver) = channel::<u32>();
        let lent = receiver.lend(&to_away).unwrap();
        let taken = Receiver::<u32>::take(&lent, &to_home).await.unwrap();
        sender.send(7).await.unwrap();
        assert_eq!(taken.recv().await, Ok(7));
        let again = Receiver::<u32>::take(&lent, &to_home).await.unwrap_err();
        assert!(again.to_string().contains("given up since nobody took it"), "{again}");

        let lent = channel::<u32>().1.lend(&to_away).unwrap();
        let other = Receiver::<String>::take(&lent, &to_home).await.unwrap_err();
        assert!(other.to_string().contains("is of type `u32`, not `String`"), "{other}");
        for node in nodes {
            node.shutdown().await;
        }
    }

    #[tokio::test]
    async fn an_end_that_nobody_takes_is_given_up() {
        let (to_away, _to_home, nodes) = links().await;
        let (sender, receiver) = channel::<u32>();
        let begun = std::time::Instant::now();
        receiver.lend(&to_away).unwrap();
        let ended = tokio::time::timeout(2 * LENT_FOR, sender.closed()).await;
        assert!(matches!(ended, Ok(Ended::Retired { .. })), "{ended:?}");
        assert!(begun.elapsed() >= LENT_FOR);
        for node in nodes {
            node.shutdown().await;
        }
    }

    #[tokio::test]
    async fn so_many_wait_to_be_taken_and_all_end_with_the_connection() {
        let (to_away, _to_home, nodes) = links().await;
        let senders: Vec<_> = (0..LENT_MAX)
            .map(|_| {
                let (sender, receiver) = channel::<u32>();
                receiver.lend(&to_away).unwrap();
                sender
            })
            .collect();
        let full = channel::<u32>().1.lend(&to_away).unwrap_err();
        assert_eq!(
            full.to_string(),
            "call failed: 256 channel ends wait to be taken by this node already: take them first"
        );
        nodes[1].shutdown().await;
        for sender in senders {
            let ended = tokio::time::timeout(LENT_FOR / 2, sender.closed()).await;
            assert!(ended.is_ok(), "it waits to be taken over a connection that is gone");
        }
        nodes[0].shutdown().await;
    }
}
