//! The few things that the verbs want to know from a `Cargo.toml`, read line by line. No TOML parser.

use crate::step::Failed;
use std::path::Path;

/// One `Cargo.toml`.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Its path from the root.
    pub(crate) path: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    section: String,
    key: String,
    value: String,
}

impl Manifest {
    /// The manifest of this text.
    pub(crate) fn new(path: impl Into<String>, text: &str) -> Self {
        Self { path: path.into(), entries: entries(text) }
    }

    /// The manifest in a folder of the workspace.
    pub(crate) fn load(root: &Path, folder: &str) -> Result<Self, Failed> {
        let path = if folder == "." { "Cargo.toml".to_owned() } else { format!("{folder}/Cargo.toml") };
        let text = std::fs::read_to_string(root.join(&path));
        Ok(Self::new(&path, &text.map_err(|e| Failed::new(format_args!("cannot read {path}: {e}")))?))
    }

    /// The manifests of all members.
    pub(crate) fn all(root: &Path) -> Result<Vec<Self>, Failed> {
        let house = Self::load(root, ".")?;
        let members = house.entry("workspace", "members").map(|entry| texts(&entry.value)).unwrap_or_default();
        members.iter().map(|folder| Self::load(root, folder)).collect()
    }

    /// The name of the package.
    pub(crate) fn package(&self) -> &str {
        self.entry("package", "name").map_or("", |entry| entry.value.trim_matches('"'))
    }

    /// The names of all normal dependencies, also those of one platform only.
    pub(crate) fn dependencies(&self) -> Vec<String> {
        let of_section = |entry: &Entry| {
            let (_, table) = entry.section.rsplit_once("'.").unwrap_or(("", &entry.section));
            let name = match table.strip_prefix("dependencies") {
                Some("") => entry.key.split('.').next()?,
                Some(one) => one.strip_prefix('.')?,
                None => return None,
            };
            Some(name.to_owned())
        };
        let mut names: Vec<_> = self.entries.iter().filter_map(of_section).collect();
        names.dedup();
        names
    }

    /// The features but for the default ones.
    pub(crate) fn features(&self) -> Vec<String> {
        let entries = self.entries.iter().filter(|entry| entry.section == "features" && entry.key != "default");
        entries.map(|entry| entry.key.clone()).collect()
    }

    fn entry(&self, section: &str, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.section == section && entry.key == key)
    }
}

fn entries(text: &str) -> Vec<Entry> {
    let (mut entries, mut section) = (vec![], String::new());
    let mut lines = text.lines().map(without_comment);
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']).to_owned();
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let mut value = value.trim().to_owned();
        while value.starts_with('[') && !value.ends_with(']') {
            let Some(more) = lines.next() else { break };
            value.push_str(more);
        }
        entries.push(Entry { section: section.clone(), key: key.trim().trim_matches('"').to_owned(), value });
    }
    entries
}

fn without_comment(line: &str) -> &str {
    let in_text = |at: usize| line[..at].matches('"').count() % 2 == 1;
    let comment = line.match_indices('#').map(|(at, _)| at).find(|at| !in_text(*at));
    line[..comment.unwrap_or(line.len())].trim()
}

/// The texts of an array.
fn texts(value: &str) -> Vec<String> {
    value.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"
[package]
name = "rendez-x" # a comment
description = "a # that stays"

[features]
default = []
net = ["dep:quinn"]

[dependencies]
a.workspace = true
"b" = { version = "1" }
c = [
  "odd",
]

[dependencies.d]
path = "d"
features = ["x"]

[target.'cfg(unix)'.dependencies]
e = "1"

[dev-dependencies]
f = "1"
"##;

    #[test]
    fn what_is_asked_is_read() {
        let manifest = Manifest::new("x/Cargo.toml", TEXT);
        assert_eq!(manifest.package(), "rendez-x");
        assert_eq!(manifest.features(), ["net"]);
        assert_eq!(manifest.dependencies(), ["a", "b", "c", "d", "e"]);
        assert_eq!(manifest.entry("package", "description").unwrap().value, "\"a # that stays\"");
    }

    #[test]
    fn arrays_may_take_several_lines() {
        let manifest = Manifest::new("Cargo.toml", "[workspace]\nmembers = [\n  \".\", # here\n  \"model\",\n]\n");
        assert_eq!(texts(&manifest.entry("workspace", "members").unwrap().value), [".", "model"]);
    }
}
