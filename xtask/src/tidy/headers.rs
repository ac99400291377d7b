//! Rule: the first line of a file says what it is.

use super::Finding;
use super::sources::Source;

/// Finds a file that does not begin with `//!`; build scripts and sources of compile-fail tests need not.
pub(crate) fn check(source: &Source) -> Option<Finding> {
    let exempt = source.path.ends_with("build.rs") || source.path.contains("tests/ui/");
    let says = source.text.lines().next().is_some_and(|line| line.starts_with("//! ") && line.len() > 4);
    (!exempt && !says).then(|| source.finding("the first line must be `//! What it is. What it is not.`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_it_is() {
        assert!(check(&Source::new("src/a.rs", "//! A.\n\nfn a() {}")).is_none());
        assert!(check(&Source::new("src/a.rs", "fn a() {}")).is_some());
        assert!(check(&Source::new("src/a.rs", "")).is_some());
    }

    #[test]
    fn compile_fail_sources_and_build_scripts_need_not() {
        assert!(check(&Source::new("macros/tests/ui/not_async.rs", "fn a() {}")).is_none());
        assert!(check(&Source::new("build.rs", "fn main() {}")).is_none());
    }
}
