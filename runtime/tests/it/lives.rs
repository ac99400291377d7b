//! The life of an actor: its hooks, its timers, its ends, and who hears of the ends of others.

use rendez_channels::{Receiver, Sender, after, channel_unbounded};
use rendez_model::End;
use rendez_runtime::{
    ActorOptions, CallError, Context, Exit, Failure, Monitor, Outcome, ProcessRef, Scheduled, actor, crash_reports,
    link, run, spawn, spawn_actor,
};
use std::time::Duration;

/// Says what happens to it.
struct Witness {
    said: Sender<String>,
    fails_in: &'static str,
    monitors: Vec<Monitor>,
    timers: Vec<Scheduled>,
    ticks: u32,
}

fn witness(fails_in: &'static str) -> (Witness, Receiver<String>) {
    let (said, heard) = channel_unbounded();
    (Witness { said, fails_in, monitors: vec![], timers: vec![], ticks: 0 }, heard)
}

fn all(heard: &Receiver<String>) -> Vec<String> {
    std::iter::from_fn(|| heard.try_recv().ok()).collect()
}

impl Witness {
    fn say(&self, what: &str) {
        let _ = self.said.try_send(what.to_owned());
        assert!(self.fails_in != what, "as asked in {what}");
    }
}

#[actor(crate = rendez_runtime)]
impl Witness {
    #[actor(started)]
    async fn begin(&mut self) {
        self.say("started");
    }

    #[actor(stopping)]
    async fn finish(&mut self, context: &mut Context<Self>) -> Outcome {
        self.say("stopping");
        assert_eq!(context.process().name(), "Witness");
        Ok(())
    }

    #[actor(stopped)]
    fn last(&mut self, end: &End) {
        self.say("stopped");
        self.say(if *end == End::Normal { "in order" } else { "in failure" });
    }

    #[actor(exited)]
    async fn gone(&mut self, exit: Exit) {
        self.say(&format!("{} {} {:?}", if exit.linked { "linked" } else { "monitored" }, exit.name, exit.end));
    }

    #[actor(describe)]
    fn describe(&self) -> String {
        format!("{} ticks", self.ticks)
    }

    pub(crate) async fn speak(&mut self) -> u32 {
        self.say("spoken");
        self.ticks
    }

    #[actor(one_way)]
    pub(crate) async fn tick(&mut self) {
        self.ticks += 1;
        self.say("tick");
    }

    pub(crate) async fn tick_after(&mut self, delay: Duration, context: &mut Context<Self>) {
        self.timers.push(context.after(delay, WitnessMessage::tick()));
    }

    pub(crate) async fn tick_every(&mut self, period: Duration, context: &mut Context<Self>) {
        let fails = self.fails_in == "timer";
        let make = move || {
            assert!(!fails, "as asked in timer");
            WitnessMessage::tick()
        };
        self.timers.push(context.every(period, make));
    }

    pub(crate) async fn cancel_timers(&mut self, context: &mut Context<Self>) -> Vec<bool> {
        self.timers.drain(..).map(|timer| context.cancel(timer)).collect()
    }

    pub(crate) async fn fail(&mut self, context: &mut Context<Self>) {
        context.fail(Failure::new("as asked"));
    }

    pub(crate) async fn monitor(&mut self, process: ProcessRef, context: &mut Context<Self>) {
        self.monitors.push(context.monitor(&process));
    }

    pub(crate) async fn demonitor(&mut self, context: &mut Context<Self>) -> Vec<bool> {
        self.monitors.drain(..).map(|monitor| context.demonitor(&monitor)).collect()
    }
}

