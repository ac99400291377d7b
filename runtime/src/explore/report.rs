//! What an exploration has found: how much it has seen, and the fault, with the way to see it again.

use super::Schedule;
use rendez_model::Sequence;
use std::fmt;

/// What an exploration has seen.
#[derive(Clone, Debug)]
#[must_use = "an exploration that nobody looks at finds nothing"]
pub struct Explored {
    /// How many schedules were run to their end.
    pub schedules: u64,
    /// How many were given up when it was clear that they would come to what another had come to.
    pub redundant: u64,
    /// How many were cut off at the [depth](super::Explore::depth).
    pub cut: u64,
    /// The steps of the longest.
    pub longest: usize,
    /// Whether all schedules were run, none of them cut off. Of those that differ only in the order of steps that do not touch
    /// the same, one was.
    pub complete: bool,
    /// The first fault; the exploration ends with it.
    pub fault: Option<Fault>,
}

/// A fault, and how it came about.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong.
    pub what: What,
    /// The seed of its schedule, if chance has found it: [`randomly`](super::Explore::randomly) with it and one schedule finds it
    /// again.
    pub seed: Option<u64>,
    /// Its schedule, for [`replay`](super::Explore::replay).
    pub schedule: Schedule,
    /// What happened, step by step.
    pub sequence: Sequence,
}

/// What is wrong with a network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// Nobody can go on, and the network has not ended: a sentence for each knot of waits.
    Deadlock(Vec<String>),
    /// A process failed, or panicked: a failed assertion, say.
    Failed(String),
    /// These still live when the network has ended and the grace is over.
    Leaked(Vec<String>),
    /// Values that were sent and nobody has received, by channel, although nothing has failed.
    Lost(Vec<(String, u64)>),
    /// A process does what exploration cannot control: tokio's time, I/O or tasks, a thread, something random.
    Uncontrolled {
        /// Which.
        process: String,
        /// What it does.
        what: String,
    },
}

impl Explored {
    /// Panics with the fault, if there is one: for tests.
    ///
    /// # Panics
    /// If there is a fault, with all that is known of it.
    #[track_caller]
    pub fn assert_sound(&self) {
        if let Some(fault) = &self.fault {
            panic!("{self}\n{fault}");
        }
    }
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schedules, longest, .. } = self;
        write!(f, "{schedules} schedule{} of at most {longest} steps", if *schedules == 1 { "" } else { "s" })?;
        if self.redundant > 0 {
            write!(f, ", {} given up as redundant", self.redundant)?;
        }
        if self.cut > 0 {
            write!(f, ", {} cut off", self.cut)?;
        }
        match (&self.fault, self.complete) {
            (Some(fault), _) => write!(f, ": {}", fault.what),
            (None, true) => f.write_str(": these are all, and none has a fault"),
            (None, false) => f.write_str(": none has a fault, there are more"),
        }
    }
}

impl fmt::Display for Fault {
    /// What is wrong, what happened, and how to see it again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.sequence)?;
        if let Some(seed) = self.seed {
            writeln!(f, "again by its seed: .randomly({seed}, 1)")?;
        }
        write!(f, "again by its schedule: .replay(&\"{}\".parse().unwrap())", self.schedule)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadlock(sentences) => f.write_str(&sentences.join("; ")),
            Self::Failed(failure) => f.write_str(failure),
            Self::Leaked(who) => write!(f, "still alive after the end: {}", who.join(", ")),
            Self::Lost(values) => {
                let lost = |(channel, values): &(String, u64)| format!("{values} in `{channel}`");
                write!(f, "sent and never received: {}", values.iter().map(lost).collect::<Vec<_>>().join(", "))
            }
            Self::Uncontrolled { process, what } => write!(f, "`{process}` cannot be explored: it {what}"),
        }
    }
}
