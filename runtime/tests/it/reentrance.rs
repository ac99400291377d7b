//! Re-entrance: messages that share the state are handled beside each other, the others alone; call cycles.

use rendez_channels::{Receiver, Sender, after, channel, channel_bounded, channel_unbounded};
use rendez_model::ProcessId;
use rendez_runtime::testing::settled;
use rendez_runtime::{
    ActorOptions, CallError, Context, Failure, News, Outcome, RunOptions, Scheduler, Spawned, Supervisor, actor,
    crash_reports, deadlocks, detached, run, spawn, spawn_actor,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Asks its friend, who asks back.
#[derive(Default)]
struct Person {
    friend: Mutex<Option<FriendRef>>,
    asked: AtomicU32,
}

#[actor(crate = rendez_runtime)]
impl Person {
    pub(crate) async fn meet(&mut self, friend: FriendRef) {
        *self.friend.lock().unwrap() = Some(friend);
    }

    /// Alone: the state is its own while it waits.
    pub(crate) async fn visit_alone(&mut self) -> Result<u32, CallError> {
        let friend = self.friend();
        friend.visited().await.map_err(|error| CallError::Failed(error.to_string()))
    }

    #[actor(reentrant)]
    pub(crate) async fn visit(&self) -> Result<u32, CallError> {
        let friend = self.friend();
        friend.visited().await.map_err(|error| CallError::Failed(error.to_string()))
    }

    #[actor(reentrant)]
    pub(crate) async fn age(&self) -> u32 {
        self.asked.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn friend(&self) -> FriendRef {
        self.friend.lock().unwrap().clone().unwrap()
    }
}

struct Friend(PersonRef);

#[actor(crate = rendez_runtime)]
impl Friend {
    pub(crate) async fn visited(&mut self) -> Result<u32, CallError> {
        self.0.age().await
    }
}

async fn friends() -> (PersonRef, FriendRef) {
    let person: PersonRef = spawn_actor(Person::default());
    let friend: FriendRef = spawn_actor(Friend(person.clone()));
    person.meet(friend.clone()).await.unwrap();
    (person, friend)
}

/// Until a deadlock of these two is named.
async fn named(begin: impl FnOnce(PersonRef) + Send + 'static) -> Outcome<String> {
    let reports = deadlocks();
    let (tell, told) = channel_bounded::<[ProcessId; 2]>(1);
    let case = detached(async move {
        let (person, friend) = friends().await;
        let _ = tell.try_send([person.process().id(), friend.process().id()]);
        drop(friend);
        begin(person);
        std::future::pending::<Outcome>().await
    });
    let members = told.recv().await?;
    let said = loop {
        let report = reports.recv().await?;
        let steps = &report.cycle.steps;
        if report.news != News::Over && members.iter().all(|id| steps.iter().any(|step| step.process == *id)) {
            break report.to_string();
        }
    };
    case.stop();
    case.process().ended().await;
    Ok(said)
}

#[test]
fn an_exclusive_call_cycle_is_a_deadlock_that_is_named() {
    let said = run(named(|person| {
        spawn(async move { Outcome::Ok(person.visit_alone().await) });
    }));
    let said = said.unwrap();
    assert!(said.contains("Person") && said.contains("Friend"), "{said}");
}

#[test]
fn a_re_entrant_call_cycle_is_answered() {
    run(async {
        let (person, _friend) = friends().await;
        assert_eq!(person.visit().await.unwrap(), 1);
        // They refer to each other.
        person.address().stop();
        Outcome::Ok(())
    })
    .unwrap();
}

/// Waits at gates, and notes what happens to it.
struct House {
    log: Arc<Mutex<Vec<String>>>,
    inside: Arc<AtomicU32>,
    most: AtomicU32,
}

#[actor(crate = rendez_runtime, reentrant)]
impl House {
    pub(crate) async fn stay(&self, gate: Receiver<()>) -> u32 {
        let inside = self.inside.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(inside, Ordering::Relaxed);
        let _ = gate.next().await;
        self.inside.fetch_sub(1, Ordering::Relaxed) - 1
    }

    pub(crate) async fn most(&self) -> u32 {
        self.most.load(Ordering::Relaxed)
    }

    pub(crate) async fn look(&self) -> u32 {
        self.inside.load(Ordering::Relaxed)
    }

    pub(crate) async fn clean(&mut self, name: &'static str) -> u32 {
        self.log.lock().unwrap().push(name.to_owned());
        self.inside.load(Ordering::Relaxed)
    }

    pub(crate) async fn burn(&self) {
        panic!("as asked");
    }

    pub(crate) async fn close(&self, context: &mut Context<Self>) {
        context.stop();
    }

    pub(crate) async fn fail(&self, context: &mut Context<Self>) {
        context.fail(Failure::new("as asked"));
    }

    #[actor(one_way)]
    pub(crate) async fn remind(&self, context: &mut Context<Self>) {
        context.notify(HouseMessage::note("reminded"));
    }

    #[actor(one_way)]
    pub(crate) async fn note(&self, text: &'static str) {
        self.log.lock().unwrap().push(text.to_owned());
    }
}

fn house() -> (House, Arc<Mutex<Vec<String>>>) {
    let log = Arc::<Mutex<Vec<String>>>::default();
    (House { log: Arc::clone(&log), inside: Arc::default(), most: AtomicU32::new(0) }, log)
}

#[test]
fn those_that_share_the_state_are_handled_beside_each_other() {
    run(async {
        let house: HouseRef = spawn_actor(house().0);
        let (open, gate) = channel_unbounded::<()>();
        let guests: Vec<_> = (0..200)
            .map(|_| {
                let (house, gate) = (house.clone(), gate.clone());
                spawn(async move { Outcome::Ok(house.stay(gate).await?) })
            })
            .collect();
        while house.look().await? < 200 {}
        drop(open);
        for guest in guests {
            guest.join().await?;
        }
        assert_eq!((house.most().await?, house.look().await?), (200, 0));
        Outcome::Ok(())
    })
    .unwrap();
}

/// So many may be under way at once.
const ROOM: u32 = 256;

/// A house with so many guests, each a process, who stay until the gate is opened, and who counts those that are in.
async fn full_house(guests: u32) -> Outcome<(HouseRef, Sender<()>, Vec<Spawned<u32>>, Arc<AtomicU32>)> {
    let (state, _) = house();
    let inside = Arc::clone(&state.inside);
    let house: HouseRef = spawn_actor(state);
    let (open, gate) = channel::<()>();
    let come = |_| {
        let (house, gate) = (house.clone(), gate.clone());
        spawn(async move { Outcome::Ok(house.stay(gate).await?) })
    };
    let guests = (0..guests).map(come).collect();
    settled().await?;
    Ok((house, open, guests, inside))
}

#[rendez::test]
async fn one_more_than_may_be_under_way_waits_until_one_is_not() -> Outcome {
    let (house, open, guests, inside) = full_house(ROOM + 44).await?;
    assert_eq!(inside.load(Ordering::Relaxed), ROOM);
    drop(open);
    for guest in guests {
        guest.join().await?;
    }
    assert_eq!(house.most().await?, ROOM);
    Ok(())
}

#[rendez::test]
async fn a_stop_is_heard_where_no_more_can_be_under_way() -> Outcome {
    let (house, open, guests, _) = full_house(ROOM).await?;
    let late = house.clone();
    let late = spawn(async move { Outcome::Ok(late.look().await) });
    settled().await?;
    house.address().stop();
    let refused = late.join().await?;
    assert!(matches!(refused, Err(CallError::NotSent(_))), "though nobody has left: {refused:?}");
    drop(open);
    for guest in guests {
        guest.join().await?;
    }
    Ok(())
}

#[rendez::test]
async fn all_that_comes_after_a_stop_is_given_back_where_nothing_more_can_be_set_aside() -> Outcome {
    let (dead, letters) = channel_unbounded();
    let (state, _) = house();
    let house: HouseRef = ActorOptions::new().aside(1).dead_letters(dead).spawn(state);
    let (open, gate) = channel::<()>();
    let staying = house.clone();
    let guest = spawn(async move { Outcome::Ok(staying.stay(gate).await?) });
    settled().await?;
    house.tell_clean("once they have left").await?;
    settled().await?;
    house.address().stop();
    for _ in 0..3 {
        house.note("too late").await?;
        settled().await?;
    }
    drop(open);
    guest.join().await?;
    let address = house.address();
    address.process().ended().await;
    assert_eq!((address.undelivered(), letters.try_iter().count()), (4, 4));
    Ok(())
}

#[rendez::test]
async fn what_is_urgent_or_due_is_handled_though_nothing_else_comes() -> Outcome {
    let (state, log) = house();
    let house: HouseRef = spawn_actor(state);
    let (open, gate) = channel::<()>();
    let staying = house.clone();
    let guest = spawn(async move { Outcome::Ok(staying.stay(gate).await?) });
    settled().await?;
    house.address().urge(HouseMessage::note("urgent")).await?;
    settled().await?;
    assert_eq!(*log.lock().unwrap(), ["urgent"]);
    house.address().tell_after(Duration::from_secs(60), HouseMessage::note("due"))?;
    after(Duration::from_secs(61)).await;
    assert_eq!(*log.lock().unwrap(), ["urgent", "due"]);
    drop(open);
    guest.join().await?;
    Ok(())
}

#[test]
fn others_have_their_turn_between_messages_that_share_the_state() {
    const MESSAGES: usize = 1_000;
    // One thread: what the house leaves others is all that they have.
    let alone = RunOptions::new().workers(1).scheduler(Scheduler::TokioTasks);
    let left = alone.run(async {
        let house = ActorOptions::new().mailbox(usize::MAX).spawn(house().0);
        let (open, gate) = channel::<()>();
        let staying = house.clone();
        let guest = spawn(async move { Outcome::Ok(staying.stay(gate).await?) });
        while house.look().await? == 0 {}
        for _ in 0..MESSAGES {
            house.note("one of many").await?;
        }
        let address = house.address().clone();
        let left = spawn(async move { Outcome::Ok(address.load()) }).join().await?;
        drop(open);
        guest.join().await?;
        Outcome::Ok(left)
    });
    let left = left.unwrap();
    assert!(left >= MESSAGES / 2, "another process had its turn when {left} of {MESSAGES} messages were left");
}

#[test]
fn a_crash_report_names_the_method_that_shared_the_state() {
    run(async {
        let reports = crash_reports();
        let house: HouseRef = Supervisor::one_for_one().start().actor("the house that burns", || house().0);
        assert!(house.burn().await.is_err());
        let report = loop {
            // Other tests have crashes, too.
            let report = reports.recv().await?;
            if report.actor == "the house that burns" {
                break report;
            }
        };
        assert_eq!(report.message, "burn");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn who_needs_the_state_for_itself_waits_until_it_is_alone() {
    run(async {
        let (state, log) = house();
        let house: HouseRef = spawn_actor(state);
        let (open, gate) = channel::<()>();
        let staying = house.stay(gate);
        let others = async {
            let cleaning = async { tokio::join!(house.clean("first"), house.clean("second")) };
            let meanwhile = async {
                assert_eq!(house.look().await?, 1, "overtakes those who wait to be alone");
                assert!(log.lock().unwrap().is_empty());
                house.remind().await?;
                while log.lock().unwrap().is_empty() {
                    house.look().await?;
                }
                open.send(()).await?;
                Outcome::Ok(())
            };
            tokio::join!(cleaning, meanwhile)
        };
        let (stayed, ((first, second), meanwhile)) = tokio::join!(staying, others);
        meanwhile?;
        assert_eq!((stayed?, first?, second?), (0, 0, 0));
        assert_eq!(*log.lock().unwrap(), ["reminded", "first", "second"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_panic_ends_the_incarnation_and_all_that_is_under_way_in_it() {
    run(async {
        for panics in [true, false] {
            let house: HouseRef = Supervisor::one_for_one().start().actor("house", || house().0);
            let (_open, gate) = channel::<()>();
            let failing = async {
                while house.look().await? < 1 {}
                if panics { house.burn().await } else { house.fail().await }
            };
            let (stayed, failed) = tokio::join!(house.stay(gate), failing);
            assert!(matches!(stayed, Err(CallError::Unknown(_))), "it had begun: {stayed:?}");
            assert_eq!(matches!(failed, Err(CallError::Failed(_))), panics, "{failed:?}");
            assert_eq!(house.look().await?, 0, "the next incarnation");
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_stop_waits_for_those_under_way_and_refuses_those_who_come() {
    run(async {
        let house: HouseRef = spawn_actor(house().0);
        let (open, gate) = channel::<()>();
        let stopping = async {
            house.close().await?;
            let late = house.look().await;
            assert!(matches!(late, Err(CallError::NotSent(_))), "{late:?}");
            let late = house.clean("late").await;
            assert!(matches!(late, Err(CallError::NotSent(_))), "{late:?}");
            open.send(()).await?;
            Outcome::Ok(())
        };
        let (stayed, stopped) = tokio::join!(house.stay(gate), stopping);
        stopped?;
        assert_eq!(stayed?, 0);
        house.process().ended().await;
        assert_eq!(house.address().undelivered(), 2);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_look_alike_of_a_call_cycle_is_never_named() {
    run(async {
        let reports = deadlocks();
        let (person, friend) = friends().await;
        for _ in 0..2000 {
            person.visit().await.unwrap();
        }
        rendez_channels::after(Duration::from_millis(500)).await;
        let members = [person.process().id(), friend.process().id()];
        while let Ok(report) = reports.try_recv() {
            let own = report.cycle.steps.iter().any(|step| members.contains(&step.process));
            assert!(!(own && report.news == News::Certain), "{report}");
        }
        person.address().stop();
        Outcome::Ok(())
    })
    .unwrap();
}
