//! Guests: actors of actix as they are, on an arbiter and a thread of their own, in a scope.

use actix::{Actor, ActorContext, Addr, Handler, MailboxError, Message, Running, System};
use rendez_channels::{Receiver, Sender, channel_unbounded};
use rendez_model::End;
use rendez_runtime::actix::{guest, guest_actor};
use rendez_runtime::{Outcome, Process, par, run, spawn};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// Cannot be sent, and says what happens to it.
struct Local {
    count: Rc<Cell<u32>>,
    said: Sender<&'static str>,
}

impl Actor for Local {
    type Context = actix::Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let _ = self.said.try_send("started");
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        let _ = self.said.try_send("stopping");
        Running::Stop
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        let _ = self.said.try_send("stopped");
    }
}

/// What it is to do.
enum Do {
    Count,
    Stop,
    Panic,
    StopTheSystem,
}

impl Message for Do {
    type Result = u32;
}

impl Handler<Do> for Local {
    type Result = u32;

    fn handle(&mut self, what: Do, context: &mut Self::Context) -> u32 {
        match what {
            Do::Count => self.count.set(self.count.get() + 1),
            Do::Stop => context.stop(),
            Do::Panic => panic!("as asked"),
            Do::StopTheSystem => System::current().stop(),
        }
        self.count.get()
    }
}

fn local() -> (Addr<Local>, Process, Receiver<&'static str>) {
    let (said, heard) = channel_unbounded();
    let (address, process) = guest_actor("local", move |_| Local { count: Rc::default(), said });
    (address, process, heard)
}

fn all(heard: &Receiver<&'static str>) -> Vec<&'static str> {
    std::iter::from_fn(|| heard.try_recv().ok()).collect()
}

const LIFE: [&str; 3] = ["started", "stopping", "stopped"];

#[test]
fn a_guest_is_asked_and_its_stop_is_the_end_of_its_process() {
    run(async {
        let (local, process, heard) = local();
        let process = spawn(process);
        assert_eq!((local.send(Do::Count).await?, local.send(Do::Count).await?), (1, 2));
        assert_eq!(process.process().name(), "local");
        local.send(Do::Stop).await?;
        process.join().await?;
        assert_eq!(local.send(Do::Count).await, Err(MailboxError::Closed));
        assert_eq!(all(&heard), LIFE);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn the_last_address_ends_a_guest() {
    run(async {
        let (local, process, heard) = local();
        let process = spawn(process);
        local.send(Do::Count).await?;
        drop(local);
        process.join().await?;
        assert_eq!(all(&heard), LIFE);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_panic_of_a_guest_fails_its_scope_with_name_and_line() {
    let failure = run(async {
        let (local, process, _heard) = local();
        par![process, async move {
            assert_eq!(local.send(Do::Panic).await, Err(MailboxError::Closed));
            std::future::pending::<()>().await;
            Outcome::Ok(())
        }]
        .within(Duration::from_secs(60))
        .await
    })
    .unwrap_err();
    assert!(failure.is_panic(), "{failure}");
    let text = failure.to_string();
    assert!(text.starts_with("process `local` (spawned at ") && text.contains("guests.rs:"), "{text}");
    assert!(text.ends_with("panicked: as asked"), "{text}");
}

#[test]
fn a_guest_is_ended_with_its_scope_and_has_its_last_words() {
    run(async {
        let (local, process, heard) = local();
        let process = spawn(process);
        local.send(Do::Count).await?;
        process.stop();
        assert_eq!(process.process().ended().await, End::Cancelled);
        assert_eq!(all(&heard), LIFE);
        assert!(!local.connected());
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_guest_that_is_requested_to_stop_ends_in_order() {
    run(async {
        let (local, process, heard) = local();
        let process = spawn(process);
        local.send(Do::Count).await?;
        assert_eq!(process.process().stop_within(Duration::from_secs(60)).await, End::Normal);
        assert_eq!(all(&heard), LIFE);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_guest_that_is_ended_before_it_runs_never_starts() {
    run(async {
        let (local, process, heard) = local();
        assert!(local.connected());
        drop(process);
        assert!(!local.connected());
        assert!(all(&heard).is_empty());
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_guest_that_stops_its_system_ends() {
    run(async {
        let (local, process, heard) = local();
        let process = spawn(process);
        local.do_send(Do::StopTheSystem);
        process.join().await?;
        assert_eq!(all(&heard), LIFE);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_system_of_several_actors_is_one_guest() {
    let (said, heard) = channel_unbounded();
    let sum = run(async {
        guest("several", move || async move {
            let start = || Local { count: Rc::default(), said: said.clone() }.start();
            let (one, two) = (start(), start());
            one.send(Do::Count).await?;
            Outcome::Ok(one.send(Do::Count).await? + two.send(Do::Count).await?)
        })
        .await
    });
    assert_eq!(sum.unwrap(), 3);
    let mut words = all(&heard);
    words.sort_unstable();
    assert_eq!(words, ["started", "started", "stopped", "stopped", "stopping", "stopping"], "they end with it");
}

#[test]
fn a_guest_whose_system_is_stopped_has_no_outcome() {
    let failure = run(async {
        guest("stopped", || async {
            System::current().stop_with_code(3);
            std::future::pending::<Outcome>().await
        })
        .await
    })
    .unwrap_err()
    .to_string();
    assert!(failure.contains("its actix system was stopped with code 3 before its body had ended"), "{failure}");
}

#[test]
fn many_guests_come_and_go() {
    let ended = run(async {
        let guests = (0..20).map(|_| {
            let (local, process, heard) = local();
            async move {
                let process = spawn(process);
                local.send(Do::Count).await?;
                process.stop();
                process.process().ended().await;
                Outcome::Ok(all(&heard))
            }
        });
        par(guests).values().await
    });
    assert_eq!(ended.unwrap(), [LIFE; 20]);
}
