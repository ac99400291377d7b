//! Rule: a function fits a screen. How many do not is a number of the ratchet.

use super::Finding;
use super::code::Code;
use super::ratchet::{self, Ratchet};
use super::sources::Source;

/// The most lines of a function.
const LINES: usize = 70;

/// Finds out whether more functions are too long than the ratchet allows, and names all of them if so.
pub(crate) fn check(sources: &[Source], ratchet: &mut Ratchet) -> Option<Finding> {
    let long = |source: &Source| {
        let functions = functions(&source.code).into_iter().filter(|function| function.lines > LINES);
        functions.map(|f| format!("{}:{} {} ({} lines)", source.path, f.line, f.name, f.lines)).collect::<Vec<_>>()
    };
    let long: Vec<_> = sources.iter().flat_map(long).collect();
    let allowed = ratchet.allowed("long-functions", "all", long.len());
    (long.len() > allowed).then(|| Finding {
        path: ratchet::PATH.to_owned(),
        what: format!("{} functions of over {LINES} lines, at most {allowed}: {}", long.len(), long.join(", ")),
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    /// Where it begins, from 1.
    line: usize,
    /// From `fn` to the closing brace.
    lines: usize,
}

/// The functions with a body, those inside of others too.
fn functions(code: &Code) -> Vec<Function> {
    let code = code.0.as_str();
    let starts = code.match_indices("fn ").map(|(at, _)| at);
    let whole = starts.filter(|at| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    whole.filter_map(|at| function(code, at)).collect()
}

fn function(code: &str, at: usize) -> Option<Function> {
    let rest = &code[at..];
    let name: String = rest[3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let length = length(rest)?;
    let line = 1 + code[..at].matches('\n').count();
    (!name.is_empty()).then(|| Function { name, line, lines: 1 + rest[..length].matches('\n').count() })
}

/// From `fn` to the brace that closes its body; none for a declaration.
fn length(rest: &str) -> Option<usize> {
    let (mut depth, mut in_body) = (0_usize, false);
    for (at, c) in rest.char_indices() {
        match c {
            ';' if depth == 0 => return None,
            '{' | '(' | '[' => {
                in_body |= c == '{' && depth == 0;
                depth += 1;
            }
            '}' | ')' | ']' => {
                depth = depth.checked_sub(1)?;
                if in_body && depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, usize, usize)> {
        let source = Source::new("src/a.rs", text);
        functions(&source.code).into_iter().map(|f| (f.name, f.line, f.lines)).collect()
    }

    #[test]
    fn a_function_reaches_to_its_closing_brace() {
        let text = "\npub fn a<T>(x: [u8; 2]) -> T\nwhere\n    T: X,\n{\n    if x { \"}\" }\n}\nfn b() {}\n";
        assert_eq!(found(text), [("a".to_owned(), 2, 6), ("b".to_owned(), 8, 1)]);
    }

    #[test]
    fn declarations_and_types_are_no_functions() {
        assert_eq!(found("trait T { fn a(&self); }\ntype F = fn (u8) -> u8;\nlet often = 1;\n"), []);
    }

    #[test]
    fn more_long_functions_than_allowed_are_named() {
        let long = Source::new("src/a.rs", format!("fn long() {{{}}}", "\n".repeat(LINES)));
        let short = Source::new("src/b.rs", format!("fn short() {{{}}}", "\n".repeat(LINES - 1)));
        let finding = check(&[long, short], &mut Ratchet::default()).unwrap();
        assert!(
            finding.what.contains("1 functions") && finding.what.contains("src/a.rs:1 long (71 lines)"),
            "{finding}"
        );
    }
}
