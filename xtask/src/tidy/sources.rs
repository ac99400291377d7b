//! The Rust sources of the workspace. It judges nothing.

use super::Finding;
use super::code::{self, Code};
use crate::step::Failed;
use std::fmt::Display;
use std::path::Path;

/// One `.rs` file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
    /// Its code alone.
    pub(crate) code: Code,
}

impl Source {
    /// A source of this text.
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { path: path.into(), code: code::of(&text), text }
    }

    /// Whether it is what the project ships: the sources of a library or program, not of a test or an example.
    pub(crate) fn is_shipped(&self) -> bool {
        self.path.split('/').take(2).any(|folder| folder == "src")
    }

    /// A finding in this file.
    pub(crate) fn finding(&self, what: impl Display) -> Finding {
        Finding { path: self.path.clone(), what: what.to_string() }
    }
}

/// All sources below `root`, in order of their paths.
pub(crate) fn all(root: &Path) -> Result<Vec<Source>, Failed> {
    let mut sources = vec![];
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |e| Failed::new(format_args!("cannot read {}: {e}", folder.display()));
        for entry in folder.read_dir().map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.extend(is_ours(&path).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(read(root, &path)?);
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

/// Neither hidden nor a folder that cargo builds in.
fn is_ours(folder: &Path) -> bool {
    let hidden = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !hidden && !folder.ends_with("target") && !folder.join("CACHEDIR.TAG").exists()
}

fn read(root: &Path, path: &Path) -> Result<Source, Failed> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|e| Failed::new(format_args!("cannot read {}: {e}", path.display())))?;
    let inside = path.strip_prefix(root).unwrap_or(path);
    let words: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    Ok(Source::new(words.join("/"), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_shipped_and_its_tests_are_not() {
        assert!(Source::new("src/lib.rs", "").is_shipped());
        assert!(Source::new("net/src/proto/frame.rs", "").is_shipped());
        assert!(!Source::new("net/tests/it/main.rs", "").is_shipped());
        assert!(!Source::new("examples/cookbook/src/x.rs", "").is_shipped());
    }
}
