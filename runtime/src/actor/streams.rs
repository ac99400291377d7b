//! Streams: what an actor answers item by item, from a process below it, while it goes on. Which end they come to.

use super::{Actor, Context};
use crate::cell::Draft;
use crate::drive::process_of;
use crate::inner::Report;
use crate::process::spawn_under;
use crate::{Failure, IntoOutcome, Process, ProcessRef};
use rendez_channels::{ChannelOptions, Receiver, Sender, clock};
use rendez_model::ProcessKind;
use std::future::Future;
use std::time::Duration;

/// How long the streams of an actor that is stopped may take to end by themselves, those that listen to
/// [`stop_requested`](crate::stop_requested); the others are cut at once.
const GRACE: Duration = Duration::from_secs(1);

/// The streams of one incarnation that may live.
#[derive(Default)]
pub(crate) struct Streams(Vec<ProcessRef>);

impl Streams {
    fn add(&mut self, stream: ProcessRef) {
        if self.0.len() == self.0.capacity() {
            self.0.retain(|stream| !stream.cell().has_ended());
        }
        self.0.push(stream);
    }

    /// Takes those of another context of the same incarnation.
    pub(crate) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Has them all end: all are asked first, so that the grace is for all.
    pub(crate) async fn stop(self) {
        let streams = self.0;
        for stream in &streams {
            stream.request_stop();
        }
        let end = clock::now() + GRACE;
        for stream in streams {
            stream.stop_within(end.saturating_duration_since(clock::now())).await;
        }
    }
}

impl<A: Actor> Context<A> {
    /// Answers item by item: `body` makes the items in a process below the actor, and whoever asked receives them as they
    /// come, while the actor handles further messages. As many as `room` may be made ahead.
    ///
    /// The stream ends when `body` does, or when nobody receives any more. It is **poisoned**, so that nobody takes a part
    /// for the whole, when it is cut short: by a failure of `body`, which is the stream's alone; by a failure or a kill of the
    /// actor; by a stop of the actor, unless `body` heeds [`stop_requested`](crate::stop_requested) within a second. An actor
    /// whose last reference is gone waits for its streams.
    ///
    /// A method that sends later, when something happens, returns the receiver of a channel instead, and keeps the sender.
    ///
    /// ```
    /// use rendez_channels::Receiver;
    /// use rendez_runtime::{Context, Outcome, actor, run, spawn_actor};
    ///
    /// struct Primes;
    ///
    /// #[actor(crate = rendez_runtime)]
    /// impl Primes {
    ///     pub async fn below(&mut self, limit: u32, context: &mut Context<Self>) -> Receiver<u32> {
    ///         context.stream(8, async move |primes| {
    ///             for n in (2..limit).filter(|n| (2..*n).all(|d| n % d != 0)) {
    ///                 primes.send(n).await?;
    ///             }
    ///             Outcome::Ok(())
    ///         })
    ///     }
    /// }
    ///
    /// run(async {
    ///     let primes = spawn_actor(Primes).below(12).await?;
    ///     let mut found = vec![];
    ///     while let Some(n) = primes.next().await? {
    ///         found.push(n);
    ///     }
    ///     assert_eq!(found, [2, 3, 5, 7, 11]);
    ///     Outcome::Ok(())
    /// }).unwrap();
    /// ```
    #[track_caller]
    pub fn stream<T, F>(&mut self, room: usize, body: impl FnOnce(Sender<T>) -> F) -> Receiver<T>
    where
        T: Send + 'static,
        F: Future<Output: IntoOutcome> + Send + 'static,
    {
        let name = format!("{}.stream", self.process().name());
        let (sender, receiver) = ChannelOptions::bounded(room).name(&name).open();
        let cut = Failure::new(format!("`{}` ended before its stream did", self.process().name())).poison();
        let process = Process { job: process_of(Draft::new(name, ProcessKind::Function), body(sender)) };
        process.cell().control().set_poison(&cut);
        let stream = ProcessRef::new(process.cell());
        // It cannot fail to start: what runs the actor runs it. Who receives hears of its failure.
        let _ = spawn_under(process, Some(std::sync::Arc::clone(self.process().cell())), Report::Nobody);
        self.streams().add(stream);
        receiver
    }
}
