//! The whole job in one thread with plain loops: what a distributed run is tested against. Not fast.

use crate::job::{
    BestPairs, Cluster, Counts, DEFAULT_DIMENSION, DEFAULT_PAIRS, DEFAULT_THRESHOLD, DimensionError, Files, Fold,
    Folder, Frequencies, Pair, Rank, RootError, Rules, Score, Skips, Step, Tokeniser, Walk, clusters, dot, read,
};
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The parameters of the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Which files take part.
    pub rules: Rules,
    /// How many dimensions terms are hashed into.
    pub dimension: usize,
    /// From which score on two files are near-copies.
    pub threshold: Score,
    /// How many pairs are kept.
    pub pairs: usize,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            dimension: DEFAULT_DIMENSION,
            threshold: DEFAULT_THRESHOLD,
            pairs: DEFAULT_PAIRS,
        }
    }
}

/// What the job finds out about a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// The contents that were compared, with their exact copies.
    pub files: Files,
    /// The near-copies, best first.
    pub pairs: BestPairs,
    /// The clusters that they form.
    pub clusters: Vec<Cluster>,
    /// What took no part, by reason.
    pub skips: Skips,
    /// How many bytes of text were read, exact copies included.
    pub bytes: u64,
}

/// How long the parts of a run took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Walking and reading.
    pub reading: Duration,
    /// Hashing, to fold exact copies.
    pub folding: Duration,
    /// Tokenising and counting.
    pub counting: Duration,
    /// Weighing all rows.
    pub weighing: Duration,
    /// Comparing all pairs.
    pub comparing: Duration,
}

/// Why the job could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobError {
    /// The directory is at fault.
    Root(RootError),
    /// The dimension is.
    Dimension(DimensionError),
}

/// Does the whole job on the tree below `root`.
///
/// # Errors
///
/// [`JobError`] when there is no such tree, nothing in it to compare, or no such dimension.
pub fn near_copies(root: &Path, parameters: &Parameters) -> Result<(Findings, Times), JobError> {
    let mut times = Times::default();
    let Counted { files, counts, skips, bytes } = count_all(root, parameters, &mut times)?;
    if files.len() < 2 {
        return Err(RootError::NothingToCompare(root.to_owned(), skips).into());
    }
    let rows = timed(&mut times.weighing, || weigh_all(&counts, parameters.dimension))?;
    let pairs = timed(&mut times.comparing, || compare_all(&rows, parameters));
    let clusters = clusters(&pairs, &files);
    Ok((Findings { files, pairs, clusters, skips, bytes }, times))
}

/// The outcome of the first phase; the counts in the order of ranks.
struct Counted {
    files: Files,
    counts: Vec<Counts>,
    skips: Skips,
    bytes: u64,
}

/// The first phase: every file walked to, read, folded and counted.
fn count_all(root: &Path, parameters: &Parameters, times: &mut Times) -> Result<Counted, JobError> {
    let mut tokeniser = Tokeniser::new(parameters.dimension)?;
    let mut walk = Walk::new(root, parameters.rules.clone())?;
    let (mut folder, mut arrived, mut skips, mut bytes) = (Folder::default(), Vec::new(), Skips::default(), 0);
    loop {
        let step = timed(&mut times.reading, || {
            let step = walk.next()?;
            Some(match step {
                Step::File(file) => read(&file.name.under(root), &parameters.rules).map(|text| (file.name, text)),
                Step::Skipped(why) => Err(why),
            })
        });
        match step {
            None => break,
            Some(Err(why)) => skips.count(why),
            Some(Ok((name, text))) => {
                bytes += text.len() as u64;
                if let Fold::New(_) = timed(&mut times.folding, || folder.offer(name, &text)) {
                    arrived.push(timed(&mut times.counting, || tokeniser.count(&text)));
                }
            }
        }
    }
    let (files, ranks) = folder.finish();
    let mut ranked: Vec<(Rank, Counts)> = ranks.into_iter().zip(arrived).collect();
    ranked.sort_unstable_by_key(|&(rank, _)| rank);
    Ok(Counted { files, counts: ranked.into_iter().map(|(_, counts)| counts).collect(), skips, bytes })
}

/// The second phase, first half: a row for each file.
fn weigh_all(counts: &[Counts], dimension: usize) -> Result<Vec<Vec<f32>>, DimensionError> {
    let mut frequencies = Frequencies::new(dimension);
    counts.iter().try_for_each(|counts| frequencies.add(counts))?;
    let weights = frequencies.weights();
    counts.iter().map(|counts| weights.row(counts)).collect()
}

/// The second phase, second half: every row with every later one.
fn compare_all(rows: &[Vec<f32>], parameters: &Parameters) -> BestPairs {
    let mut best = BestPairs::new(parameters.pairs, parameters.threshold);
    for (a, row) in (0..).map(Rank).zip(rows) {
        for (b, other) in (0..).map(Rank).zip(rows).skip(a.0 as usize + 1) {
            if dot(row, other) >= best.bar().floor() {
                best.offer(Pair::new(a, b, Score::of(row, other)));
            }
        }
    }
    best
}

/// Adds the time that the work takes to a sum.
fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *sum += start.elapsed();
    result
}

impl From<RootError> for JobError {
    fn from(error: RootError) -> Self {
        Self::Root(error)
    }
}

impl From<DimensionError> for JobError {
    fn from(error: DimensionError) -> Self {
        Self::Dimension(error)
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(error) => error.fmt(f),
            Self::Dimension(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JobError {}
