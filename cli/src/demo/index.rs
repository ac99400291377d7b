//! The index: an actor that knows the files counted so far and answers which are nearest to a text.

use crate::job::{Counts, FileId, Frequencies, Score, dot};
use rendez::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many of the nearest files an answer names at most.
pub const NEAREST_MAX: u32 = 100;

/// What a node has done so far, as it reports itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeReport {
    /// Files counted.
    pub files: u64,
    /// Bytes counted.
    pub bytes: u64,
    /// Peak of its resident memory, in bytes; 0 where that is not known.
    pub peak_memory: u64,
}

impl NodeReport {
    /// Adds what was done since.
    pub fn add(&mut self, more: &Self) {
        self.files += more.files;
        self.bytes += more.bytes;
    }
}

/// A file near to the one that was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Near {
    /// The similarity in ten-thousandths.
    pub score: Score,
    /// The file, below the root of the search.
    pub name: String,
}

/// What the index knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The directory that is searched.
    pub root: String,
    /// The dimension of the counts.
    pub dimension: usize,
    /// Files known so far.
    pub files: u64,
    /// What each node has reported, by name.
    pub nodes: BTreeMap<String, NodeReport>,
}

/// The state of the actor.
pub struct Index {
    root: String,
    dimension: usize,
    frequencies: Frequencies,
    names: BTreeMap<FileId, String>,
    counts: BTreeMap<FileId, Counts>,
    nodes: BTreeMap<String, NodeReport>,
}

impl Index {
    /// An index that knows nothing yet.
    #[must_use]
    pub fn new(root: String, dimension: usize) -> Self {
        let frequencies = Frequencies::new(dimension);
        let (names, counts, nodes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { root, dimension, frequencies, names, counts, nodes }
    }
}

#[actor(remote)]
impl Index {
    /// Notes the names of files, which may come before or after their counts.
    pub async fn name(&mut self, names: Vec<(FileId, String)>) {
        self.names.extend(names);
    }

    /// Adds the counts of files.
    pub async fn add(&mut self, files: Vec<(FileId, Counts)>) {
        for (id, counts) in files {
            if !self.counts.contains_key(&id) && self.frequencies.add(&counts).is_ok() {
                self.counts.insert(id, counts);
            }
        }
    }

    /// Notes what a node says it has done so far.
    pub async fn report(&mut self, node: String, report: NodeReport) {
        self.nodes.insert(node, report);
    }

    /// What the index knows.
    pub async fn status(&mut self) -> Status {
        let (root, dimension, nodes) = (self.root.clone(), self.dimension, self.nodes.clone());
        Status { root, dimension, files: self.counts.len() as u64, nodes }
    }

    /// The files nearest to a text, by its counts: the nearest first.
    ///
    /// # Errors
    /// Counts of a dimension that the index has not, in a sentence.
    pub async fn nearest(&mut self, counts: Counts, most: u32) -> Result<Vec<Near>, String> {
        let weights = self.frequencies.weights();
        let row = weights.row(&counts).map_err(|error| error.to_string())?;
        let mut near = Vec::with_capacity(self.counts.len());
        for (id, counts) in &self.counts {
            let Some(name) = self.names.get(id) else { continue };
            let other = weights.row(counts).map_err(|error| error.to_string())?;
            near.push((dot(&row, &other), name));
        }
        near.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let nearest = near.into_iter().take(most.min(NEAREST_MAX) as usize);
        Ok(nearest.map(|(score, name)| Near { score: Score::rounded(f64::from(score)), name: name.clone() }).collect())
    }
}
