//! `#[actor]`: what its reference can do here, and, over a link that only carries bytes, from elsewhere.

use rendez::runtime::{RemoteActor, RemoteCall, RemoteInlet, RemoteLink};
use rendez::{CallError, Ended, Receiver, Sender, actor, channel, channel_bounded, run, spawn_actor};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

/// The encoding as the facade has it, with its feature `net`.
#[path = "../../../src/calls/values.rs"]
#[expect(unreachable_pub, reason = "it is the facade's")]
pub(crate) mod values;

/// The crate that expansions with `remote` name.
mod crate_with_wire {
    pub(crate) mod __private {
        pub(crate) use crate::actor::values as wire;
        pub(crate) use rendez::__private::*;
    }
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Full;

#[derive(Default)]
struct Warehouse {
    shelf: Vec<String>,
    watchers: Vec<Sender<String>>,
}

#[actor]
impl Warehouse {
    const ROOM: usize = 2;

    /// Puts an item onto the shelf.
    pub(crate) async fn store(&mut self, item: String) -> Result<usize, Full> {
        if self.is_full() {
            return Err(Full);
        }
        for watcher in &self.watchers {
            let _ = watcher.send(item.clone()).await;
        }
        self.shelf.push(item);
        Ok(self.shelf.len())
    }

    pub(crate) async fn watch(&mut self) -> Receiver<String> {
        let (tx, rx) = channel_bounded(4);
        self.watchers.push(tx);
        rx
    }

    pub(crate) async fn count(&self) -> usize {
        self.shelf.len()
    }

    /// The names of its locals are those of the expansion.
    pub(crate) async fn rename(&mut self, (actor, reply): (String, String), mut message: String, _: u8) -> String {
        message.push_str(&actor);
        message + &reply
    }

    pub(crate) async fn r#move(&mut self, shelf: Vec<String>) {
        self.shelf = shelf;
    }

    pub(crate) async fn merge(&mut self, other: Self) -> std::result::Result<Self, Full> {
        self.shelf.extend(other.shelf);
        Ok(Self { shelf: self.shelf.clone(), watchers: vec![] })
    }

    #[cfg(any())]
    pub(crate) async fn absent(&mut self, never: Absent) {}

    fn is_full(&self) -> bool {
        self.shelf.len() >= Self::ROOM
    }

    pub(crate) async fn open() -> Self {
        Self::default()
    }
}

