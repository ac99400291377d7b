//! Many paths on one line, as a shell would expand it: `src/{arm,x86}/net.rs`. Not for reading back.

use crate::job::FileName;

/// These names as one pattern of about `width` characters: what they begin and end with in common is written once, and
/// of what lies between as many as there is room for.
///
/// ```
/// use rendez_cli::job::{FileName, braced};
///
/// let names = ["arm", "mips", "sparc", "x86"].map(|arch| FileName::new(format!("src/{arch}/net.rs")));
/// let names: Vec<&FileName> = names.iter().collect();
/// assert_eq!(braced(&names[..2], 80), "src/{arm,mips}/net.rs");
/// assert_eq!(braced(&names, 30), "src/{arm,mips,…+2}/net.rs");
/// ```
#[must_use]
pub fn braced(names: &[&FileName], width: usize) -> String {
    let paths: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let [first, others @ ..] = paths.as_slice() else { return String::new() };
    if others.is_empty() {
        return first.clone();
    }
    let front = front(first, others);
    let back = back(&first[front..], others.iter().map(|path| &path[front..]));
    let middles: Vec<&str> = paths.iter().map(|path| &path[front..path.len() - back]).collect();
    let (before, after) = (&first[..front], &first[first.len() - back..]);
    let room = width.saturating_sub(before.chars().count() + after.chars().count() + "{,…+999}".chars().count());
    format!("{before}{{{}}}{after}", listed(&middles, room))
}

/// How many bytes all have in common at the beginning, up to the end of a word.
fn front(first: &str, others: &[String]) -> usize {
    let is_common = |end: &usize| others.iter().all(|path| path.len() > *end && path.starts_with(&first[..*end]));
    let ends = first.match_indices(['/', '-', '_']).map(|(at, mark)| at + mark.len());
    ends.take_while(is_common).filter(|&end| end < first.len()).last().unwrap_or(0)
}

/// How many bytes all have in common at the end, from a mark on that begins a folder, or an ending in the last part;
/// something of each is left before it.
fn back<'a>(first: &str, others: impl Iterator<Item = &'a str> + Clone) -> usize {
    let is_common =
        |len: &usize| others.clone().all(|rest| rest.len() > *len && rest.ends_with(&first[first.len() - len..]));
    let last = first.rfind('/').map_or(0, |at| at + 1);
    let begins = first.rmatch_indices(['/', '-', '_', '.']).filter(|&(at, mark)| mark == "/" || at >= last);
    begins.map(|(at, _)| first.len() - at).filter(|&len| len < first.len()).take_while(is_common).last().unwrap_or(0)
}

/// The first of these, two at least, that there is room for, and how many there are besides.
fn listed(items: &[&str], room: usize) -> String {
    let mut used = 0;
    let fits = |item: &&&str| {
        used += item.chars().count() + 1;
        used <= room
    };
    let shown = items.iter().take_while(fits).count().max(FEWEST_SHOWN).min(items.len());
    let mut text = items[..shown].join(",");
    if shown < items.len() {
        text.push_str(&format!(",…+{}", items.len() - shown));
    }
    text
}

/// So many are shown even where there is no room.
const FEWEST_SHOWN: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(paths: &[&str], width: usize) -> String {
        let names: Vec<FileName> = paths.iter().map(FileName::new).collect();
        braced(&names.iter().collect::<Vec<_>>(), width)
    }

    #[test]
    fn common_beginnings_and_ends_are_written_once() {
        assert_eq!(pattern(&["syn-2.0/src/expr.rs", "syn-3.0/src/expr.rs"], 80), "syn-{2.0,3.0}/src/expr.rs");
        assert_eq!(pattern(&["a/b/cc-x.rs", "a/b/cc-y.rs"], 80), "a/b/cc-{x,y}.rs");
        assert_eq!(pattern(&["c.rs", "d/e.rs"], 80), "{c,d/e}.rs");
        assert_eq!(pattern(&["a/b.rs"], 80), "a/b.rs");
        assert_eq!(pattern(&[], 80), "");
    }

    #[test]
    fn words_are_not_cut() {
        assert_eq!(pattern(&["expression.rs", "extern.rs"], 80), "{expression,extern}.rs");
        assert_eq!(pattern(&["grün.rs", "grüß.rs"], 80), "{grün,grüß}.rs");
        assert_eq!(pattern(&["a/aarch64.c", "a/x86_64.c"], 80), "a/{aarch64,x86_64}.c");
    }

    #[test]
    fn every_path_keeps_something_of_its_own() {
        assert_eq!(pattern(&["b/mod.rs", "b/x86/mod.rs"], 80), "b/{mod,x86/mod}.rs");
        assert_eq!(pattern(&["a/a/a", "a/a"], 80), "a/{a/a,a}");
        assert_eq!(pattern(&["debug.rs", "debug_n.rs"], 80), "{debug,debug_n}.rs");
    }

    #[test]
    fn two_are_shown_however_narrow() {
        assert_eq!(pattern(&["one", "two", "three"], 0), "{one,two,…+1}");
    }
}
