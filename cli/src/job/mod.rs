//! The main job as pure functions and plain data: which files of a tree are near-copies? No processes, no channels.
//!
//! Two phases. In the first each file is walked to, read, folded with its exact copies, and counted:
//! [`Walk`] → [`read`] → [`Folder`] → [`Tokeniser`] → [`Counts`]. When all files are counted, the document frequencies
//! are known ([`Frequencies`], mergeable) and the second phase weighs each file into a row ([`Weights::row`]), compares
//! all rows, keeps the best pairs ([`BestPairs`], mergeable), joins them into clusters ([`clusters()`]) and prints them
//! ([`Report`]).
//!
//! The result does not depend on the order of the first phase, nor on the device that compares: files are ranked by
//! path once all are known ([`Files`]), sums are of integers, and a pair that a device found near the threshold is
//! scored again by [`Score::of`], the one function whose word counts.
//!
//! [`mod@reference`] is the whole job in one thread: what a distributed run is tested against.

mod braces;
mod clusters;
mod file_name;
mod fold;
mod pairs;
mod read;
pub mod reference;
mod report;
mod root;
mod rules;
mod score;
mod skip;
mod terms;
mod walk;
mod weigh;

pub use braces::braced;
pub use clusters::{Cluster, clusters};
pub use file_name::FileName;
pub use fold::{File, FileId, Files, Fingerprint, Fold, Folder, Rank};
pub use pairs::{BestPairs, DEFAULT_PAIRS, Pair};
pub use read::read;
pub use report::{DEFAULT_ROWS, Report, Throughput};
pub use root::default_root;
pub use rules::Rules;
pub use score::{DEFAULT_THRESHOLD, MARGIN, Score};
pub use skip::{Skip, Skips};
pub use terms::{Counts, DEFAULT_DIMENSION, DimensionError, MOST_DIMENSIONS, Tokeniser};
pub use walk::{Candidate, RootError, Step, Walk};
pub use weigh::{Frequencies, Weights, dot};
