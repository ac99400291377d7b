//! Folding of exact copies: files of equal bytes become one, compared once. Not the search for near-copies.

use crate::job::FileName;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Says of each file whether its bytes are new, and keeps who is a copy of whom.
///
/// Memory: 36 bytes for each different content (its hash and number), and for each file its name; no bytes are kept.
/// The number of files is bounded by [`Rules::most_files`](crate::job::Rules::most_files).
///
/// ```
/// use rendez_cli::job::{FileName, Fold, Folder};
///
/// let mut folder = Folder::default();
/// let Fold::New(first) = folder.offer(FileName::new("b"), b"same") else { panic!() };
/// assert_eq!(folder.offer(FileName::new("a"), b"same"), Fold::CopyOf(first));
/// let (files, _) = folder.finish();
/// assert_eq!(files.groups().next().map(|group| group.name.to_string()), Some("a".to_owned()));
/// ```
#[derive(Debug, Default)]
pub struct Folder {
    known: HashMap<Fingerprint, FileId>,
    files: Vec<File>,
}

/// The hash of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fingerprint([u8; 32]);

/// Names a content within its [`Folder`]: counts from 0 in the order of arrival, which differs from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// Names a content once all are known: its place in the order of names, which is the same in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank(pub u32);

/// What a folder says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// The first of its content, to be compared.
    New(FileId),
    /// A copy, byte by byte, of one that was there before.
    CopyOf(FileId),
}

/// One content: the file that stands for it, and its exact copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The first of the names of this content in their order, which stands for it.
    pub name: FileName,
    /// The other names, in their order.
    pub copies: Vec<FileName>,
    /// How many bytes one copy has.
    pub len: u64,
}

/// All contents, ordered by name: the [`Rank`] of a content is its place here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(Vec<File>);

impl Folder {
    /// Takes note of a file with these bytes.
    ///
    /// # Panics
    ///
    /// At 2³² different contents; the limit of the rules is far below.
    pub fn offer(&mut self, name: FileName, bytes: &[u8]) -> Fold {
        self.offer_hashed(name, Fingerprint::of(bytes), bytes.len() as u64)
    }

    /// Takes note of a file whose bytes somebody else has hashed.
    ///
    /// # Panics
    ///
    /// As [`offer`](Self::offer).
    pub fn offer_hashed(&mut self, name: FileName, fingerprint: Fingerprint, len: u64) -> Fold {
        match self.known.entry(fingerprint) {
            Entry::Occupied(known) => {
                let id = *known.get();
                self.files[id.0 as usize].add_copy(name);
                Fold::CopyOf(id)
            }
            Entry::Vacant(place) => {
                let id = FileId(u32::try_from(self.files.len()).expect("the rules allow fewer than 2^32 files"));
                place.insert(id);
                self.files.push(File { name, copies: Vec::new(), len });
                Fold::New(id)
            }
        }
    }

    /// What is known of a content so far; its name may still change for a smaller one.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(id.0 as usize)
    }

    /// How many different contents there are so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether no file was offered yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// All contents in the order of their names, and the rank of each [`FileId`] (at its place).
    #[must_use]
    pub fn finish(self) -> (Files, Vec<Rank>) {
        let mut numbered: Vec<(File, FileId)> = self.files.into_iter().zip((0..).map(FileId)).collect();
        numbered.sort_unstable_by(|a, b| a.0.name.cmp(&b.0.name));
        let mut ranks = vec![Rank(0); numbered.len()];
        for (rank, (_, id)) in (0..).map(Rank).zip(&numbered) {
            ranks[id.0 as usize] = rank;
        }
        let mut files: Vec<File> = numbered.into_iter().map(|(file, _)| file).collect();
        files.iter_mut().for_each(|file| file.copies.sort_unstable());
        (Files(files), ranks)
    }
}

impl Fingerprint {
    /// The fingerprint of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl File {
    /// Keeps the smallest name in front, so that the order of arrival does not matter.
    fn add_copy(&mut self, mut name: FileName) {
        if name < self.name {
            std::mem::swap(&mut name, &mut self.name);
        }
        self.copies.push(name);
    }
}

impl Files {
    /// The content of this rank.
    ///
    /// # Panics
    ///
    /// If the rank is of another set of files.
    #[must_use]
    pub fn file(&self, rank: Rank) -> &File {
        &self.0[rank.0 as usize]
    }

    /// How many different contents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All contents, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &File> {
        self.0.iter()
    }

    /// The contents that have exact copies, in the order of their names.
    pub fn groups(&self) -> impl Iterator<Item = &File> {
        self.0.iter().filter(|file| !file.copies.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(arrivals: &[(&str, &str)]) -> (Files, Vec<Rank>) {
        let mut folder = Folder::default();
        for (name, text) in arrivals {
            folder.offer(FileName::new(name), text.as_bytes());
        }
        folder.finish()
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let arrivals = [("d", "x"), ("a", "y"), ("c", "x"), ("b", "z"), ("e", "x")];
        let (files, _) = folded(&arrivals);
        let mut turned = arrivals;
        for _ in 0..arrivals.len() {
            turned.rotate_left(1);
            assert_eq!(folded(&turned).0, files);
        }
        let group = files.groups().next().unwrap();
        assert_eq!((group.name.to_string(), group.copies.len()), ("c".to_owned(), 2));
        assert_eq!(files.groups().count(), 1);
    }

    #[test]
    fn a_rank_finds_the_content_that_an_arrival_had() {
        let (files, ranks) = folded(&[("d", "four"), ("a", "y"), ("c", "four")]);
        assert_eq!(files.file(ranks[0]).len, 4);
        assert_eq!(files.file(ranks[1]).len, 1);
        assert_eq!(ranks, [Rank(1), Rank(0)], "a < c, which stands for d");
    }
}
