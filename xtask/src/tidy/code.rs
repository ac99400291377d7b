//! The code of a Rust source without its comments and literals, so that words can be looked for. No parser.

/// Code in the lines it was in; a comment is a blank, a literal is two quotes.
#[derive(Debug)]
pub(crate) struct Code(pub(crate) String);

/// The code of a source.
pub(crate) fn of(source: &str) -> Code {
    let mut reader = Reader { rest: source, code: String::with_capacity(source.len()) };
    while reader.step() {}
    Code(reader.code)
}

impl Code {
    /// How often `words` stands in the code of the lines before the tests of the file.
    pub(crate) fn count_outside_tests(&self, words: &str) -> usize {
        let tests = self.0.find("\n#[cfg(test)]\nmod ").unwrap_or(self.0.len());
        count(&self.0[..tests], words)
    }
}

/// How often `words` stands in `code` on its own, not as a part of a longer name.
fn count(code: &str, words: &str) -> usize {
    let found = code.match_indices(words);
    let apart = |at: usize| {
        let before = code[..at].chars().next_back();
        let after = code[at + words.len()..].chars().next();
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    };
    found.filter(|(at, _)| apart(*at)).count()
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Reader<'a> {
    rest: &'a str,
    code: String,
}

impl Reader<'_> {
    /// Reads one thing; false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        let in_name = self.code.chars().next_back().is_some_and(is_name);
        if self.rest.starts_with("//") {
            self.blank(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.blank(block_comment(self.rest));
        } else if let Some(length) = (first == '"' || !in_name).then(|| text(self.rest)).flatten() {
            self.code.push_str("\"\"");
            self.blank(length);
        } else if let Some(length) = (first == '\'').then(|| character(self.rest)).flatten() {
            self.code.push_str("''");
            self.blank(length);
        } else {
            self.code.push(first);
            self.rest = &self.rest[first.len_utf8()..];
        }
        true
    }

    /// Skips `length` bytes but for their line ends.
    fn blank(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        self.code.extend(skipped.chars().filter(|c| *c == '\n'));
        self.rest = rest;
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of the string literal that `rest` begins with, if it does: plain, raw, of bytes or for C.
fn text(rest: &str) -> Option<usize> {
    if !rest.starts_with(['"', 'r', 'b', 'c']) {
        return None;
    }
    let opening = rest.trim_start_matches(['b', 'c']);
    let raw = opening.strip_prefix('r');
    let prefix = rest.len() - raw.unwrap_or(opening).len();
    if prefix > 2 {
        return None;
    }
    let body = &rest[prefix..];
    if raw.is_some() {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let inside = body[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
        return Some(prefix + hashes + 1 + length);
    }
    let inside = body.strip_prefix('"')?;
    Some(prefix + 1 + closing(inside, '"').unwrap_or(inside.len()))
}

/// The length of the character literal that `rest` begins with; none for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inside = &rest[1..];
    let mut chars = inside.chars();
    match chars.next()? {
        '\\' => Some(1 + closing(inside, '\'')?),
        c if chars.next() == Some('\'') => Some(2 + c.len_utf8()),
        _ => None,
    }
}

/// Where the quote that is not escaped ends.
fn closing(inside: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> String {
        of(source).0
    }

    #[test]
    fn comments_vanish_and_lines_stay() {
        assert_eq!(code("a // unsafe\nb"), "a \nb");
        assert_eq!(code("a /* x /* y */\n z */ b"), "a \n b");
        assert_eq!(code("a /* never closed"), "a ");
    }

    #[test]
    fn literals_become_quotes() {
        assert_eq!(code(r#"f("unsafe \" {", 'x', '\'', '{')"#), r#"f("", '', '', '')"#);
        assert_eq!(code(r###"r#"a " {"# + b"x\\" + br"\" + c"y""###), r#""" + "" + "" + """#);
        assert_eq!(code("\"a\nb\" c"), "\"\"\n c");
    }

    #[test]
    fn lifetimes_and_names_are_no_literals() {
        let source = "fn f<'a>(r: &'a str, b: u8) -> Bar<'a> { r }";
        assert_eq!(code(source), source);
        assert_eq!(code("for br in c {}"), "for br in c {}");
    }

    #[test]
    fn a_word_counts_only_on_its_own_and_outside_tests() {
        let source =
            "unsafe fn f() {}\n#![deny(unsafe_code)]\nlet s = \"unsafe\";\n#[cfg(test)]\nmod tests { unsafe {} }";
        assert_eq!(of(source).count_outside_tests("unsafe"), 1);
        assert_eq!(of("tokio::spawn(x); tokio::spawn_local(y)").count_outside_tests("tokio::spawn"), 1);
    }
}
