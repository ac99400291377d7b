//! Walk: the files of a tree, one by one, in the order of their names. Not a reader: it opens no file.

use crate::job::{FileName, Rules, Skip, Skips};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Steps over a directory tree, depth first, each folder in the order of its names: the same steps in every run over
/// the same tree.
///
/// Symbolic links are not followed (the root may be one), so a walk ends. Names that start with a dot are skipped below
/// the root; the root itself may lie in a dotted folder such as `~/.cargo`. Memory: the listings of the folders on the
/// way down to the current one.
///
/// ```
/// use rendez_cli::job::{Rules, Step, Walk};
///
/// let walk = Walk::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"), Rules::default())?;
/// let files: Vec<String> =
///     walk.filter_map(|step| if let Step::File(file) = step { Some(file.name.to_string()) } else { None }).collect();
/// assert!(files.contains(&"job/walk.rs".to_owned()));
/// # Ok::<(), rendez_cli::job::RootError>(())
/// ```
#[derive(Debug)]
pub struct Walk {
    root: PathBuf,
    rules: Rules,
    found: u32,
    /// One for each folder on the way down to the current one.
    open: Vec<Listing>,
}

/// One step of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A file that takes part, if its reader finds text in it.
    File(Candidate),
    /// A file or folder was left out, for this reason.
    Skipped(Skip),
}

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its path below the root.
    pub name: FileName,
    /// Its length in bytes when the walk came by.
    pub len: u64,
}

/// Why a directory cannot be searched for near-copies; its text names the path and says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootError {
    /// There is nothing at this path.
    Unknown(PathBuf),
    /// This is a file.
    NotADirectory(PathBuf),
    /// The directory has no entries.
    Empty(PathBuf),
    /// The directory cannot be listed, for this reason.
    Unreadable(PathBuf, String),
    /// No directory was named, and the registry that stands in for it has none.
    NoRegistry(PathBuf),
    /// Fewer than two different text files are left: there is nothing to compare. From the job, not from the walk.
    NothingToCompare(PathBuf, Skips),
}

impl Walk {
    /// A walk over the tree below `root`.
    ///
    /// # Errors
    ///
    /// [`RootError`] when there is no directory to walk, or nothing in it.
    pub fn new(root: impl Into<PathBuf>, rules: Rules) -> Result<Self, RootError> {
        let root = root.into();
        let metadata = fs::metadata(&root).map_err(|e| RootError::of_io(&root, &e))?;
        if !metadata.is_dir() {
            return Err(RootError::NotADirectory(root));
        }
        let (listing, skipped) = Listing::of(&root, PathBuf::new()).map_err(|e| RootError::of_io(&root, &e))?;
        if listing.entries.is_empty() && skipped == 0 {
            return Err(RootError::Empty(root));
        }
        Ok(Self { root, rules, found: 0, open: vec![listing] })
    }

    /// The root, as it was given.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What to do about an entry: a step to report, or none for a folder that was opened.
    fn visit(&mut self, relative: PathBuf, kind: Option<fs::FileType>) -> Option<Step> {
        let Some(kind) = kind else { return Some(Step::Skipped(Skip::Unreadable)) };
        if let Some(why) = self.rejects(&relative, kind) {
            return Some(Step::Skipped(why));
        }
        if kind.is_dir() { self.descend(relative) } else { Some(self.candidate(relative)) }
    }

    /// The reason to leave an entry out that its name and kind give.
    fn rejects(&self, relative: &Path, kind: fs::FileType) -> Option<Skip> {
        let name = relative.file_name().unwrap_or_default();
        if name.as_encoded_bytes().starts_with(b".") {
            return Some(Skip::Dotted);
        }
        if kind.is_symlink() {
            return Some(Skip::Link);
        }
        if !kind.is_dir() && !kind.is_file() {
            return Some(Skip::Special);
        }
        (kind.is_file() && !self.rules.with_boilerplate && Rules::is_boilerplate(name)).then_some(Skip::Boilerplate)
    }

    fn descend(&mut self, folder: PathBuf) -> Option<Step> {
        match Listing::of(&self.root.join(&folder), folder) {
            Ok((listing, _)) => {
                self.open.push(listing);
                None
            }
            Err(_) => Some(Step::Skipped(Skip::Unreadable)),
        }
    }

    fn candidate(&mut self, relative: PathBuf) -> Step {
        let len = match fs::symlink_metadata(self.root.join(&relative)) {
            Ok(metadata) => metadata.len(),
            Err(_) => return Step::Skipped(Skip::Unreadable),
        };
        if len < self.rules.shortest {
            return Step::Skipped(Skip::Short);
        }
        if len > self.rules.longest {
            return Step::Skipped(Skip::Long);
        }
        if self.found == self.rules.most_files {
            return Step::Skipped(Skip::Surplus);
        }
        self.found += 1;
        Step::File(Candidate { name: FileName::new(relative), len })
    }
}

impl Iterator for Walk {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            let listing = self.open.last_mut()?;
            let Some((name, kind)) = listing.entries.pop() else {
                self.open.pop();
                continue;
            };
            let relative = listing.folder.join(name);
            if let Some(step) = self.visit(relative, kind) {
                return Some(step);
            }
        }
    }
}

impl RootError {
    fn of_io(root: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Unknown(root.to_owned()),
            _ => Self::Unreadable(root.to_owned(), error.to_string()),
        }
    }
}

impl fmt::Display for RootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(root) => write!(f, "there is no directory {}: name one that exists", root.display()),
            Self::NotADirectory(root) => {
                write!(f, "{} is a file: name the directory whose files are to be compared", root.display())
            }
            Self::Empty(root) => write!(f, "the directory {} is empty: name one with text files in it", root.display()),
            Self::Unreadable(root, why) => {
                write!(f, "cannot list the directory {} ({why}): check its permissions", root.display())
            }
            Self::NoRegistry(sources) => write!(
                f,
                "there are no sources in the cargo registry {}: run `cargo fetch`, or name a directory",
                sources.display()
            ),
            Self::NothingToCompare(root, skips) => write!(
                f,
                "fewer than two different text files are left in {} (skipped {skips}): name a directory with more",
                root.display()
            ),
        }
    }
}

impl std::error::Error for RootError {}

/// What is still to be visited in one folder.
#[derive(Debug)]
struct Listing {
    folder: PathBuf,
    /// In falling order, so that the next one pops off the end. No kind: the system would not say.
    entries: Vec<(OsString, Option<fs::FileType>)>,
}

impl Listing {
    /// The entries of a folder, and how many of them could not even be named.
    fn of(path: &Path, folder: PathBuf) -> io::Result<(Self, usize)> {
        let mut entries = Vec::new();
        let mut nameless = 0;
        for entry in fs::read_dir(path)? {
            match entry {
                Ok(entry) => entries.push((entry.file_name(), entry.file_type().ok())),
                Err(_) => nameless += 1,
            }
        }
        entries.sort_unstable_by(|a, b| b.0.cmp(&a.0));
        Ok((Self { folder, entries }, nameless))
    }
}
