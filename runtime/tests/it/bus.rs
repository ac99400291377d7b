//! The bus: events by type, and what slow subscribers do.

use rendez_channels::{Ended, Overflow, Receiver, channel};
use rendez_runtime::testing::settled;
use rendez_runtime::{ActorOptions, Bus, Failure, Outcome, actor, par, run, spawn, spawn_actor};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Sold(u32);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bought(u32);

#[test]
fn an_event_comes_to_all_who_have_subscribed_to_its_type_and_to_no_others() {
    run(async {
        let bus = Bus::new();
        let (one, other) = (bus.subscribe::<Sold>(4, Overflow::Wait), bus.clone().subscribe::<Sold>(4, Overflow::Fail));
        let bought = bus.subscribe::<Bought>(4, Overflow::Wait);
        assert_eq!(bus.publish(Sold(1)).await, 2);
        assert_eq!(bus.publish(Bought(2)).await, 1);
        assert_eq!(bus.publish("nobody's").await, 0);
        assert_eq!(
            (one.try_recv().unwrap(), other.try_recv().unwrap(), bought.try_recv().unwrap()),
            (Sold(1), Sold(1), Bought(2))
        );
        assert!(one.try_recv().is_err() && bought.try_recv().is_err());
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn events_of_one_publisher_keep_their_order() {
    run(async {
        let bus = Bus::new();
        let sold = bus.subscribe::<Sold>(2, Overflow::Wait);
        let publisher = spawn(async move {
            for n in 0..100 {
                bus.publish(Sold(n)).await;
            }
            Outcome::Ok(())
        });
        let mut all = vec![];
        while let Some(Sold(n)) = sold.next().await? {
            all.push(n);
        }
        assert_eq!(all, (0..100).collect::<Vec<_>>(), "and the bus ends with its last clone");
        publisher.join().await
    })
    .unwrap();
}

#[test]
fn a_slow_subscriber_does_what_it_has_said() {
    run(async {
        let bus = Bus::new();
        let oldest = bus.subscribe::<Sold>(2, Overflow::DropOldest);
        let newest = bus.subscribe::<Sold>(2, Overflow::DropNewest);
        let cut = bus.subscribe::<Sold>(2, Overflow::Fail);
        for n in 0..4 {
            bus.publish(Sold(n)).await;
        }
        assert_eq!([0; 2].map(|_| oldest.try_recv().unwrap().0), [2, 3]);
        assert_eq!([0; 2].map(|_| newest.try_recv().unwrap().0), [0, 1]);
        let Err(end @ Ended::Poisoned { .. }) = cut.next().await else { panic!("it is cut off") };
        assert!(end.to_string().contains("too slow"), "{end}");
        assert_eq!(bus.subscriptions::<Sold>(), 2);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn who_publishes_waits_for_a_subscriber_that_wants_all_after_it_has_served_the_others() {
    run(async {
        let bus = Bus::new();
        let slow = bus.subscribe::<Sold>(1, Overflow::Wait);
        let fast = bus.subscribe::<Sold>(8, Overflow::Wait);
        bus.publish(Sold(0)).await;
        let publishing = bus.clone();
        let published = spawn(async move { Outcome::Ok(publishing.publish(Sold(1)).await) });
        assert_eq!([fast.recv().await?, fast.recv().await?], [Sold(0), Sold(1)]);
        assert_eq!([slow.recv().await?, slow.recv().await?], [Sold(0), Sold(1)]);
        assert_eq!(published.join().await?, 2);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_subscription_ends_with_its_receiver_and_not_with_a_publisher_that_fails() {
    run(async {
        let bus = Bus::new();
        let sold = bus.subscribe::<Sold>(4, Overflow::Wait);
        drop(bus.subscribe::<Sold>(4, Overflow::Wait));
        let failing = bus.clone();
        let failed = par![async move {
            failing.publish(Sold(1)).await;
            Err::<(), _>(Failure::new("the publisher's own fault"))
        }];
        assert!(failed.await.is_err());
        assert_eq!(bus.subscriptions::<Sold>(), 1);
        assert_eq!(bus.publish(Sold(2)).await, 1);
        drop(bus);
        assert_eq!([sold.next().await?, sold.next().await?, sold.next().await?], [Some(Sold(1)), Some(Sold(2)), None]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn the_last_of_a_bus_ends_a_subscription_in_order_though_its_process_fails() {
    run(async {
        let bus = Bus::new();
        let sold = bus.subscribe::<Sold>(4, Overflow::Wait);
        let failed = par![async move {
            let bus = bus;
            bus.publish(Sold(1)).await;
            Err::<(), _>(Failure::new("the publisher's own fault"))
        }];
        assert!(failed.await.is_err());
        assert_eq!([sold.next().await?, sold.next().await?], [Some(Sold(1)), None]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn who_has_ended_is_no_subscription_any_more() {
    run(async {
        let bus = Bus::new();
        let kept = bus.subscribe::<Sold>(4, Overflow::Wait);
        drop(bus.subscribe::<Sold>(4, Overflow::Wait));
        assert_eq!(bus.subscriptions::<Sold>(), 1);
        drop(kept);
        assert_eq!(bus.subscriptions::<Sold>(), 0);
        Outcome::Ok(())
    })
    .unwrap();
}

struct Ledger(Vec<u32>);

#[actor(crate = rendez_runtime)]
impl Ledger {
    #[actor(one_way)]
    pub(crate) async fn sold(&mut self, n: u32) {
        self.0.push(n);
    }

    pub(crate) async fn wait(&mut self, gate: Receiver<()>) {
        let _ = gate.next().await;
    }

    pub(crate) async fn all(&self) -> Vec<u32> {
        self.0.clone()
    }
}

#[test]
fn an_actor_hears_of_events_by_its_own_messages_until_it_ends() {
    run(async {
        let bus = Bus::new();
        let ledger: LedgerRef = spawn_actor(Ledger(vec![]));
        bus.subscribe_actor(ledger.address(), |Sold(n)| LedgerMessage::sold(n));
        for n in 0..3 {
            assert_eq!(bus.publish(Sold(n)).await, 1);
        }
        assert_eq!(ledger.all().await?, [0, 1, 2]);
        ledger.address().stop();
        ledger.process().ended().await;
        assert_eq!(bus.publish(Sold(3)).await, 0);
        assert_eq!(bus.subscriptions::<Sold>(), 0);
        Outcome::Ok(())
    })
    .unwrap();
}

#[rendez::test]
async fn an_actor_without_room_misses_events_and_stays_subscribed() -> Outcome {
    let bus = Bus::new();
    let ledger: LedgerRef = ActorOptions::new().mailbox(2).spawn(Ledger(vec![]));
    bus.subscribe_actor(ledger.address(), |Sold(n)| LedgerMessage::sold(n));
    let (open, gate) = channel();
    let busy = ledger.clone();
    let waiting = spawn(async move { Outcome::Ok(busy.wait(gate).await?) });
    settled().await?;
    let mut had = vec![];
    for n in 0..4 {
        had.push(bus.publish(Sold(n)).await);
    }
    assert_eq!(had, [1, 1, 0, 0], "so many have it");
    drop(open);
    waiting.join().await?;
    assert_eq!(ledger.all().await?, [0, 1]);
    assert_eq!(bus.publish(Sold(4)).await, 1);
    assert_eq!(ledger.all().await?, [0, 1, 4]);
    ledger.address().stop();
    Ok(())
}
