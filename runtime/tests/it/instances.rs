//! Instance modes: one for all, one for each session, one for each call.

use rendez_channels::{Sender, channel_unbounded};
use rendez_model::End;
use rendez_runtime::{CallError, Instances, Mode, Outcome, Supervisor, actor, run};

/// Counts its calls, and says when it begins and ends.
struct Counter {
    calls: u32,
    said: Sender<&'static str>,
}

#[actor(crate = rendez_runtime)]
impl Counter {
    #[actor(started)]
    async fn started(&mut self) {
        let _ = self.said.try_send("started");
    }

    #[actor(stopped)]
    async fn stopped(&mut self, _end: &End) {
        let _ = self.said.try_send("stopped");
    }

    pub(crate) async fn call(&mut self) -> u32 {
        self.calls += 1;
        self.calls
    }

    pub(crate) async fn crash(&mut self) {
        panic!("as asked");
    }
}

/// What two who each open the service count in two calls, and what the actors say meanwhile.
async fn counted(mode: Mode) -> Outcome<([u32; 4], Vec<&'static str>)> {
    let (said, heard) = channel_unbounded();
    let supervisor = Supervisor::dynamic().start();
    let make = move || Counter { calls: 0, said: said.clone() };
    let service = Instances::new(&supervisor, "counter", mode, make);
    assert!(heard.is_empty(), "none before the first is opened");
    let (one, other) = (service.open(), service.open());
    let counts = [one.call().await?, one.call().await?, other.call().await?, other.call().await?];
    let ends = [one.process(), other.process()];
    drop((one, other, service));
    for process in ends {
        process.ended().await;
    }
    Ok((counts, heard.try_iter().collect()))
}

#[test]
fn all_share_a_single_one() {
    let (counts, said) = run(counted(Mode::Single)).unwrap();
    assert_eq!((counts, said), ([1, 2, 3, 4], vec!["started", "stopped"]));
}

#[test]
fn each_session_has_its_own_which_ends_with_it() {
    let (counts, said) = run(counted(Mode::PerSession)).unwrap();
    assert_eq!(counts, [1, 2, 1, 2]);
    assert_eq!(said.iter().filter(|said| **said == "stopped").count(), 2);
    assert_eq!(said.len(), 4);
}

#[test]
fn each_call_has_its_own_which_ends_with_it() {
    let (counts, said) = run(counted(Mode::PerCall)).unwrap();
    assert_eq!(counts, [1, 1, 1, 1]);
    let count = |what| said.iter().filter(|said| **said == what).count();
    assert_eq!((count("started"), count("stopped")), (6, 6), "four calls, and the two that wait for more");
}

#[test]
fn a_call_that_fails_is_alone_in_that() {
    run(async {
        let (said, _heard) = channel_unbounded();
        let supervisor = Supervisor::dynamic().start();
        let make = move || Counter { calls: 0, said: said.clone() };
        let service = Instances::new(&supervisor, "counter", Mode::PerCall, make).open();
        assert!(matches!(service.crash().await, Err(CallError::Failed(_))));
        assert_eq!(service.call().await?, 1);
        Outcome::Ok(())
    })
    .unwrap();
}
