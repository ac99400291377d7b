//! Report: the findings as a text for people. Not the findings themselves.

use crate::job::{Cluster, File, FileName, Files, Score, Skips, braced};
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// How many rows a table has, unless a parameter says otherwise.
pub const DEFAULT_ROWS: usize = 20;

/// How wide the column of paths may be.
const PATHS_WIDTH: usize = 88;

/// As long as there are others, no more rows than this are about the same folders: two versions of one crate would
/// fill the table with a row for each of their files.
const ROWS_ALIKE: usize = 3;

/// The findings of a run; prints as tables of clusters and of exact copies, and the sums.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The directory that was searched.
    pub root: &'a Path,
    /// The contents that were compared.
    pub files: &'a Files,
    /// The clusters of near-copies, the most important first.
    pub clusters: &'a [Cluster],
    /// From which score on two files were near-copies.
    pub threshold: Score,
    /// Whether there were more pairs than could be kept.
    pub pairs_were_lost: bool,
    /// What took no part.
    pub skips: &'a Skips,
    /// What was done in which time.
    pub throughput: Throughput,
    /// The number of rows of each table.
    pub rows: usize,
}

/// How much was done in which time; prints with files and megabytes (of 10⁶ bytes) per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throughput {
    /// How many files were read.
    pub files: u64,
    /// How many bytes they had.
    pub bytes: u64,
    /// In which time.
    pub elapsed: Duration,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clusters(f)?;
        self.copies(f)?;
        writeln!(f, "skipped {}", self.skips)?;
        writeln!(f, "read {}", self.throughput)
    }
}

impl Report<'_> {
    fn clusters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.root.display();
        if self.clusters.is_empty() {
            return writeln!(f, "no near-copies (similarity {} or more) in {root}\n", self.threshold);
        }
        let members: usize = self.clusters.iter().map(|cluster| cluster.members.len()).sum();
        let again = Bytes(self.clusters.iter().map(|cluster| cluster.repeated).sum());
        let count = counted(self.clusters.len(), "cluster");
        writeln!(f, "near-copies (similarity {} or more) in {root}", self.threshold)?;
        writeln!(f, "{count}, {members} files, {again} of text that is there again\n")?;
        writeln!(f, " similarity  files     again  members")?;
        let chosen = self.chosen(self.clusters, |cluster| self.names(cluster));
        for cluster in &chosen {
            let range = if cluster.least.to_string() == cluster.most.to_string() {
                cluster.least.to_string()
            } else {
                format!("{}-{}", cluster.least, cluster.most)
            };
            let (size, again) = (cluster.members.len(), Bytes(cluster.repeated).to_string());
            writeln!(f, " {range:<10}  {size:>5}  {again:>8}  {}", braced(&self.names(cluster), PATHS_WIDTH))?;
        }
        more(f, self.clusters.len() - chosen.len(), "cluster")?;
        if self.pairs_were_lost {
            writeln!(f, " (more pairs were found than are kept: a higher threshold, or keeping more, shows all)")?;
        }
        writeln!(f)
    }

    fn copies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<&File> = self.files.groups().collect();
        if groups.is_empty() {
            return writeln!(f, "no exact copies\n");
        }
        let again = |file: &File| file.len * file.copies.len() as u64;
        groups.sort_by_key(|file| std::cmp::Reverse(again(file)));
        let copies: usize = groups.iter().map(|file| file.copies.len() + 1).sum();
        let sum = Bytes(groups.iter().map(|file| again(file)).sum());
        writeln!(
            f,
            "exact copies: {}, {copies} files, {sum} of text that is there again\n",
            counted(groups.len(), "group")
        )?;
        let chosen = self.chosen(&groups, |file| all_names(file));
        for file in &chosen {
            let (size, again) = (file.copies.len() + 1, Bytes(again(file)).to_string());
            writeln!(f, " {:<10}  {size:>5}  {again:>8}  {}", "exact", braced(&all_names(file), PATHS_WIDTH))?;
        }
        more(f, groups.len() - chosen.len(), "group")?;
        writeln!(f)
    }

    fn names(&self, cluster: &Cluster) -> Vec<&FileName> {
        cluster.members.iter().map(|&member| &self.files.file(member).name).collect()
    }

    /// The first rows, in their order, less those that are about the same folders as [`ROWS_ALIKE`] before them; and
    /// these too, if there is room for them.
    fn chosen<'r, T>(&self, all: &'r [T], names: impl Fn(&'r T) -> Vec<&'r FileName>) -> Vec<&'r T> {
        let mut alike: HashMap<BTreeSet<&OsStr>, usize> = HashMap::new();
        let (mut chosen, others): (Vec<usize>, Vec<usize>) = (0..all.len()).partition(|&at| {
            let seen = alike.entry(names(&all[at]).into_iter().map(FileName::top).collect()).or_default();
            *seen += 1;
            *seen <= ROWS_ALIKE
        });
        chosen.truncate(self.rows);
        chosen.extend(others.into_iter().take(self.rows - chosen.len()));
        chosen.sort_unstable();
        chosen.into_iter().map(|at| &all[at]).collect()
    }
}

impl fmt::Display for Throughput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No run takes no time; a test may say so.
        let seconds = self.elapsed.as_secs_f64().max(1e-9);
        let (files, megabytes) = (self.files as f64 / seconds, self.bytes as f64 / 1e6 / seconds);
        let (count, bytes) = (counted(self.files as usize, "file"), Bytes(self.bytes));
        write!(f, "{count}, {bytes} in {seconds:.1} s: {files:.0} files/s, {megabytes:.1} MB/s")
    }
}

/// A number of bytes, in the unit that gives it one to three digits before the point.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{} B", self.0),
            1_000..1_000_000 => write!(f, "{:.1} kB", self.0 as f64 / 1e3),
            1_000_000..1_000_000_000 => write!(f, "{:.1} MB", self.0 as f64 / 1e6),
            _ => write!(f, "{:.1} GB", self.0 as f64 / 1e9),
        }
    }
}

/// The file and its copies.
fn all_names(file: &File) -> Vec<&FileName> {
    std::iter::once(&file.name).chain(&file.copies).collect()
}

fn more(f: &mut fmt::Formatter<'_>, count: usize, what: &str) -> fmt::Result {
    if count > 0 { writeln!(f, " and {count} more {what}{}", plural(count)) } else { Ok(()) }
}

/// "1 file", "2 files".
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", plural(count))
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
