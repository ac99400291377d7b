//! The name of a file: its path relative to the root of the walk, UTF-8 or not. Not a place in the file system.

use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// A path relative to the root of the walk; ordered by its bytes, and equal on every node whatever its encoding.
///
/// (A `PathBuf` cannot cross the wire: serde refuses those that are not UTF-8.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileName(OsString);

impl FileName {
    /// The name of the file at this path below the root.
    pub fn new(relative: impl Into<OsString>) -> Self {
        Self(relative.into())
    }

    /// Where the file is, given the root.
    #[must_use]
    pub fn under(&self, root: &Path) -> PathBuf {
        root.join(&self.0)
    }

    /// The name as a path below the root.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The folder below the root that the file is in, or the file itself if it lies in the root: the crate, in a
    /// cargo registry.
    #[must_use]
    pub fn top(&self) -> &OsStr {
        self.as_path().iter().next().unwrap_or(&self.0)
    }
}

/// For people: what is not UTF-8 is replaced, and control characters are escaped, so that a name cannot move the cursor.
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string_lossy().chars() {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_prints_on_one_line_whatever_is_in_it() {
        assert_eq!(FileName::new("a\nb\u{1b}[2J/ü.rs").to_string(), "a\\nb\\u{1b}[2J/ü.rs");
    }

    #[test]
    fn the_top_is_the_folder_below_the_root() {
        assert_eq!(FileName::new("syn-2.0.0/src/lib.rs").top(), "syn-2.0.0");
        assert_eq!(FileName::new("lib.rs").top(), "lib.rs");
    }
}
