//! The ratchet: what is against a rule today and may only become less. Its numbers stand in one file.

use crate::step::Failed;
use std::collections::BTreeMap;
use std::path::Path;

/// The file, from the root.
pub(crate) const PATH: &str = "xtask/ratchet.txt";

/// How much of what is allowed where, and how much of it was seen.
#[derive(Debug, Default)]
pub(crate) struct Ratchet {
    entries: BTreeMap<(String, String), Entry>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Entry {
    allowed: usize,
    seen: usize,
}

impl Ratchet {
    /// Reads the file of the workspace in `root`.
    pub(crate) fn load(root: &Path) -> Result<Self, Failed> {
        let text = std::fs::read_to_string(root.join(PATH));
        Self::parse(&text.map_err(|e| Failed::new(format_args!("cannot read {PATH}: {e}")))?)
    }

    /// Reads lines `RULE PATH NUMBER`; empty ones and those with `#` say nothing.
    fn parse(text: &str) -> Result<Self, Failed> {
        let mut entries = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            let words: Vec<_> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            let wrong = || Failed::new(format_args!("{PATH}:{number}: should read RULE PATH NUMBER"));
            match words[..] {
                [] => {}
                [rule, path, allowed] => {
                    let allowed = allowed.parse().map_err(|_| wrong())?;
                    entries.insert((rule.to_owned(), path.to_owned()), Entry { allowed, seen: 0 });
                }
                _ => return Err(wrong()),
            }
        }
        Ok(Self { entries })
    }

    /// What is allowed of `rule` in `path`, where this much was `seen`.
    pub(crate) fn allowed(&mut self, rule: &str, path: &str, seen: usize) -> usize {
        let Some(entry) = self.entries.get_mut(&(rule.to_owned(), path.to_owned())) else { return 0 };
        entry.seen = seen;
        entry.allowed
    }

    /// What could be less, as sentences.
    pub(crate) fn slack(&self) -> Vec<String> {
        let loose = self.entries.iter().filter(|(_, entry)| entry.seen < entry.allowed);
        loose
            .map(|((rule, path), entry)| match entry.seen {
                0 => format!("`{rule} {path} {}` can go", entry.allowed),
                seen => format!("`{rule} {path} {}` can be {seen}", entry.allowed),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_not_allowed() {
        let mut ratchet = Ratchet::parse("# known\nlong-file a.rs 700 # soon\n\n").unwrap();
        assert_eq!(ratchet.allowed("long-file", "a.rs", 650), 700);
        assert_eq!(ratchet.allowed("long-file", "b.rs", 650), 0);
    }

    #[test]
    fn numbers_that_can_be_lower_are_told() {
        let mut ratchet = Ratchet::parse("long-file a.rs 700\nquinn b.rs 2\nunsafe c.rs 1").unwrap();
        ratchet.allowed("long-file", "a.rs", 650);
        ratchet.allowed("unsafe", "c.rs", 1);
        assert_eq!(ratchet.slack(), ["`long-file a.rs 700` can be 650", "`quinn b.rs 2` can go"]);
    }

    #[test]
    fn a_line_of_another_form_is_named() {
        let failed = Ratchet::parse("\nlong-file a.rs many").unwrap_err();
        assert_eq!(failed.what, "xtask/ratchet.txt:2: should read RULE PATH NUMBER");
    }
}
