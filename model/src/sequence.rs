//! A sequence: who did what in which order, as data, and as text for a terminal. The picture of it is the diagram's.

use crate::ProcessId;
use std::fmt;

/// One run of a network, step by step: the rows of a sequence diagram.
///
/// ```
/// use rendez_model::{Lane, ProcessId, Sequence, Step};
///
/// let lanes = vec![Lane { process: ProcessId(1), name: "left".into() }, Lane { process: ProcessId(2), name: "right".into() }];
/// let step = |process, wakes, what: &str| Step { process: ProcessId(process), wakes, starts: vec![], what: what.into() };
/// let steps = vec![step(2, vec![], "receives from `a`, and waits"), step(1, vec![ProcessId(2)], "sends on `a`")];
/// let sequence = Sequence { lanes, steps, verdict: "both have ended".into() };
/// let text = sequence.to_string();
/// assert!(text.contains("left sends on `a`, wakes right"), "{text}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sequence {
    /// Who takes part, in the order of appearance.
    pub lanes: Vec<Lane>,
    /// What was done.
    pub steps: Vec<Step>,
    /// What it came to.
    pub verdict: String,
}

/// A process of a [`Sequence`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lane {
    /// Who.
    pub process: ProcessId,
    /// What it is called.
    pub name: String,
}

/// One step of a [`Sequence`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step {
    /// Who; 0 is the clock.
    pub process: ProcessId,
    /// Who is ready from now on that was not.
    pub wakes: Vec<ProcessId>,
    /// Whom it has started.
    pub starts: Vec<ProcessId>,
    /// What, without its subject.
    pub what: String,
}

impl Sequence {
    /// The number of a process's lane.
    #[must_use]
    pub fn lane(&self, process: ProcessId) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.process == process)
    }

    /// What a process is called here.
    #[must_use]
    pub fn name(&self, process: ProcessId) -> String {
        match self.lane(process) {
            Some(lane) => self.lanes[lane].name.clone(),
            None if process == ProcessId(0) => "time".to_owned(),
            None => process.to_string(),
        }
    }

    /// A step in one sentence.
    #[must_use]
    pub fn sentence(&self, step: &Step) -> String {
        let those = |verb: &str, ids: &[ProcessId]| {
            let names: Vec<_> = ids.iter().map(|&id| self.name(id)).collect();
            if names.is_empty() { String::new() } else { format!(", {verb} {}", names.join(", ")) }
        };
        let (starts, wakes) = (those("starts", &step.starts), those("wakes", &step.wakes));
        format!("{} {}{starts}{wakes}", self.name(step.process), step.what)
    }

    /// The lines between the lanes in one row: who acts is `*`, who is woken `>` or `<`.
    fn row(&self, step: &Step) -> String {
        let mut row: Vec<char> = (0..self.lanes.len()).flat_map(|_| ['|', ' ']).collect();
        row.pop();
        let Some(acts) = self.lane(step.process) else { return row.into_iter().collect() };
        for woken in step.wakes.iter().chain(&step.starts).filter_map(|&id| self.lane(id)) {
            let (from, to) = (acts.min(woken) * 2, acts.max(woken) * 2);
            row[from..=to].iter_mut().filter(|c| **c == ' ').for_each(|c| *c = '-');
            row[woken * 2] = if woken > acts { '>' } else { '<' };
        }
        row[acts * 2] = '*';
        row.into_iter().collect()
    }
}

impl fmt::Display for Sequence {
    /// A row for each step: its number, the lanes, the sentence; then the verdict.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.lanes.iter().map(|lane| format!("{} ({})", lane.name, lane.process)).collect();
        writeln!(f, "lanes: {}", names.join(", "))?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{:>5}  {}  {}", number + 1, self.row(step), self.sentence(step))?;
        }
        write!(f, "       {}", self.verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(names: &[&str]) -> Vec<Lane> {
        let lane =
            |(number, name): (usize, &&str)| Lane { process: ProcessId(number as u64 + 1), name: (*name).to_owned() };
        names.iter().enumerate().map(lane).collect()
    }

    #[test]
    fn an_arrow_goes_from_who_acts_to_whom_it_wakes() {
        let step = |process, wakes: &[u64]| Step {
            process: ProcessId(process),
            wakes: wakes.iter().copied().map(ProcessId).collect(),
            starts: vec![],
            what: "acts".into(),
        };
        let sequence = Sequence { lanes: lanes(&["a", "b", "c"]), ..Sequence::default() };
        assert_eq!(sequence.row(&step(1, &[])), "* | |");
        assert_eq!(sequence.row(&step(1, &[3])), "*-|->");
        assert_eq!(sequence.row(&step(3, &[2, 1])), "<-<-*");
        assert_eq!(sequence.row(&step(0, &[2])), "| | |", "the clock has no lane");
        assert_eq!(sequence.sentence(&step(0, &[2])), "time acts, wakes b");
    }
}
