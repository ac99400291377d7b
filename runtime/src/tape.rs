//! A tape: records the network while it runs, by looking at it now and then. What a recording is, is in `model`.

use crate::{Observation, observe};
use rendez_model::{Recorder, Recording};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The shortest time between two looks.
const EVERY_MIN: Duration = Duration::from_millis(1);

/// A tape that runs: the network is recorded until it is [stopped](Self::stop) or dropped.
#[must_use = "the network is recorded until this is dropped"]
pub struct Tape {
    recorder: Arc<Mutex<Recorder>>,
    begun: Instant,
    /// Dropped, it ends the thread that looks.
    over: Option<mpsc::Sender<()>>,
    looks: Option<JoinHandle<()>>,
    _observation: Observation,
}

/// Records the network of this OS process, to be replayed as a picture: looks at it once in `every` (a millisecond at least) and
/// keeps what differs.
///
/// The network is [observed](observe()) meanwhile. The cost is that of a [snapshot](crate::network) a look, whatever the number of
/// messages; it is in no operation of a channel. A recording keeps its latest [`CHANGES_MAX`](rendez_model::CHANGES_MAX) changes.
///
/// # Panics
/// When no tokio runtime is ambient.
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::{Outcome, Process, par, record, run};
/// use std::time::Duration;
///
/// let recording = run(async {
///     let tape = record(Duration::from_millis(10));
///     let (tx, rx) = channel();
///     let give = Process::new("give", async move { Outcome::Ok(tx.send(1).await?) });
///     let take = Process::new("take", async move { rx.recv().await });
///     par![give, take].await?;
///     Outcome::Ok(tape.stop())
/// });
/// let recording = recording.unwrap();
/// let end = recording.at(recording.ends_ms);
/// assert!(end.nodes[0].processes.iter().any(|process| process.name == "give"));
/// ```
pub fn record(every: Duration) -> Tape {
    let observation = observe();
    let recorder = Arc::new(Mutex::new(Recorder::new(crate::network())));
    let begun = Instant::now();
    let (over, until) = mpsc::channel();
    let (shared, every) = (Arc::clone(&recorder), every.max(EVERY_MIN));
    // A thread of its own: it looks also while all workers are busy.
    let looks = std::thread::spawn(move || look(&shared, begun, every, &until));
    Tape { recorder, begun, over: Some(over), looks: Some(looks), _observation: observation }
}

impl Tape {
    /// What has been recorded until now.
    #[must_use]
    pub fn so_far(&self) -> Recording {
        let mut recorder = lock(&self.recorder);
        note(&mut recorder, self.begun);
        recorder.so_far().clone()
    }

    /// Ends the recording, with a last look.
    #[must_use]
    pub fn stop(self) -> Recording {
        self.so_far()
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        drop(self.over.take());
        // A snapshot that panicked has ended the recording; that is no reason to panic here.
        let _ = self.looks.take().map(JoinHandle::join);
    }
}

fn look(recorder: &Mutex<Recorder>, begun: Instant, every: Duration, until: &mpsc::Receiver<()>) {
    while until.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        note(&mut lock(recorder), begun);
    }
}

fn note(recorder: &mut Recorder, begun: Instant) {
    let at_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    recorder.note(at_ms, crate::network());
}

fn lock(recorder: &Mutex<Recorder>) -> MutexGuard<'_, Recorder> {
    recorder.lock().unwrap_or_else(PoisonError::into_inner)
}
