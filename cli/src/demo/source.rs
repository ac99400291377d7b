//! The head of the first phase: walker, readers and folder. Paths go in, jobs of fresh texts come out.

use crate::demo::index::IndexRef;
use crate::demo::messages::{Bytes, Job, Text};
use crate::job::{FileId, FileName, Files, Fingerprint, Fold, Folder, Rank, Rules, Skip, Skips, Step, Walk, read};
use rendez::prelude::*;
use std::path::{Path, PathBuf};

/// A job is sent when its texts have this many bytes: a fraction of a millisecond of counting.
const JOB_BYTES: usize = 128 << 10;

/// Paths travel in lots of this many: waking a thread costs as much as reading a small file.
const LOT: usize = 32;

/// A reader passes on what it has read when it has this many bytes, or at the end of a lot.
const READ_BYTES: usize = 128 << 10;

/// Paths to be read, and what the walk has left out, in its order.
pub type Lot = Vec<Result<FileName, Skip>>;

/// A file that was read, or the reason why it takes no part.
pub type Reading = Result<Read, Skip>;

/// A text with the hash that tells exact copies.
pub struct Read {
    name: FileName,
    fingerprint: Fingerprint,
    bytes: Vec<u8>,
}

/// What the folder knows when the last text has come by.
pub struct Folded {
    /// The contents in the order of their names.
    pub files: Files,
    /// The rank of each file id.
    pub ranks: Vec<Rank>,
    /// How many jobs were made.
    pub jobs: u64,
    /// How many bytes were read.
    pub bytes: u64,
    /// What was left out.
    pub skips: Skips,
}

/// What the walk has seen so far; the last one is the whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct Walked {
    /// Files to be read.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether the walk is over.
    pub over: bool,
}

/// Sends the files below the root, until the tree is done or somebody gives up the other end of `stop`.
#[process(blocking)]
pub fn walker(walk: Walk, paths: Sender<Lot>, progress: Sender<Walked>, stop: Receiver<()>) -> Outcome {
    let mut walked = Walked::default();
    let mut lot = Lot::with_capacity(LOT);
    for step in walk {
        lot.push(match step {
            Step::File(file) => {
                walked.files += 1;
                walked.bytes += file.len;
                Ok(file.name)
            }
            Step::Skipped(why) => Err(why),
        });
        if lot.len() == LOT {
            if stopped(&stop) {
                break;
            }
            paths.send_blocking(std::mem::replace(&mut lot, Lot::with_capacity(LOT)))?;
            // Nobody needs each of these: one that finds no room is not sent.
            let _ = progress.try_send(walked);
        }
    }
    paths.send_blocking(lot)?;
    walked.over = true;
    progress.send_blocking(walked)?;
    Ok(())
}

fn stopped(stop: &Receiver<()>) -> bool {
    matches!(stop.try_recv(), Err(rendez::channels::TryRecvError::Ended(_)))
}

/// Reads and hashes the files that it is sent.
#[process(blocking)]
pub fn reader(root: PathBuf, rules: Rules, paths: Receiver<Lot>, texts: Sender<Vec<Reading>>) -> Outcome {
    while let Some(lot) = paths.next_blocking()? {
        let (mut readings, mut bytes) = (Vec::with_capacity(lot.len()), 0);
        for path in lot {
            let reading = path.and_then(|name| read_one(name, &root, &rules));
            bytes += reading.as_ref().map_or(0, |read| read.bytes.len());
            readings.push(reading);
            if bytes >= READ_BYTES {
                texts.send_blocking(std::mem::take(&mut readings))?;
                bytes = 0;
            }
        }
        texts.send_blocking(readings)?;
    }
    Ok(())
}

fn read_one(name: FileName, root: &Path, rules: &Rules) -> Reading {
    let bytes = read(&name.under(root), rules)?;
    Ok(Read { name, fingerprint: Fingerprint::of(&bytes), bytes })
}

/// Folds exact copies and makes jobs of what is new.
#[process]
pub async fn folder(
    index: IndexRef,
    texts: Receiver<Vec<Reading>>,
    jobs: Sender<Job>,
    folded: Sender<Folded>,
) -> Outcome {
    let (mut folder, mut skips, mut bytes) = (Folder::default(), Skips::default(), 0);
    let mut batch = Batch::default();
    while let Some(readings) = texts.next().await? {
        for reading in readings {
            let read = match reading {
                Ok(read) => read,
                Err(why) => {
                    skips.count(why);
                    continue;
                }
            };
            let (name, len) = (read.name.to_string(), read.bytes.len() as u64);
            bytes += len;
            if let Fold::New(file) = folder.offer_hashed(read.name, read.fingerprint, len)
                && let Some((job, names)) = batch.add(Text { file, bytes: Bytes(read.bytes) }, name)
            {
                // The index is told by the way: that it is being restarted is no reason to stop.
                let _ = index.tell_name(names).await;
                jobs.send(job).await?;
            }
        }
    }
    if let Some((last, names)) = batch.take() {
        let _ = index.tell_name(names).await;
        jobs.send(last).await?;
    }
    let (files, ranks) = folder.finish();
    folded.send(Folded { files, ranks, jobs: batch.number, bytes, skips }).await?;
    Ok(())
}

/// The job that is being filled.
#[derive(Default)]
struct Batch {
    number: u64,
    texts: Vec<Text>,
    names: Names,
    bytes: usize,
}

/// The names of a job's texts, for the index.
type Names = Vec<(FileId, String)>;

impl Batch {
    fn add(&mut self, text: Text, name: String) -> Option<(Job, Names)> {
        self.names.push((text.file, name));
        self.bytes += text.bytes.0.len();
        self.texts.push(text);
        if self.bytes >= JOB_BYTES { self.take() } else { None }
    }

    fn take(&mut self) -> Option<(Job, Names)> {
        if self.texts.is_empty() {
            return None;
        }
        let job = Job { number: self.number, texts: std::mem::take(&mut self.texts) };
        self.number += 1;
        self.bytes = 0;
        Some((job, std::mem::take(&mut self.names)))
    }
}
