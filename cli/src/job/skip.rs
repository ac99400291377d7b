//! Why a file is left out, and how many were. Not the decision, which the walk and the reader make.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a file, or a whole folder, takes no part in the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Skip {
    /// Its name starts with a dot. A folder counts as one, with all that is in it.
    Dotted,
    /// A licence text, a lock file, a tool's marker: [`Rules::is_boilerplate`](crate::job::Rules::is_boilerplate).
    Boilerplate,
    /// A symbolic link: not followed, so that loops end and no file is read twice.
    Link,
    /// Neither file nor folder nor link: a socket, a pipe, a device.
    Special,
    /// Shorter than the limit.
    Short,
    /// Longer than the limit.
    Long,
    /// Not text.
    Binary,
    /// The system did not let us read it.
    Unreadable,
    /// Beyond the limit of files.
    Surplus,
}

impl Skip {
    /// All reasons, in the order in which they are reported.
    pub const ALL: [Self; 9] = [
        Self::Dotted,
        Self::Boilerplate,
        Self::Link,
        Self::Special,
        Self::Short,
        Self::Long,
        Self::Binary,
        Self::Unreadable,
        Self::Surplus,
    ];
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dotted => "dotted",
            Self::Boilerplate => "licences and tools' files",
            Self::Link => "links",
            Self::Special => "neither file nor folder",
            Self::Short => "too short",
            Self::Long => "too long",
            Self::Binary => "binary",
            Self::Unreadable => "unreadable",
            Self::Surplus => "beyond the limit of files",
        })
    }
}

/// How many were left out for each reason; counts of several walks and readers add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skips([u64; Skip::ALL.len()]);

impl Skips {
    /// Counts one more.
    pub fn count(&mut self, why: Skip) {
        self.0[why as usize] += 1;
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// How many were left out for this reason.
    #[must_use]
    pub fn of(&self, why: Skip) -> u64 {
        self.0[why as usize]
    }

    /// How many were left out for any reason.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// "5: 3 dotted, 2 binary", or "none".
impl fmt::Display for Skips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.total() == 0 {
            return f.write_str("none");
        }
        write!(f, "{}", self.total())?;
        let mut separator = ": ";
        for why in Skip::ALL.into_iter().filter(|&why| self.of(why) > 0) {
            write!(f, "{separator}{} {why}", self.of(why))?;
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_counter_of_its_own() {
        for (place, why) in Skip::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, place, "ALL lists the reasons in the order of the enum");
        }
    }

    #[test]
    fn counts_add_up_and_are_told_by_reason() {
        let mut skips = Skips::default();
        assert_eq!(skips.to_string(), "none");
        skips.count(Skip::Binary);
        let mut more = Skips::default();
        more.count(Skip::Binary);
        more.count(Skip::Dotted);
        skips.merge(&more);
        assert_eq!(skips.to_string(), "3: 1 dotted, 2 binary");
    }
}
