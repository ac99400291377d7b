//! Which files take part in the job. Not the walk that applies it.

use serde::{Deserialize, Serialize};
use std::ffi::OsStr;

/// The limits of the job, and whether licences and markers of tools take part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// A file of fewer bytes is left out.
    pub shortest: u64,
    /// A file of more bytes is left out. A reader holds one such file, no more.
    pub longest: u64,
    /// Files beyond this number, in the order of the walk, are left out: this bounds every table of the job.
    pub most_files: u32,
    /// Whether licence texts, lock files and other [boilerplate](Rules::is_boilerplate) take part.
    pub with_boilerplate: bool,
}

impl Default for Rules {
    /// 200 bytes to 4 MiB, 100,000 files (400 MiB of vectors at the default dimension), no boilerplate.
    fn default() -> Self {
        Self { shortest: 200, longest: 4 << 20, most_files: 100_000, with_boilerplate: false }
    }
}

impl Rules {
    /// Whether a file of this name is one that everybody copies and nobody reads: a licence text, a lock file, the
    /// marker or the by-product of a tool.
    ///
    /// ```
    /// use rendez_cli::job::Rules;
    /// use std::ffi::OsStr;
    ///
    /// let is_boilerplate = |name| Rules::is_boilerplate(OsStr::new(name));
    /// assert!(is_boilerplate("LICENSE-MIT") && is_boilerplate("NOTICES.md") && is_boilerplate("Cargo.toml.orig"));
    /// assert!(!is_boilerplate("license.rs"), "a source file, whatever it is about");
    /// assert!(!is_boilerplate("licensed-users.csv"));
    /// ```
    #[must_use]
    pub fn is_boilerplate(name: &OsStr) -> bool {
        let name = name.to_string_lossy().to_ascii_lowercase();
        if SOURCE_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            return false;
        }
        BOILERPLATE.contains(&name.as_str()) || BOILERPLATE_WORDS.iter().any(|word| is_about(&name, word))
    }
}

/// Whether the name starts with this word, or its plural, as a whole: `notices.md` does with `notice`.
fn is_about(name: &str, word: &str) -> bool {
    let Some(rest) = name.strip_prefix(word) else { return false };
    !rest.strip_prefix('s').unwrap_or(rest).starts_with(|c: char| c.is_alphanumeric())
}

/// Names, in lower case, that are boilerplate as a whole.
const BOILERPLATE: [&str; 8] = [
    "cargo.lock",
    "cargo.toml.orig",
    "code_of_conduct.md",
    "codeowners",
    "org_code_of_conduct.md",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
];

/// The names of boilerplate start with one of these words, in lower case.
const BOILERPLATE_WORDS: [&str; 9] =
    ["apache-2.0", "author", "copying", "copyright", "licence", "license", "notice", "patent", "unlicense"];

/// A file that ends so is a source, not boilerplate, whatever its name starts with.
const SOURCE_ENDINGS: [&str; 8] = [".c", ".cc", ".go", ".h", ".js", ".py", ".rs", ".ts"];
