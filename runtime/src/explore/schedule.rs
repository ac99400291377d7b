//! A schedule: who took which step, as data and as a word that a terminal can carry. It runs nothing.

use std::fmt;
use std::str::FromStr;

/// The most steps that a written schedule may have.
const STEPS_MAX: usize = 1 << 24;

/// In which order processes took their steps; as text `1.2x3.1` is process 1, three times process 2, process 1.
///
/// ```
/// use rendez_runtime::Schedule;
///
/// let schedule: Schedule = "1.2x3.1".parse().unwrap();
/// assert_eq!((schedule.len(), schedule.to_string().as_str()), (5, "1.2x3.1"));
/// assert_eq!("1.two".parse::<Schedule>().unwrap_err().to_string(), "`two` is no step of a schedule: write `2`, or `2x3` for three of them");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule(pub(super) Vec<u64>);

impl Schedule {
    /// How many steps it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, run) in self.0.chunk_by(|one, next| one == next).enumerate() {
            let dot = if number == 0 { "" } else { "." };
            write!(f, "{dot}{}", run[0])?;
            if run.len() > 1 {
                write!(f, "x{}", run.len())?;
            }
        }
        Ok(())
    }
}

/// What is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSchedule(String);

impl fmt::Display for NoSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoSchedule {}

impl FromStr for Schedule {
    type Err = NoSchedule;

    /// # Errors
    /// The step that is none, or that there are too many.
    fn from_str(text: &str) -> Result<Self, NoSchedule> {
        let mut steps = Vec::new();
        for step in text.split('.').filter(|_| !text.is_empty()) {
            let (process, times) = step.split_once('x').unwrap_or((step, "1"));
            let (Ok(process), Ok(times)) = (process.parse::<u64>(), times.parse::<usize>()) else {
                let how = "write `2`, or `2x3` for three of them";
                return Err(NoSchedule(format!("`{step}` is no step of a schedule: {how}")));
            };
            if times > STEPS_MAX - steps.len() {
                return Err(NoSchedule(format!("a schedule has at most {STEPS_MAX} steps")));
            }
            steps.extend(std::iter::repeat_n(process, times));
        }
        Ok(Self(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for steps in [vec![], vec![1], vec![3, 3, 3], vec![1, 2, 2, 1, 10, 10]] {
            let schedule = Schedule(steps);
            assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }
    }

    #[test]
    fn what_is_none_is_refused_without_taking_memory() {
        for text in ["x", "1.", "1x", "-1", "1x99999999999", "1x16777216.1", "1 2"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
