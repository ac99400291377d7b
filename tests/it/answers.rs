//! Actors of another node that answer with channel ends: streams, subscriptions, inputs.

use rendez::net::{Admit, Config, Identity, LENT_MAX, Node, Transport};
use rendez::prelude::*;
use rendez::{Context, Ended, run, trace};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The longest that anything in these tests takes.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NoSuchDay(u32);

/// What became of the streams of readings.
#[derive(Default)]
struct Made {
    readings: AtomicU32,
    ends: AtomicU32,
}

/// Counts an end, whichever it is.
struct Ends(Arc<Made>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ends.fetch_add(1, Ordering::SeqCst);
    }
}

/// Where the weather is measured.
pub(crate) struct Station {
    made: Arc<Made>,
    listeners: Vec<Sender<String>>,
    reported: Sender<u32>,
}

#[actor(remote)]
impl Station {
    /// So many readings, one after the other.
    pub(crate) async fn readings(&mut self, count: u32, context: &mut Context<Self>) -> Receiver<u32> {
        let made = Ends(Arc::clone(&self.made));
        context.stream(1, async move |output| {
            for n in 0..count {
                output.send(n).await?;
                made.0.readings.fetch_add(1, Ordering::SeqCst);
            }
            Outcome::Ok(())
        })
    }

    /// Some readings, and then it breaks.
    pub(crate) async fn broken(&mut self, context: &mut Context<Self>) -> Receiver<u32> {
        context.stream(1, async move |output| {
            output.send(1).await?;
            Err::<(), _>(Failure::new("the mast fell over"))
        })
    }

    pub(crate) async fn of_day(&mut self, day: u32, context: &mut Context<Self>) -> Result<Receiver<u32>, NoSuchDay> {
        if day > 365 { Err(NoSuchDay(day)) } else { Ok(self.readings(2, context).await) }
    }

    /// What is announced from now on.
    pub(crate) async fn listen(&mut self) -> Receiver<String> {
        let (output, input) = channel_bounded(4);
        self.listeners.push(output);
        input
    }

    /// On whose behalf it is asked.
    pub(crate) async fn for_whom(&mut self) -> Option<String> {
        trace::current().map(|trace| trace.to_string())
    }

    /// How many have heard it.
    pub(crate) async fn announce(&mut self, text: String) -> usize {
        let mut listeners = Vec::new();
        for listener in self.listeners.drain(..) {
            if listener.send(text.clone()).await.is_ok() {
                listeners.push(listener);
            }
        }
        self.listeners = listeners;
        self.listeners.len()
    }

    /// Where others report what they have measured.
    pub(crate) async fn reports(&mut self) -> Sender<u32> {
        self.reported.clone()
    }
}

/// A station on a node of its own, and the way to it.
struct Net {
    hub: Node,
    worker: Node,
    station: StationRef,
    made: Arc<Made>,
    reports: Receiver<u32>,
}

impl Net {
    /// A net whose hub lets this many streams be open.
    async fn new(streams: u32) -> Outcome<Self> {
        let (hub_key, worker_key) = (Identity::generate()?, Identity::generate()?);
        let hub_id = hub_key.id();
        let (admit, transport) = (Admit::only([worker_key.id()]), Transport { streams, ..Transport::default() });
        let hub = Node::bind(Config { admit, transport, ..Config::new("hub", hub_key) })?;
        let worker = Node::bind(Config::new("worker", worker_key))?;
        let ((reported, reports), made) = (channel(), Arc::<Made>::default());
        let station = Station { made: Arc::clone(&made), listeners: vec![], reported };
        hub.publish_actor("station", &spawn_actor(station))?;
        worker.connect(hub.address(), hub_id).await?;
        let station = worker.resolve("station@hub").await?;
        Ok(Self { hub, worker, station, made, reports })
    }

    async fn end(self) {
        drop(self.station);
        self.worker.shutdown().await;
        self.hub.shutdown().await;
    }
}

/// Runs a test between two nodes, for so long at most.
fn between<F>(test: impl FnOnce(Net) -> F + Send + 'static)
where
    F: Future<Output = Outcome> + Send + 'static,
{
    between_with(128, test);
}

fn between_with<F>(streams: u32, test: impl FnOnce(Net) -> F + Send + 'static)
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let test = Process::new("test", async move { test(Net::new(streams).await?).await });
    run(async { par![test].within(PATIENCE).await }).unwrap();
}

async fn all<T: Send + 'static>(input: &Receiver<T>) -> Outcome<Vec<T>> {
    let mut all = Vec::new();
    while let Some(item) = input.next().await? {
        all.push(item);
    }
    Ok(all)
}

/// Until the condition holds: what another node does has no moment of its own here.
async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        after(Duration::from_millis(1)).await;
    }
}

#[test]
fn a_stream_arrives_item_by_item_and_ends() {
    between(async |net| {
        let readings = net.station.readings(100).await?;
        assert_eq!(all(&readings).await?, (0..100).collect::<Vec<_>>());
        assert_eq!(readings.name(), "Station.stream@hub");
        net.end().await;
        Ok(())
    });
}

