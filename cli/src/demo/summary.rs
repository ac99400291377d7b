//! The end of the demo's report: what each node and device did. The tables before it are the job's.

use crate::demo::Demo;
use crate::demo::collector::NodeShare;
use crate::demo::compare::{Sample, TILE_ROWS};
use crate::demo::index::NodeReport;
use crate::job::reference::Findings;
use crate::job::{Report, Throughput};
use crate::memory;
use rendez::gpu::Gpu;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// What one sparse count takes in memory.
const COUNT_BYTES: u64 = 8;

/// The tables of clusters and copies.
#[must_use]
pub fn report(demo: &Demo, findings: &Findings, counting: Duration) -> String {
    let copies: usize = findings.files.groups().map(|file| file.copies.len()).sum();
    let throughput =
        Throughput { files: (findings.files.len() + copies) as u64, bytes: findings.bytes, elapsed: counting };
    Report {
        root: &demo.root,
        files: &findings.files,
        clusters: &findings.clusters,
        threshold: demo.parameters.threshold,
        pairs_were_lost: findings.pairs.is_full(),
        skips: &findings.skips,
        throughput,
        rows: demo.rows,
    }
    .to_string()
}

/// What each node and device did.
pub struct Summary<'a> {
    /// By number.
    pub nodes: &'a [NodeShare],
    /// What the children reported, by name.
    pub reports: &'a BTreeMap<String, NodeReport>,
    /// The device.
    pub gpu: &'a Gpu,
    /// One tile on every other device.
    pub samples: &'a [Sample],
    /// Rows compared.
    pub rows: usize,
    /// Pairs of tiles compared.
    pub tile_pairs: usize,
    /// The dimension of the rows.
    pub dimension: usize,
    /// How many sparse counts there are in all files together.
    pub terms: u64,
    /// How long the first phase took.
    pub counting: Duration,
    /// How long the second phase took.
    pub comparing: Duration,
    /// How long the whole took.
    pub whole: Duration,
    /// Where the picture is.
    pub picture: &'a Path,
    /// Whether ctrl-c ended it early.
    pub interrupted: bool,
    /// Deadlocks that were named.
    pub deadlocks: &'a [String],
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.interrupted {
            writeln!(f, "interrupted: this is a partial result")?;
        }
        for (number, share) in self.nodes.iter().enumerate() {
            self.node(f, number, share)?;
        }
        self.device(f)?;
        let vectors = megabytes(self.rows as u64 * self.dimension as u64 * 4);
        let counts = megabytes(self.terms * COUNT_BYTES);
        writeln!(
            f,
            "memory that grows with the files: vectors {vectors:.1} MB, on the host and on the device; sparse counts \
             {counts:.1} MB, here and in the index; all else is bounded by channels, tiles and the best pairs"
        )?;
        for sentence in self.deadlocks {
            writeln!(f, "{sentence}")?;
        }
        write!(f, "picture: {}; {:.1} s in all", self.picture.display(), self.whole.as_secs_f64())
    }
}

impl Summary<'_> {
    fn node(&self, f: &mut fmt::Formatter<'_>, number: usize, share: &NodeShare) -> fmt::Result {
        let name = format!("node-{number}");
        let peak = match self.reports.get(&name) {
            _ if number == 0 => memory::peak(),
            Some(report) => report.peak_memory,
            None => 0,
        };
        let rate = megabytes(share.bytes) / self.counting.as_secs_f64().max(1e-9);
        let (files, bytes, peak) = (share.files, megabytes(share.bytes), megabytes(peak));
        write!(f, "{name}: counted {files} files, {bytes:.1} MB, {rate:.1} MB/s; peak memory {peak:.0} MB")?;
        match &share.lost {
            Some(why) => writeln!(f, "; LOST: {why}"),
            None => writeln!(f),
        }
    }

    fn device(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = TILE_ROWS as f64;
        let operations = 2.0 * rows * rows * self.dimension as f64 * self.tile_pairs as f64;
        let (stats, seconds) = (self.gpu.stats(), self.comparing.as_secs_f64());
        writeln!(
            f,
            "device {}: {} rows in {} pairs of tiles, {seconds:.1} s, at most {:.1} GFLOP/s; {} uploads, {} downloads",
            self.gpu.info().name,
            self.rows,
            self.tile_pairs,
            operations / 1e9 / seconds.max(1e-9),
            stats.uploads,
            stats.downloads
        )?;
        for sample in self.samples {
            match &sample.difference {
                Ok(difference) => {
                    writeln!(f, "sampled tile on {}: largest difference {difference:.1e}", sample.device)?;
                }
                Err(why) => writeln!(f, "sampled tile on {}: not computed: {why}", sample.device)?,
            }
        }
        if self.samples.is_empty() {
            writeln!(f, "sampled tile: there is no other device here to compare with")?;
        }
        Ok(())
    }
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
