//! A service of actors made on demand, called from other nodes: one for all, one for each connection, one for each call.

use rendez::net::{Admit, Config, Identity, Node};
use rendez::prelude::*;
use rendez::{Instances, Mode, run};
use std::time::Duration;

/// The longest that anything in these tests takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one customer has put together.
struct Basket {
    items: Vec<String>,
    ended: Sender<Vec<String>>,
}

#[actor(remote)]
impl Basket {
    /// How many there are then.
    pub(crate) async fn put(&mut self, item: String) -> usize {
        self.items.push(item);
        self.items.len()
    }

    pub(crate) async fn spill(&mut self) {
        panic!("as asked");
    }

    #[actor(stopped)]
    fn stopped(&mut self) {
        let _ = self.ended.try_send(std::mem::take(&mut self.items));
    }
}

/// A shop, two customers on nodes of their own, and the baskets that have ended.
struct Shop {
    shop: Node,
    ann: Node,
    bob: Node,
    ended: Receiver<Vec<String>>,
}

impl Shop {
    async fn new(mode: Mode) -> Outcome<Self> {
        let keys = [Identity::generate()?, Identity::generate()?, Identity::generate()?];
        let admit = Admit::only([keys[1].id(), keys[2].id()]);
        let [shop_key, ann_key, bob_key] = keys;
        let shop_id = shop_key.id();
        let shop = Node::bind(Config { admit, ..Config::new("shop", shop_key) })?;
        let (output, ended) = channel_unbounded();
        let make = move || Basket { items: vec![], ended: output.clone() };
        let supervisor = Supervisor::dynamic().start();
        shop.publish_instances("basket", Instances::new(&supervisor, "basket", mode, make))?;
        let (ann, bob) = (Node::bind(Config::new("ann", ann_key))?, Node::bind(Config::new("bob", bob_key))?);
        for customer in [&ann, &bob] {
            customer.connect(shop.address(), shop_id).await?;
        }
        Ok(Self { shop, ann, bob, ended })
    }

    async fn end(self) {
        for node in [self.ann, self.bob, self.shop] {
            node.shutdown().await;
        }
    }
}

/// Runs a test with a shop, for so long at most.
fn shopping<F>(mode: Mode, test: impl FnOnce(Shop) -> F + Send + 'static)
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let test = Process::new("test", async move { test(Shop::new(mode).await?).await });
    run(async { par![test].within(PATIENCE).await }).unwrap();
}

/// What is counted when Ann, with two references, and Bob, with one, put in one item after the other.
async fn counted(shop: &Shop) -> Outcome<[usize; 4]> {
    let (first, second) =
        (shop.ann.resolve::<BasketRef>("basket@shop").await?, shop.ann.resolve::<BasketRef>("basket@shop").await?);
    let other: BasketRef = shop.bob.resolve("basket@shop").await?;
    Ok([
        first.put("tea".into()).await?,
        first.put("milk".into()).await?,
        second.put("bread".into()).await?,
        other.put("salt".into()).await?,
    ])
}

#[test]
fn all_share_a_single_one() {
    shopping(Mode::Single, async |shop| {
        assert_eq!(counted(&shop).await?, [1, 2, 3, 4]);
        shop.end().await;
        Ok(())
    });
}

#[test]
fn each_connection_has_one_of_its_own_which_ends_with_it() {
    shopping(Mode::PerSession, async |shop| {
        assert_eq!(counted(&shop).await?, [1, 2, 3, 1]);
        assert!(shop.ended.is_empty());
        shop.ann.peer("shop")?.close();
        assert_eq!(shop.ended.recv().await?, ["tea", "milk", "bread"], "a basket ends with its connection");
        let other: BasketRef = shop.bob.resolve("basket@shop").await?;
        assert_eq!(other.put("pepper".into()).await?, 2, "and no other");
        shop.end().await;
        Ok(())
    });
}

#[test]
fn each_call_has_a_state_of_its_own() {
    shopping(Mode::PerCall, async |shop| {
        assert_eq!(counted(&shop).await?, [1, 1, 1, 1]);
        shop.end().await;
        Ok(())
    });
}

#[test]
fn a_session_that_fails_begins_anew_and_leaves_the_others_alone() {
    shopping(Mode::PerSession, async |shop| {
        counted(&shop).await?;
        let basket: BasketRef = shop.ann.resolve("basket@shop").await?;
        assert!(matches!(basket.spill().await, Err(CallError::Failed(_))));
        assert_eq!(basket.put("tea".into()).await?, 1, "a new state behind the same reference");
        let other: BasketRef = shop.bob.resolve("basket@shop").await?;
        assert_eq!(other.put("pepper".into()).await?, 2);
        shop.end().await;
        Ok(())
    });
}

#[test]
fn at_home_each_resolve_is_a_session() {
    shopping(Mode::PerSession, async |shop| {
        let (one, two) = (
            shop.shop.resolve::<BasketRef>("basket@shop").await?,
            shop.shop.resolve::<BasketRef>("basket@shop").await?,
        );
        assert_eq!((one.put("tea".into()).await?, two.put("milk".into()).await?), (1, 1));
        drop(one);
        assert_eq!(shop.ended.recv().await?, ["tea"]);
        drop(two);
        shop.end().await;
        Ok(())
    });
}

#[test]
fn a_name_that_is_withdrawn_opens_no_more_and_open_sessions_go_on() {
    shopping(Mode::PerSession, async |shop| {
        let basket: BasketRef = shop.ann.resolve("basket@shop").await?;
        basket.put("tea".into()).await?;
        assert!(shop.shop.withdraw("basket"));
        assert!(shop.bob.resolve::<BasketRef>("basket@shop").await.is_err());
        assert_eq!(basket.put("milk".into()).await?, 2);
        shop.end().await;
        Ok(())
    });
}
