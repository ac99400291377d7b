//! Weighing: document frequencies, and tf-idf rows of length 1 from counts. Not the comparison of rows.

use crate::job::{Counts, DimensionError};
use serde::{Deserialize, Serialize};

/// In how many files each dimension occurs; the frequencies of several workers add up to those of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequencies {
    files: u32,
    by_dimension: Vec<u32>,
}

/// What an occurrence in each dimension is worth: the rarer, the more.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights(Vec<f64>);

impl Frequencies {
    /// No files yet, in this many dimensions.
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        Self { files: 0, by_dimension: vec![0; dimension] }
    }

    /// Adds one file.
    ///
    /// # Errors
    ///
    /// [`DimensionError::Mismatch`], and nothing is added, if the counts were made for more dimensions.
    pub fn add(&mut self, counts: &Counts) -> Result<(), DimensionError> {
        counts.fit(self.by_dimension.len())?;
        self.files += 1;
        counts.iter().for_each(|(dimension, _)| self.by_dimension[dimension] += 1);
        Ok(())
    }

    /// Adds what others have counted: the sum of an all-reduce.
    ///
    /// # Errors
    ///
    /// [`DimensionError::Mismatch`], and nothing is added, unless both have the same number of dimensions.
    pub fn merge(&mut self, other: &Self) -> Result<(), DimensionError> {
        let (mine, theirs) = (self.by_dimension.len(), other.by_dimension.len());
        if mine != theirs {
            let named = u32::try_from(mine.max(theirs)).unwrap_or(u32::MAX).saturating_sub(1);
            return Err(DimensionError::Mismatch { named, dimension: mine.min(theirs) });
        }
        self.files += other.files;
        self.by_dimension.iter_mut().zip(&other.by_dimension).for_each(|(mine, theirs)| *mine += theirs);
        Ok(())
    }

    /// How many files were added.
    #[must_use]
    pub fn files(&self) -> u32 {
        self.files
    }

    /// The inverse document frequency of each dimension: ln((n + 1) / (df + ½)), which is positive for any df.
    #[must_use]
    pub fn weights(&self) -> Weights {
        let files = f64::from(self.files) + 1.0;
        Weights(self.by_dimension.iter().map(|&with_it| (files / (f64::from(with_it) + 0.5)).ln()).collect())
    }
}

impl Weights {
    /// The row of a file: in each dimension the square root of the count, with its sign, times the weight; scaled to
    /// length 1. A file without terms has a row of zeros.
    ///
    /// (The root damps what is repeated, as a logarithm would, but tells apart long files better.)
    ///
    /// # Errors
    ///
    /// [`DimensionError::Mismatch`] if the counts were made for more dimensions.
    pub fn row(&self, counts: &Counts) -> Result<Vec<f32>, DimensionError> {
        counts.fit(self.0.len())?;
        let weighed = |(dimension, count): (usize, i32)| {
            let count = f64::from(count);
            (dimension, count.signum() * count.abs().sqrt() * self.0[dimension])
        };
        let length = counts.iter().map(|entry| weighed(entry).1.powi(2)).sum::<f64>().sqrt();
        let mut row = vec![0.0; self.0.len()];
        for (dimension, weight) in counts.iter().map(weighed) {
            row[dimension] = (weight / length) as f32;
        }
        Ok(row)
    }
}

/// The similarity of two rows, fast and nearly right: what a device computes. [`Score::of`](crate::job::Score::of) is
/// the one to keep.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums side by side let the compiler use vector instructions; one sum would have to be kept in order.
    const LANES: usize = 8;
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Score, Tokeniser};

    const TEXTS: [&str; 3] = ["one two three four", "one two three five six", "quite another text altogether"];

    fn counted() -> Vec<Counts> {
        let mut tokeniser = Tokeniser::new(256).unwrap();
        TEXTS.iter().map(|text| tokeniser.count(text.as_bytes())).collect()
    }

    fn frequencies(files: &[Counts]) -> Frequencies {
        let mut sum = Frequencies::new(256);
        files.iter().for_each(|counts| sum.add(counts).unwrap());
        sum
    }

    #[test]
    fn frequencies_of_parts_add_up_to_those_of_the_whole() {
        let files = counted();
        let mut left = frequencies(&files[..1]);
        left.merge(&frequencies(&files[1..])).unwrap();
        assert_eq!(left, frequencies(&files));
        assert_eq!(left.files(), 3);
    }

    #[test]
    fn rows_have_length_one_and_point_where_the_text_does() {
        let files = counted();
        let weights = frequencies(&files).weights();
        let rows: Vec<_> = files.iter().map(|counts| weights.row(counts).unwrap()).collect();
        for row in &rows {
            assert_eq!(Score::of(row, row), Score::ONE);
        }
        assert!(Score::of(&rows[0], &rows[1]) > Score::of(&rows[0], &rows[2]));
        assert!((dot(&rows[0], &rows[1]) - Score::of(&rows[0], &rows[1]).as_f32()).abs() < crate::job::MARGIN);
    }

    #[test]
    fn a_rare_term_is_worth_more_than_a_common_one() {
        let (common, rare) = (Counts::of([(3, 1)]), Counts::of([(3, 1), (200, -1)]));
        let row = frequencies(&[common.clone(), common, rare.clone()]).weights().row(&rare).unwrap();
        assert!(row[3] > 0.0 && row[200] < -2.0 * row[3], "{} and {}", row[3], row[200]);
    }

    #[test]
    fn a_text_without_terms_is_like_nothing() {
        let empty = Counts::default();
        let mut sum = frequencies(&counted());
        sum.add(&empty).unwrap();
        let row = sum.weights().row(&empty).unwrap();
        assert_eq!(row, vec![0.0; 256]);
        assert_eq!(Score::of(&row, &row), Score(0));
    }

    #[test]
    fn counts_of_another_dimension_are_refused() {
        let counts = Tokeniser::new(4096).unwrap().count(b"many words that spread over more than sixteen dimensions");
        assert!(Frequencies::new(16).add(&counts).is_err());
        assert!(Frequencies::new(16).weights().row(&counts).is_err());
        assert!(Frequencies::new(16).merge(&Frequencies::new(32)).is_err());
    }

    #[test]
    fn the_fast_product_takes_any_length() {
        let ones = [1.0; 37];
        for len in 0..ones.len() {
            assert_eq!(dot(&ones[..len], &ones[..len]), len as f32);
        }
    }
}