#[test]
fn it_is_asked_on_behalf_of_what_the_other_node_follows_and_so_are_the_items_that_it_sends() {
    between(async |net| {
        let order = trace::begin("forecast");
        let there = format!("t{}@worker `forecast`", order.id());
        assert_eq!(net.station.for_whom().await?, Some(there));
        let readings = net.station.readings(1).await?;
        assert_eq!(trace::current(), Some(order.clone()), "an answer changes nothing");
        trace::end();
        assert_eq!(readings.recv().await?, 0);
        assert_eq!(trace::current(), Some(order), "it has come back");
        trace::end();
        assert_eq!(net.station.for_whom().await?, None);
        net.end().await;
        Ok(())
    });
}

#[test]
fn who_receives_slowly_holds_up_the_stream() {
    between(async |net| {
        let readings = net.station.readings(1000).await?;
        assert_eq!(readings.recv().await?, 0);
        // What is on its way, what lies in the room of the stream, and what is in somebody's hands.
        until(|| net.made.readings.load(Ordering::SeqCst) >= 16).await;
        after(Duration::from_millis(50)).await;
        let made = net.made.readings.load(Ordering::SeqCst);
        assert!(made <= 22, "{made} readings ahead of who receives");
        assert_eq!(all(&readings).await?.len(), 999);
        net.end().await;
        Ok(())
    });
}

#[test]
fn a_stream_ends_where_it_is_made_when_nobody_receives_any_more() {
    between(async |net| {
        let readings = net.station.readings(u32::MAX).await?;
        assert_eq!(readings.recv().await?, 0);
        drop(readings);
        until(|| net.made.ends.load(Ordering::SeqCst) == 1).await;
        net.end().await;
        Ok(())
    });
}

#[test]
fn a_stream_that_fails_is_poisoned_with_its_cause() {
    between(async |net| {
        let broken = net.station.broken().await?;
        // What was on its way may be undelivered: poison overtakes.
        let ended = loop {
            if let Err(ended) = broken.recv().await {
                break ended;
            }
        };
        assert!(matches!(&ended, Ended::Poisoned(_)), "{ended:?}");
        assert!(ended.to_string().contains("the mast fell over"), "{ended}");
        net.end().await;
        Ok(())
    });
}

#[test]
fn an_answer_that_is_an_end_or_an_error_is_either() {
    between(async |net| {
        assert_eq!(all(&net.station.of_day(7).await.expect("a day")).await?, [0, 1]);
        assert!(matches!(net.station.of_day(366).await, Err(CallError::Answer(NoSuchDay(366)))));
        net.end().await;
        Ok(())
    });
}

#[test]
fn a_subscription_hears_what_comes_and_is_forgotten_when_it_is_dropped() {
    between(async |net| {
        let (one, two) = (net.station.listen().await?, net.station.listen().await?);
        assert_eq!(net.station.announce("storm".into()).await?, 2);
        assert_eq!((one.recv().await?, two.recv().await?), ("storm".into(), "storm".into()));
        drop(one);
        // The news travels.
        let mut heard = 2;
        while heard == 2 {
            heard = net.station.announce("calm".into()).await?;
            assert_eq!(two.recv().await?, "calm");
        }
        assert_eq!(heard, 1);
        net.end().await;
        Ok(())
    });
}

#[test]
fn an_input_of_another_node_takes_values_and_retires_with_its_senders() {
    between(async |net| {
        let reports = net.station.reports().await?;
        let sending = spawn(async move {
            for n in 0..20 {
                reports.send(n).await?;
            }
            Outcome::Ok(())
        });
        for n in 0..20 {
            assert_eq!(net.reports.recv().await?, n);
        }
        sending.join().await?;
        net.end().await;
        Ok(())
    });
}

#[test]
fn a_stream_of_a_lost_node_is_lost_and_one_to_a_lost_node_ends() {
    between(async |net| {
        let readings = net.station.readings(u32::MAX).await?;
        assert_eq!(readings.recv().await?, 0);
        net.worker.peer("hub")?.close();
        let ended = loop {
            if let Err(ended) = readings.recv().await {
                break ended;
            }
        };
        assert!(matches!(&ended, Ended::Lost(_)), "{ended:?}");
        until(|| net.made.ends.load(Ordering::SeqCst) == 1).await;
        net.end().await;
        Ok(())
    });
}

#[test]
fn more_streams_than_may_wait_to_be_taken_are_open_at_one_time() {
    const STREAMS: usize = LENT_MAX + 20;
    between_with(STREAMS as u32 + 1, async |net| {
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            streams.push(net.station.listen().await?);
        }
        assert_eq!(net.station.announce("all".into()).await?, streams.len());
        for stream in &streams {
            assert_eq!(stream.recv().await?, "all");
        }
        net.end().await;
        Ok(())
    });
}

#[test]
fn who_has_as_many_ends_open_as_the_other_node_allows_is_told_so_and_goes_on() {
    between_with(4, async |net| {
        let mut streams = Vec::new();
        for _ in 0..3 {
            streams.push(net.station.listen().await?);
        }
        let full = net.station.listen().await.unwrap_err();
        assert!(
            matches!(&full, CallError::Failed(why) if why.contains("drop some, or raise `Transport::streams`")),
            "{full}"
        );
        streams.pop();
        streams.push(net.station.listen().await?);
        net.station.announce("still there".into()).await?;
        assert_eq!(streams[2].recv().await?, "still there");
        net.end().await;
        Ok(())
    });
}
