//! A network under exploration: runs one schedule, says how it has ended, and writes down what happened.

use super::controlled::{Became, Controlled, Step, ids};
use super::search::{Given, Search};
use super::{Fault, Schedule, What};
use crate::IntoOutcome;
use crate::cell::{Cell, Draft};
use crate::drive::{CellOf, process_of};
use crate::executor::{self, Executor, Home};
use crate::inner::Report;
use rendez_channels::steps::{self, Operation};
use rendez_model::{ChannelId, End, Lane, ProcessId, ProcessKind, Sequence};
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long after the end of the root process others may still live, in the network's own time.
const GRACE: Duration = Duration::from_secs(5);
/// Steps for which a schedule has room from the start.
const STEPS: usize = 64;
/// What tokio says where it is not.
const NO_TOKIO: &str = "there is no reactor running";

pub(super) struct Network<F> {
    pub(super) make: Arc<F>,
    pub(super) made_at: &'static Location<'static>,
    pub(super) depth: usize,
    pub(super) may_lose: bool,
    pub(super) begun: Instant,
}

/// A schedule that was run.
pub(super) struct Ran {
    pub(super) ending: Ending,
    pub(super) schedule: Vec<u64>,
}

pub(super) enum Ending {
    Sound,
    Faulty(What),
    /// It would have come to what another has come to.
    Redundant,
    /// It was longer than it may be.
    Cut,
}

impl<F, N> Network<F>
where
    F: Fn() -> N + Send + Sync + 'static,
    N: Future<Output: IntoOutcome> + Send + 'static,
{
    /// Runs a schedule.
    pub(super) fn run(&self, search: &mut dyn Search, notes: Option<&mut Notes>) -> Ran {
        let on = Controlled::new(self.begun, search.seed().unwrap_or(0), search.wants_touches(), notes.is_some());
        let home = Home::of(Arc::clone(&on) as _);
        let _here = executor::enter(Arc::clone(&home));
        let _steps = steps::enter(Arc::clone(&on) as _);
        let make = Arc::clone(&self.make);
        let draft = Draft::at("main", ProcessKind::Scope, self.made_at);
        let root = process_of(draft, async move { make().await }).start(None, Report::Nobody, home);
        let cell: Arc<Cell> = Arc::clone(&root) as _;
        let mut run = Run {
            on: &on,
            root: cell.id().0,
            root_ended: None,
            schedule: Vec::with_capacity(STEPS),
            stray: None,
            notes,
        };
        let stopped = run.go(search, self.depth);
        let (schedule, stray) = (run.schedule, run.stray);
        let ending = stopped.unwrap_or_else(|| self.judge(&on, &cell, &root, stray));
        on.wind_up();
        Ran { ending, schedule }
    }

    /// How a schedule has ended after which nobody can go on.
    fn judge<T>(&self, on: &Controlled, cell: &Cell, root: &CellOf<T>, stray: Option<String>) -> Ending {
        if let Some(found) = on.uncontrolled() {
            let process = on.name(found.process);
            return Ending::Faulty(What::Uncontrolled { process, what: found.what.to_owned() });
        }
        if !cell.has_ended() {
            return Ending::Faulty(What::Deadlock(on.held_up()));
        }
        let outcome = root.take_outcome();
        let failure = outcome.and_then(Result::err).filter(|failure| !failure.is_retired());
        if let Some(failure) = failure.map(|failure| failure.to_string()).or(stray) {
            return Ending::Faulty(failed(failure));
        }
        let leaked = on.survivors();
        if !leaked.is_empty() {
            return Ending::Faulty(What::Leaked(leaked));
        }
        let lost = on.lost();
        if self.may_lose || lost.is_empty() { Ending::Sound } else { Ending::Faulty(What::Lost(lost)) }
    }

    /// A fault that was found, run once more to tell how it came about.
    pub(super) fn fault(&self, what: What, seed: Option<u64>, schedule: Vec<u64>) -> Fault {
        let mut notes = Notes::default();
        let again = self.run(&mut Given::new(&schedule), Some(&mut notes));
        let what = match again.ending {
            Ending::Faulty(again) if again == what => what,
            _ => What::Uncontrolled {
                process: "main".into(),
                what: format!("does not do the same when it is run the same way; it came to this first: {what}"),
            },
        };
        let sequence = Sequence { lanes: notes.lanes, steps: notes.steps, verdict: what.to_string() };
        Fault { what, seed, schedule: Schedule(schedule), sequence }
    }
}

/// A failure; of those that only say that tokio is not there, what it means.
fn failed(failure: String) -> What {
    if failure.contains(NO_TOKIO) {
        let what = format!("uses tokio's time, I/O or tasks ({failure})");
        return What::Uncontrolled { process: "main".into(), what };
    }
    What::Failed(failure)
}

