//! The head of the first phase: walker, readers and folder. Paths go in, jobs of fresh texts come out.

use crate::demo::index::IndexRef;
use crate::demo::messages::{Bytes, Job, Text};
use crate::job::{FileId, FileName, Files, Fingerprint, Fold, Folder, Rank, Rules, Skip, Skips, Step, Walk, read};
use rendez::prelude::*;
use std::path::PathBuf;

/// A job is sent when its texts have this many bytes: a fraction of a millisecond of counting.
const JOB_BYTES: usize = 64 << 10;

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

/// The walker tells of its progress every so many files.
const TELL_EVERY: u64 = 64;

/// Sends the files below the root, until the tree is done or somebody gives up the other end of `stop`.
#[process(blocking)]
pub fn walker(
    walk: Walk,
    paths: Sender<Result<FileName, Skip>>,
    progress: Sender<Walked>,
    stop: Receiver<()>,
) -> Outcome {
    let mut walked = Walked::default();
    for step in walk {
        if stopped(&stop) {
            break;
        }
        match step {
            Step::File(file) => {
                walked.files += 1;
                walked.bytes += file.len;
                paths.send_blocking(Ok(file.name))?;
            }
            Step::Skipped(why) => paths.send_blocking(Err(why))?,
        }
        if walked.files.is_multiple_of(TELL_EVERY) {
            // Nobody needs each of these: one that finds no room is not sent.
            let _ = progress.try_send(walked);
        }
    }
    walked.over = true;
    progress.send_blocking(walked)?;
    Ok(())
}

fn stopped(stop: &Receiver<()>) -> bool {
    matches!(stop.try_recv(), Err(rendez::channels::TryRecvError::Ended(_)))
}

/// Reads and hashes the files that it is sent.
#[process(blocking)]
pub fn reader(root: PathBuf, rules: Rules, paths: Receiver<Result<FileName, Skip>>, texts: Sender<Reading>) -> Outcome {
    while let Some(path) = paths.next_blocking()? {
        let reading = path.and_then(|name| {
            let bytes = read(&name.under(&root), &rules)?;
            Ok(Read { name, fingerprint: Fingerprint::of(&bytes), bytes })
        });
        texts.send_blocking(reading)?;
    }
    Ok(())
}

/// Folds exact copies and makes jobs of what is new.
#[process]
pub async fn folder(index: IndexRef, texts: Receiver<Reading>, jobs: Sender<Job>, folded: Sender<Folded>) -> Outcome {
    let (mut folder, mut skips, mut bytes) = (Folder::default(), Skips::default(), 0);
    let mut job = Batch::default();
    while let Some(reading) = texts.next().await? {
        match reading {
            Err(why) => skips.count(why),
            Ok(read) => {
                let len = read.bytes.len() as u64;
                let name = read.name.to_string();
                bytes += len;
                if let Fold::New(file) = folder.offer_hashed(read.name, read.fingerprint, len)
                    && let Some((full, names)) = job.add(Text { file, bytes: Bytes(read.bytes) }, name)
                {
                    // The index is told by the way: that it is being restarted is no reason to stop.
                    let _ = index.tell_name(names).await;
                    jobs.send(full).await?;
                }
            }
        }
    }
    if let Some((last, names)) = job.take() {
        let _ = index.tell_name(names).await;
        jobs.send(last).await?;
    }
    let (files, ranks) = folder.finish();
    folded.send(Folded { files, ranks, jobs: job.number, bytes, skips }).await?;
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
