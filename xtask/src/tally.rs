//! Counting what passed and failed, from the words of `cargo test`. It runs no test.

use std::fmt::{self, Display};
use std::ops::AddAssign;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
}

impl Tally {
    /// What one line of a test harness says, if it is the line with a result.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let (_, counts) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
        let count = |what: &str| counts.split(';').find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok());
        Some(Self { passed: count("passed")?, failed: count("failed")? })
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_whether_good_or_bad() {
        let good = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        assert_eq!(Tally::of_line(good), Some(Tally { passed: 12, failed: 0 }));
        assert_eq!(Tally::of_line(bad), Some(Tally { passed: 3, failed: 2 }));
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in ["running 3 tests", "test a::b ... ok", "test result: ok", "", "all doctests ran in 0.5s"] {
            assert_eq!(Tally::of_line(line), None);
        }
    }

    #[test]
    fn tallies_add_up_and_read_plainly() {
        let mut sum = Tally::default();
        sum += Tally { passed: 2, failed: 1 };
        sum += Tally { passed: 3, failed: 0 };
        assert_eq!(sum.to_string(), "5 passed, 1 failed");
    }
}
