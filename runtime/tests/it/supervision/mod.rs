//! Supervision: behaviours of the test suite of Erlang/OTP's supervisor (`lib/stdlib/test/supervisor_SUITE.erl`), by the names that they have
//! there (`otp`), and our own (`own`). What both use is here.
//!
//! Left out, with why:
//! - `sup_start_ignore_*`: a child that is not there to be started is not added; making one has no "ignore".
//! - `sup_start_error_return`, `sup_start_map_faulty_specs`, `sup_flags`, `child_specs`: specs are typed, a faulty one does not compile.
//! - `extra_return`: a start gives the reference, and the process.
//! - `child_adm` where a terminated child's spec is kept: `remove` ends and forgets in one, `restart` ends and starts again.
//! - `faulty_application_shutdown`, `simple_global_supervisor`, `code_change*`: applications, global names and loading code at run
//!   time are not ours.
//! - `do_not_save_*`: what a child is made with is not kept once it has ended for good; `temporary_*` here show it.
//! - `hanging_restart_loop*`: a start that fails is a failure like any other, and a loop of them ends by the intensity:
//!   `a_restart_loop_ends_by_its_intensity`.

mod declared;
mod otp;
mod own;

use rendez_channels::{ChannelOptions, Receiver, Sender, after, channel, channel_bounded, channel_unbounded};
use rendez_model::End;
use rendez_runtime::{
    AutoShutdown, Backoff, CallError, ChildError, ChildSpec, Failure, ORDERS_MAX, Outcome, Process, Restart, Shutdown,
    Supervisor, SupervisorRef, actor, run, spawn, stop_requested,
};
use std::time::Duration;

/// A child that notes what happens to it, and does as it is told.
struct Child {
    name: &'static str,
    notes: Sender<String>,
    messages: u32,
}

#[actor(crate = rendez_runtime)]
impl Child {
    #[actor(started)]
    fn started(&mut self) {
        let _ = self.notes.try_send(format!("{} up", self.name));
    }

    #[actor(stopped)]
    fn stopped(&mut self, end: &End) {
        let how = if *end == End::Normal { "down" } else { "crashed" };
        let _ = self.notes.try_send(format!("{} {how}", self.name));
    }

    /// How many messages this incarnation has handled.
    pub(crate) async fn count(&mut self) -> u32 {
        self.messages += 1;
        self.messages
    }

    pub(crate) async fn crash(&mut self) {
        panic!("as asked");
    }

    pub(crate) async fn hang(&mut self) {
        let _ = self.notes.try_send(format!("{} hangs", self.name));
        std::future::pending().await
    }

    #[actor(one_way)]
    pub(crate) async fn stop(&mut self, context: &mut rendez_runtime::Context<Self>) {
        context.stop();
    }
}

struct Notes(Sender<String>, Receiver<String>);

impl Notes {
    fn new() -> Self {
        // A supervisor that gives up poisons the channels of its children; these notes are to be read afterwards.
        let (notes, noted) = ChannelOptions::unbounded().immune(u32::MAX).open();
        Self(notes, noted)
    }

    fn spec(&self, name: &'static str) -> (ChildSpec, ChildRef) {
        let notes = self.0.clone();
        ChildSpec::actor(name, move || Child { name, notes: notes.clone(), messages: 0 })
    }

    /// The next notes, as many as are expected.
    async fn expect(&self, expected: &[&str]) {
        for expected in expected {
            assert_eq!(self.1.recv().await.as_deref(), Ok(*expected));
        }
    }

    /// The next notes, in whatever order.
    async fn expect_all(&self, expected: &[&str]) {
        let mut notes = Vec::new();
        for _ in expected {
            notes.push(self.1.recv().await.unwrap());
        }
        notes.sort();
        assert_eq!(notes, expected);
    }

    fn none(&self) {
        assert!(self.1.try_recv().is_err(), "something else has happened");
    }
}

async fn crash(child: &ChildRef) {
    assert!(matches!(child.crash().await, Err(CallError::Failed(_))));
}

async fn names(supervisor: &SupervisorRef) -> Vec<String> {
    supervisor.children().await.unwrap().into_iter().map(|child| child.name).collect()
}

/// Starts a supervisor as a process whose failure does not end the test.
fn watched(supervisor: Supervisor) -> rendez_runtime::Spawned<Result<(), String>> {
    spawn(async move { Outcome::Ok(supervisor.run().await.map_err(|failure| failure.to_string())) })
}

fn is_over<T: std::fmt::Debug>(ended: &Result<T, CallError>) -> bool {
    matches!(ended, Err(CallError::NotSent(_)))
}
