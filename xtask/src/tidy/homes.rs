//! Rule: one outside package, one home. What is shipped names some things in their home files only.

use super::Finding;
use super::ratchet::Ratchet;
use super::sources::Source;

/// A thing, what it is called in code, and the files that may.
struct Home {
    rule: &'static str,
    words: &'static [&'static str],
    files: &'static [&'static str],
}

const HOMES: [Home; 5] = [
    Home {
        rule: "unsafe",
        words: &["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait", "unsafe extern", "allow(unsafe_code)"],
        files: &[
            "channels/src/lock.rs",
            "channels/src/waiters.rs",
            "gpu/src/vulkan.rs",
            "gpu/src/sgemm.rs",
            "runtime/src/task.rs",
        ],
    },
    Home { rule: "vulkano", words: &["vulkano", "ash"], files: &["gpu/src/vulkan.rs"] },
    Home { rule: "quinn", words: &["quinn", "rustls"], files: &["net/src/quic.rs"] },
    Home {
        rule: "actix",
        words: &["::actix::"],
        files: &[
            "runtime/src/actix/context.rs",
            "runtime/src/actix/forward.rs",
            "runtime/src/actix/guest.rs",
            "runtime/src/actix/hosted.rs",
            "runtime/src/actix/inlet.rs",
            "runtime/src/actix/outlet.rs",
        ],
    },
    Home {
        rule: "tokio-spawn",
        words: &["tokio::spawn", "tokio::task::spawn", "tokio::task::spawn_blocking", "task::JoinSet"],
        files: &["runtime/src/executor/tokio_tasks.rs", "net/src/tasks.rs"],
    },
];

/// Finds the things that are named away from home more often than the ratchet allows.
pub(crate) fn check(source: &Source, ratchet: &mut Ratchet) -> Vec<Finding> {
    if !source.is_shipped() {
        return vec![];
    }
    let astray = HOMES.iter().filter(|home| !home.files.contains(&source.path.as_str()));
    astray.filter_map(|home| home.check(source, ratchet)).collect()
}

impl Home {
    fn check(&self, source: &Source, ratchet: &mut Ratchet) -> Option<Finding> {
        let count = self.words.iter().map(|words| source.code.count_outside_tests(words)).sum();
        if count == 0 {
            return None;
        }
        let allowed = ratchet.allowed(self.rule, &source.path, count);
        let at_home = self.files.join(" and ");
        (count > allowed).then(|| {
            source.finding(format_args!("{} {count} times, at most {allowed} here: its home is {at_home}", self.rule))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let found = check(&Source::new(path, text), &mut Ratchet::default());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_package_is_named_at_home_only() {
        let text = "//! About quinn.\nuse quinn::Endpoint;\n";
        assert!(findings("net/src/quic.rs", text).is_empty());
        assert_eq!(
            findings("net/src/node.rs", text),
            ["net/src/node.rs: quinn 1 times, at most 0 here: its home is net/src/quic.rs"]
        );
    }

    #[test]
    fn the_word_unsafe_alone_does_nothing() {
        assert!(findings("macros/src/f.rs", "input.peek(Token![unsafe])").is_empty());
        assert_eq!(findings("macros/src/f.rs", "fn f() { unsafe { g() } }").len(), 1);
    }

    #[test]
    fn tests_and_examples_spawn_as_they_like() {
        let text = "fn f() { tokio::spawn(g()); }";
        assert!(findings("examples/in_axum.rs", text).is_empty());
        assert!(findings("net/tests/it/main.rs", text).is_empty());
        assert_eq!(findings("net/src/node.rs", text).len(), 1);
    }
}