#[test]
fn calls_answer_with_what_the_method_returns() {
    let outcome = run(async {
        let shop: WarehouseRef = spawn_actor(Warehouse::open().await);
        assert_eq!(shop.store("tea".into()).await, Ok(1));
        assert_eq!(shop.clone().store("rice".into()).await, Ok(2));
        assert_eq!(shop.store("salt".into()).await, Err(CallError::Answer(Full)));
        assert_eq!(shop.count().await, Ok(2));
        assert_eq!(shop.rename(("b".into(), "c".into()), "a".into(), 0).await.as_deref(), Ok("abc"));
        shop.r#move(vec![]).await?;
        let other = Warehouse { shelf: vec!["oil".into()], watchers: vec![] };
        let merged = shop.merge(other).await.map_err(|_| rendez::Failure::new("full"))?;
        assert_eq!((merged.shelf, shop.process().name()), (vec!["oil".to_owned()], "Warehouse".to_owned()));
        rendez::Outcome::Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn a_tell_waits_for_no_answer_and_keeps_its_place() {
    let items = run(async {
        let shop = spawn_actor(Warehouse::default());
        let watched = shop.watch().await?;
        shop.tell_store("tea".into()).await?;
        shop.tell_move(vec![]).await?;
        let item = watched.recv().await?;
        rendez::Outcome::Ok((item, shop.count().await?))
    });
    assert_eq!(items, Ok(("tea".to_owned(), 0)));
}

/// A generic actor whose state is exclusive across `.await`.
struct Store<K, V, const N: usize>(HashMap<K, V>, Receiver<()>);

#[actor(crate = rendez::runtime)]
impl<K, V: Clone + Send + 'static, const N: usize> Store<K, V, N>
where
    K: Eq + Hash + Debug + Send + 'static,
{
    pub(crate) async fn put(&mut self, key: K, value: V) -> Result<Option<V>, Ended> {
        let before = self.0.get(&key).cloned();
        self.1.recv().await?;
        self.0.insert(key, value);
        Ok(before)
    }

    pub(crate) async fn size(&mut self) -> (usize, usize) {
        (self.0.len(), N)
    }
}

#[test]
fn the_state_is_exclusive_while_a_generic_actor_waits() {
    let outcome = run(async {
        let (go, gate) = channel();
        let store = spawn_actor(Store::<_, _, 9>(HashMap::new(), gate));
        let other = store.clone();
        let first = rendez::spawn(async move { other.put("a".to_owned(), 1).await });
        let other = store.clone();
        let second = rendez::spawn(async move { other.put("a".to_owned(), 2).await });
        go.send(()).await?;
        go.send(()).await?;
        let mut before = [first.join().await?, second.join().await?];
        before.sort_unstable();
        assert_eq!(before[0], None, "one came first");
        assert!(before[1].is_some(), "and the other saw what it had put");
        rendez::Outcome::Ok(store.size().await?)
    });
    assert_eq!(outcome, Ok((1, 9)));
}

#[derive(Default)]
struct Index(Vec<u32>, Option<Receiver<u32>>);

#[actor(remote, crate = crate::actor::crate_with_wire)]
impl Index {
    pub(crate) async fn add(&mut self, inlet: u32, called: Vec<u8>) -> Result<usize, Full> {
        if self.0.len() == 2 {
            return Err(Full);
        }
        self.0.push(inlet + u32::try_from(called.len()).unwrap());
        Ok(self.0.len())
    }

    pub(crate) async fn all(&self) -> Vec<u32> {
        self.0.clone()
    }

    /// Does not answer before somebody lets it.
    pub(crate) async fn wait(&mut self) {
        if let Some(gate) = self.1.take() {
            self.0.extend(gate.recv().await);
        }
    }
}

/// A network of one call at a time: carries bytes to a local reference, and notes them.
struct Link(IndexRef, Arc<Mutex<Vec<(u32, usize)>>>);

impl RemoteInlet for Link {
    fn call(&self, method: u32, args: Vec<u8>) -> RemoteCall {
        self.1.lock().unwrap().push((method, args.len()));
        self.0.serve(method, args, self.link())
    }

    fn link(&self) -> RemoteLink {
        Arc::new(())
    }
}

#[test]
fn a_remote_reference_makes_the_same_calls() {
    let outcome = run(async {
        let (go, gate) = channel();
        let local: IndexRef = spawn_actor(Index(vec![], Some(gate)));
        let calls = Arc::default();
        let remote = IndexRef::from_remote(Arc::new(Link(local.clone(), Arc::clone(&calls))));
        assert!(local.process().is_some() && remote.process().is_none());
        assert_eq!(remote.add(7, vec![0; 3]).await, Ok(1));
        // The handler waits for `go`, and the tell does not wait for the handler.
        let mut telling = std::pin::pin!(remote.tell_wait());
        rendez::alt! {
            told = rendez::future(&mut telling) => told?,
            _ = rendez::after(std::time::Duration::from_secs(10)) => panic!("the tell waits for the handler"),
        }
        go.send(5).await?;
        assert_eq!(remote.add(1, vec![]).await, Err(CallError::Answer(Full)));
        assert_eq!((remote.all().await, local.all().await), (Ok(vec![10, 5]), Ok(vec![10, 5])));
        let numbers: Vec<_> = calls.lock().unwrap().iter().map(|call| call.0 & 0xFFFF).collect();
        assert_eq!(numbers, [0, 2, 0, 1], "numbers in order of writing");
        rendez::Outcome::Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn bytes_that_mean_nothing_are_refused() {
    let outcome = run(async {
        let local: IndexRef = spawn_actor(Index::default());
        let unknown = local.serve(99, vec![], Arc::new(())).await.unwrap_err();
        assert_eq!(unknown, CallError::Refused("`Index` has no method number 99".into()));
        let garbled = local.serve(0, vec![0xFF; 40], Arc::new(())).await.unwrap_err();
        assert!(matches!(garbled, CallError::Refused(_)), "{garbled:?}");
        rendez::Outcome::Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn the_interface_names_every_signature() {
    assert_eq!(IndexRef::INTERFACE, "Index{add(u32,Vec<u8>)->Result<usize,Full>;all()->Vec<u32>;wait()->()}");
}