/// A schedule under way.
struct Run<'a> {
    on: &'a Arc<Controlled>,
    root: u64,
    root_ended: Option<Instant>,
    schedule: Vec<u64>,
    /// The failure of a process that no scope hears of.
    stray: Option<String>,
    notes: Option<&'a mut Notes>,
}

impl Run<'_> {
    /// Goes on until nobody can; or it ends before that.
    fn go(&mut self, search: &mut dyn Search, depth: usize) -> Option<Ending> {
        let (mut ready, mut step) = (Vec::new(), Step::default());
        loop {
            self.on.ready_ones(&mut ready);
            if ready.is_empty() {
                let latest = self.root_ended.map(|at| at + GRACE);
                let woke = self.on.let_time_pass(latest)?;
                search.time_passes(&woke);
                self.note(&Step { woke, ..Step::default() });
                continue;
            }
            if self.schedule.len() == depth {
                return Some(Ending::Cut);
            }
            let Some(next) = search.choose(&ready) else { return Some(given_up(search)) };
            self.schedule.push(next);
            step = self.on.step(next, step)?;
            search.ran(next, &step.touched, &step.woke);
            self.note(&step);
            self.note_end(&step);
            if self.on.is_uncontrolled() {
                return None;
            }
        }
    }

    fn note_end(&mut self, step: &Step) {
        let Became::Ended(end) = &step.became else { return };
        if step.process == self.root {
            self.root_ended = Some(self.on.now());
        } else if let (End::Failed(failure), true) = (end, step.is_stray) {
            self.stray
                .get_or_insert_with(|| format!("`{}`, which is in no scope: {failure}", self.on.name(step.process)));
        }
    }

    fn note(&mut self, step: &Step) {
        if let Some(notes) = &mut self.notes {
            notes.note(self.on, step);
        }
    }
}

/// A search that has nobody for the next step.
fn given_up(search: &dyn Search) -> Ending {
    if search.has_diverged() {
        let what =
            "does not do the same when it is run the same way: does it draw random numbers, or look at the clock?";
        return Ending::Faulty(What::Uncontrolled { process: "main".into(), what: what.into() });
    }
    Ending::Redundant
}

/// What happened, as it is written down.
#[derive(Default)]
pub(super) struct Notes {
    lanes: Vec<Lane>,
    steps: Vec<rendez_model::Step>,
    names: BTreeMap<ChannelId, String>,
}

impl Notes {
    fn note(&mut self, on: &Controlled, step: &Step) {
        self.names.extend(on.new_names());
        self.enter(on, step.process);
        let known = |id: &u64| self.lanes.iter().any(|lane| lane.process == ProcessId(*id));
        let (wakes, starts): (Vec<u64>, Vec<u64>) = step.woke.iter().copied().partition(known);
        starts.iter().for_each(|&id| self.enter(on, id));
        let what = match step.process {
            0 => "goes on".to_owned(),
            _ => self.does(step),
        };
        let (wakes, starts) = (ids(&wakes), ids(&starts));
        self.steps.push(rendez_model::Step { process: ProcessId(step.process), wakes, starts, what });
    }

    fn enter(&mut self, on: &Controlled, process: u64) {
        let process = ProcessId(process);
        if process.0 != 0 && !self.lanes.iter().any(|lane| lane.process == process) {
            self.lanes.push(Lane { process, name: on.name(process.0) });
        }
    }

    /// What a process does in a step, without its subject.
    fn does(&self, step: &Step) -> String {
        let name = |id: &ChannelId| self.names.get(id).cloned().unwrap_or_else(|| id.to_string());
        let does = match &step.operation {
            Some(Operation::Send(channel)) => format!("sends on `{}`", name(channel)),
            Some(Operation::Receive(channel)) => format!("receives from `{}`", name(channel)),
            Some(Operation::Choice) => "chooses".to_owned(),
            Some(Operation::Meet(barrier)) => format!("comes to barrier {barrier}"),
            Some(Operation::Wait) => "looks for what it waits for".to_owned(),
            None => "goes on".to_owned(),
        };
        match &step.became {
            Became::Ready => does,
            Became::Waiting => format!("{does}, and waits"),
            Became::Ended(End::Failed(failure)) => format!("{does}, and fails: {failure}"),
            Became::Ended(End::Poisoned(_)) => format!("{does}, and ends poisoned"),
            Became::Ended(End::Cancelled) => format!("{does}, and is ended"),
            Became::Ended(End::Lost) => format!("{does}, and is lost"),
            Became::Ended(End::Normal) => format!("{does}, and ends"),
        }
    }
}
