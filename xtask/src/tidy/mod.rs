//! The verb `tidy`: the house's rules that a machine can see. Each rule is a file here; an ordinary test runs them too.

mod arrows;
mod cancel;
mod code;
mod functions;
mod headers;
mod homes;
mod ratchet;
mod sources;

use crate::cargo::root;
use crate::manifest::Manifest;
use crate::step::Failed;
use ratchet::Ratchet;
use sources::Source;
use std::fmt::{self, Display};

/// Something that is against a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file, as seen from the root.
    path: String,
    /// What is wrong and what to do.
    what: String,
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// Checks the workspace and prints what is against the rules, and where the ratchet can be tightened.
///
/// # Errors
/// When something is, or when the sources cannot be read.
pub(crate) fn run() -> Result<(), Failed> {
    let (findings, slack) = check()?;
    for slack in slack {
        eprintln!("{}: {slack}", ratchet::PATH);
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        n => Err(Failed::new(format_args!("tidy found {n} thing{} to put right", if n == 1 { "" } else { "s" }))),
    }
}

/// What is against the rules, and which numbers of the ratchet could be lower.
fn check() -> Result<(Vec<Finding>, Vec<String>), Failed> {
    let mut ratchet = Ratchet::load(root())?;
    let sources = sources::all(root())?;
    let mut findings = arrows::check(&Manifest::all(root())?);
    for source in &sources {
        findings.extend(headers::check(source));
        findings.extend(homes::check(source, &mut ratchet));
        findings.extend(long_file(source, &mut ratchet));
    }
    findings.extend(functions::check(&sources, &mut ratchet));
    findings.extend(cancel::check(&sources));
    Ok((findings, ratchet.slack()))
}

/// The most lines of a file that the ratchet does not know.
const FILE_LINES: usize = 600;

fn long_file(source: &Source, ratchet: &mut Ratchet) -> Option<Finding> {
    let lines = source.text.lines().count();
    if lines <= FILE_LINES {
        return None;
    }
    let allowed = ratchet.allowed("long-file", &source.path, lines);
    (lines > allowed).then(|| {
        let most = allowed.max(FILE_LINES);
        source.finding(format_args!("{lines} lines, at most {most}: one concept a file, give the second its own"))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_is_tidy() {
        let (findings, _) = super::check().unwrap();
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
    }
}