#[test]
fn hooks_run_around_all_messages() {
    run(async {
        let (state, heard) = witness("");
        let witness = spawn_actor(state);
        witness.speak().await?;
        let process = witness.process();
        drop(witness);
        assert_eq!(process.ended().await, End::Normal);
        assert_eq!(all(&heard), ["started", "spoken", "stopping", "stopped", "in order"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_stop_runs_the_hooks_and_a_kill_does_not() {
    run(async {
        for (kill, expected) in [(false, vec!["started", "stopping", "stopped", "in order"]), (true, vec!["started"])] {
            let (state, heard) = witness("");
            let witness = spawn_actor(state);
            assert_eq!(heard.recv().await?, "started");
            let address = witness.address();
            if kill {
                address.kill()
            } else {
                address.stop()
            }
            let end = address.process().ended().await;
            assert_eq!(end, if kill { End::Cancelled } else { End::Normal });
            assert_eq!(all(&heard), expected[1..]);
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_panic_in_start_handler_timer_or_stop_is_one_and_the_same_failure() {
    let reports = crash_reports();
    for (place, message) in
        [("started", "started"), ("spoken", "speak"), ("tick", "tick"), ("timer", "timer"), ("stopping", "stopping")]
    {
        let (state, heard) = witness(place);
        let failure = run(async move {
            let witness = ActorOptions::new().named("witness").spawn(state);
            let _ = witness.tick_every(Duration::from_millis(1)).await;
            if place != "tick" && place != "timer" {
                let _ = witness.speak().await;
                witness.address().stop();
            }
            std::future::pending::<()>().await;
        })
        .unwrap_err()
        .to_string();
        let heard = all(&heard);
        // The name is another than the hook expects: the assertion there is the failure then.
        if place != "stopping" {
            assert!(failure.contains(&format!("as asked in {place}")), "{failure}");
        }
        assert!(failure.contains(&format!("`Witness::{message}` of process `witness` (spawned at")), "{failure}");
        assert_eq!(heard[heard.len() - 2..], ["stopped", "in failure"], "{place}: {heard:?}");
        // Actors of other tests fail too.
        let report = reports.iter_blocking().flatten().find(|report| report.actor == "witness").unwrap();
        assert_eq!(report.message, message);
        assert!(report.spawned_at.contains("lives.rs") && report.state.ends_with("ticks"), "{report}");
    }
}

#[test]
fn a_crash_report_names_the_last_messages_and_the_state() {
    let reports = crash_reports();
    let (state, _heard) = witness("");
    run(async move {
        let witness = ActorOptions::new().named("reported").spawn(state);
        witness.tick().await?;
        witness.speak().await?;
        witness.fail().await?;
        std::future::pending::<Outcome>().await
    })
    .unwrap_err();
    let mut report = reports.recv_blocking().unwrap();
    while report.actor != "reported" {
        report = reports.recv_blocking().unwrap();
    }
    assert_eq!((report.message, report.before.as_slice()), ("fail", ["tick", "speak"].as_slice()));
    assert_eq!((report.state.as_str(), report.cause.as_str()), ("1 ticks", "as asked"));
}

#[test]
fn delayed_messages_come_and_a_cancel_that_says_so_has_taken_them_back() {
    run(async {
        let (state, heard) = witness("");
        let witness = spawn_actor(state);
        assert_eq!(heard.recv().await?, "started");
        witness.tick_after(Duration::from_secs(3600)).await?;
        witness.tick_after(Duration::from_millis(1)).await?;
        assert_eq!(heard.recv().await?, "tick");
        assert_eq!(witness.cancel_timers().await?, [true, false], "the second has been handled");
        let outside = witness.address().tell_after(Duration::from_millis(1), WitnessMessage::tick())?;
        assert_eq!(heard.recv().await?, "tick");
        assert!(!witness.address().cancel(outside));
        let outside = witness.address().tell_after(Duration::from_secs(3600), WitnessMessage::tick())?;
        assert!(witness.address().cancel(outside));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn periodic_messages_come_until_they_are_cancelled_and_do_not_keep_the_actor() {
    run(async {
        let (state, heard) = witness("");
        let witness = spawn_actor(state);
        witness.tick_every(Duration::from_millis(1)).await?;
        assert_eq!(heard.recv().await?, "started");
        for _ in 0..3 {
            assert_eq!(heard.recv().await?, "tick");
        }
        assert_eq!(witness.cancel_timers().await?, [true]);
        all(&heard);
        after(Duration::from_millis(10)).await;
        assert!(all(&heard).is_empty(), "none comes after the cancel");
        witness.tick_every(Duration::from_millis(1)).await?;
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_delayed_message_is_waited_for_after_the_last_reference_is_gone() {
    run(async {
        let (state, heard) = witness("");
        let witness = spawn_actor(state);
        witness.tick_after(Duration::from_millis(5)).await?;
        let process = witness.process();
        drop(witness);
        process.ended().await;
        assert_eq!(all(&heard)[..2], ["started", "tick"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_stopped_actor_counts_the_delayed_messages_that_it_will_not_handle() {
    run(async {
        let (state, _heard) = witness("");
        let witness = spawn_actor(state);
        witness.address().tell_after(Duration::from_secs(3600), WitnessMessage::tick())?;
        witness.address().stop();
        witness.process().ended().await;
        assert_eq!(witness.address().undelivered(), 1);
        let late = witness.address().tell_after(Duration::ZERO, WitnessMessage::tick());
        assert!(matches!(late, Err(CallError::NotSent(_))));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_monitor_fires_exactly_once_also_for_who_has_ended_already() {
    run(async {
        let (state, heard) = witness("");
        let witness = spawn_actor(state);
        assert_eq!(heard.recv().await?, "started");
        let done = spawn(async { Outcome::Ok(()) }.into_process_named("done")).process();
        done.ended().await;
        let living = spawn(std::future::pending::<Outcome>().into_process_named("living")).process();
        witness.monitor(done.clone()).await?;
        witness.monitor(living.clone()).await?;
        assert_eq!(heard.recv().await?, "monitored done Normal");
        living.stop();
        assert_eq!(heard.recv().await?, "monitored living Cancelled");
        witness.speak().await?;
        assert_eq!(all(&heard), ["spoken"], "and never again");
        assert_eq!(witness.demonitor().await?, [false, false]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_monitor_that_is_given_up_never_fires() {
    run(async {
        let (state, heard) = witness("");
        let witness = spawn_actor(state);
        let living = spawn(std::future::pending::<Outcome>()).process();
        witness.monitor(living.clone()).await?;
        assert_eq!(witness.demonitor().await?, [true]);
        living.stop();
        living.ended().await;
        witness.speak().await?;
        assert_eq!(all(&heard), ["started", "spoken"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn many_monitors_of_processes_that_end_at_once_fire_once_each() {
    run(async {
        let (state, heard) = witness("");
        let witness = spawn_actor(state);
        let living: Vec<_> = (0..200).map(|_| spawn(std::future::pending::<Outcome>()).process()).collect();
        for process in &living {
            witness.monitor(process.clone()).await?;
        }
        let stopping = living.clone();
        let stopper = spawn(rendez_runtime::blocking("stopper", move || {
            stopping.iter().for_each(ProcessRef::stop);
        }));
        stopper.join().await?;
        for process in &living {
            process.ended().await;
        }
        let mut exits = 0;
        while exits < 200 {
            exits += usize::from(heard.recv().await?.starts_with("monitored"));
        }
        witness.speak().await?;
        assert_eq!(all(&heard), ["spoken"], "and no more");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn linked_processes_end_together_unless_one_hears_exits() {
    run(async {
        let endless = || spawn(std::future::pending::<Outcome>().into_process_named("endless")).process();
        let (one, other, third) = (endless(), endless(), endless());
        link(&one, &other);
        link(&other, &third);
        one.stop();
        assert_eq!((other.ended().await, third.ended().await), (End::Cancelled, End::Cancelled));

        let normal = spawn(async { Outcome::Ok(()) }).process();
        let stays = endless();
        link(&normal, &stays);
        normal.ended().await;

        let (state, heard) = witness("");
        let witness = spawn_actor(state);
        link(&witness.process(), &stays);
        stays.stop();
        stays.ended().await;
        // Whoever waits for an end may see it before all who are linked have.
        assert_eq!([heard.recv().await?, heard.recv().await?], ["started", "linked endless Cancelled"]);
        witness.speak().await?;
        assert_eq!(all(&heard), ["spoken"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_actor_that_hears_exits_lives_while_it_watches() {
    run(async {
        let (state, heard) = witness("");
        let witness = spawn_actor(state);
        let living = spawn(std::future::pending::<Outcome>()).process();
        witness.monitor(living.clone()).await?;
        let process = witness.process();
        drop(witness);
        after(Duration::from_millis(5)).await;
        living.stop();
        process.ended().await;
        assert_eq!(all(&heard)[1], "monitored async block Cancelled");
        Outcome::Ok(())
    })
    .unwrap();
}

/// A future with a process's name.
trait Named: Sized {
    fn into_process_named(self, name: &str) -> rendez_runtime::Process<()>;
}

impl<F: Future<Output = Outcome> + Send + 'static> Named for F {
    fn into_process_named(self, name: &str) -> rendez_runtime::Process<()> {
        rendez_runtime::Process::new(name, self)
    }
}
