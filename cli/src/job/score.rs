//! Score: how alike two files are, as a number on which all devices and runs agree. Not how the near ones are found.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The cosine similarity of two files in ten-thousandths: 10,000 is the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Score(pub u16);

/// From this similarity on a pair is a pair of near-copies.
///
/// Of the pairs above it in a registry of 8,000 sources, 96 of 100 share more than 3 lines of 10; and 98 of 100 pairs
/// that share 8 lines of 10 are above it.
pub const DEFAULT_THRESHOLD: Score = Score(8_000);

/// By how much the similarity that a device computes may err: a pair nearer to the threshold than this is scored again.
///
/// (A sum of d products of f32 of unit rows errs by less than d × 2⁻²⁴, in whatever order it is summed: 6e-5 at dimension
/// 1,024, and 4e-3 at the most there can be.)
pub const MARGIN: f32 = 5e-3;

impl Score {
    /// The similarity of two rows, summed in f64 from the first to the last: the same number wherever it is computed.
    ///
    /// Devices sum in f32 in orders of their own, and a sum near the middle between two scores would be rounded this way
    /// here and that way there. So what a device says only finds candidates; this is the score that is kept.
    #[must_use]
    pub fn of(a: &[f32], b: &[f32]) -> Self {
        debug_assert_eq!(a.len(), b.len(), "rows of one matrix");
        Self::rounded(a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum())
    }

    /// This similarity, rounded; what is opposed (below 0) counts as unlike.
    #[must_use]
    pub fn rounded(similarity: f64) -> Self {
        // The clamp makes the cast exact: it holds 0 to 10,000, and NaN (of a row of nothing) becomes 0.
        Self((similarity * f64::from(Self::ONE.0)).round().clamp(0.0, f64::from(Self::ONE.0)) as u16)
    }

    /// The score of equal rows.
    pub const ONE: Self = Self(10_000);

    /// The similarity below which a device's word rules a pair out: this score less the [`MARGIN`].
    #[must_use]
    pub fn floor(self) -> f32 {
        self.as_f32() - 0.5 / f32::from(Self::ONE.0) - MARGIN
    }

    /// The score as a similarity between 0 and 1.
    #[must_use]
    pub fn as_f32(self) -> f32 {
        f32::from(self.0) / f32::from(Self::ONE.0)
    }
}

/// Two digits, rounded down so that only the same direction prints as 1.00; `{:#}` gives all four.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / Self::ONE.0, self.0 % Self::ONE.0);
        if f.alternate() { write!(f, "{whole}.{rest:04}") } else { write!(f, "{whole}.{:02}", rest / 100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_rounded_and_kept_in_bounds() {
        assert_eq!(Score::rounded(0.812_349), Score(8123));
        assert_eq!(Score::rounded(0.812_351), Score(8124));
        assert_eq!(Score::rounded(1.000_2), Score::ONE);
        assert_eq!(Score::rounded(-0.3), Score(0));
        assert_eq!(Score::rounded(f64::NAN), Score(0));
    }

    #[test]
    fn a_score_prints_short_and_long() {
        assert_eq!(format!("{} {:#}", Score(9_999), Score(9_999)), "0.99 0.9999");
        assert_eq!(Score::ONE.to_string(), "1.00");
    }
}
