//! Running the models of `channels/verification/` in Spin: each row of the table is checked in full, and each mutant has to
//! fail. It knows no model.

use super::table::{LARGE, Look, Row, USUAL};
use crate::cargo::{output_of, root, target_folder};
use crate::step::Failed;
use std::fmt::{self, Display};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const MODELS: &str = "channels/verification";
/// Bounds of each search, in the checker's words: MiB of memory, of usual and of large ones, and steps of the longest execution.
const MEMORY: &str = "-DMEMLIM=3500";
const MUCH_MEMORY: &str = "-DMEMLIM=14000";
const DEPTH: &str = "-m1000000";

/// The models of some million states at most, and the mutants.
///
/// # Errors
/// When one comes out otherwise than its row says, or a tool fails.
pub(super) fn usual() -> Result<(), Failed> {
    check(USUAL, MEMORY)
}

/// The others.
///
/// # Errors
/// As `usual`.
pub(super) fn large() -> Result<(), Failed> {
    check(LARGE, MUCH_MEMORY)
}

fn check(rows: &[Row], memory: &str) -> Result<(), Failed> {
    let folder = target_folder()?.join("deep").join("spin");
    let mut lines = vec!["configuration | states | verdict".to_owned(), "---|---|---".to_owned()];
    let mut wrong = 0;
    for row in rows {
        let start = Instant::now();
        let found = run(row, memory, &folder)?;
        let line = format!("{row} | {} | {}", grouped(found.states), found.verdict(row));
        println!("{line} ({:.1} s)", start.elapsed().as_secs_f64());
        wrong += usize::from(!found.is_as_said(row));
        lines.push(line);
    }
    println!("\n{}", lines.join("\n"));
    match wrong {
        0 => Ok(()),
        wrong => Err(Failed::new(format_args!("{wrong} of {} rows came out wrong", rows.len()))),
    }
}

/// Translates the model, compiles its checker, and has it search all there is.
fn run(row: &Row, memory: &str, folder: &Path) -> Result<Found, Failed> {
    let io = |e: std::io::Error| Failed::new(format_args!("{} cannot be written: {e}", folder.display()));
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(io)?;
    }
    std::fs::create_dir_all(folder).map_err(io)?;
    for entry in std::fs::read_dir(root().join(MODELS)).map_err(io)?.flatten() {
        std::fs::copy(entry.path(), folder.join(entry.file_name())).map_err(io)?;
    }
    let tool = |program: &str, arguments: &mut dyn Iterator<Item = &str>| {
        output_of(Command::new(program).args(arguments).current_dir(folder))
    };
    tool("spin", &mut row.flags().chain(["-a", row.model]))?;
    let (of_look, options): (&[_], &[_]) = match row.look {
        Look::States => (&["-DSAFETY"], &[]),
        Look::Cycles => (&["-DNP", "-DNOFAIR"], &["-l"]),
    };
    // Compiling with -O2 takes longer than all of a small search.
    let effort = if row.quick { "-O0" } else { "-O2" };
    let compile = [effort, "-w", "-DCOLLAPSE", memory, "-o", "pan", "pan.c"];
    tool("cc", &mut of_look.iter().copied().chain(compile))?;
    let checker = folder.join("pan");
    Ok(Found::read(&tool(&checker.to_string_lossy(), &mut options.iter().copied().chain([DEPTH]))?))
}

/// What a search came to, out of its report.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    states: u64,
    /// What it found wrong, or why it is not complete.
    against: Option<Against>,
}

#[derive(Debug, PartialEq, Eq)]
enum Against {
    Error(String),
    Incomplete(String),
}

impl Found {
    fn read(report: &str) -> Self {
        let states = report.lines().find_map(|line| line.trim().split_once(" states, stored"));
        let states = states.and_then(|(count, _)| count.parse().ok()).unwrap_or_default();
        let against = report.lines().find_map(Against::read);
        let unread = || Some(Against::Incomplete("there is no report".to_owned()));
        Self { states, against: against.or_else(|| if states == 0 { unread() } else { None }) }
    }

    fn is_as_said(&self, row: &Row) -> bool {
        match &self.against {
            None => row.mutant.is_none(),
            Some(Against::Error(_)) => row.mutant.is_some(),
            Some(Against::Incomplete(_)) => false,
        }
    }

    fn verdict(&self, row: &Row) -> String {
        match (&self.against, row.mutant) {
            (None, None) => "holds".to_owned(),
            (None, Some(_)) => "WRONG: the mutant holds".to_owned(),
            (Some(Against::Error(error)), Some(_)) => format!("fails, as it must: {error}"),
            (Some(Against::Error(error)), None) => format!("WRONG: {error}"),
            (Some(Against::Incomplete(why)), _) => format!("WRONG: not searched in full: {why}"),
        }
    }
}

impl Against {
    fn read(line: &str) -> Option<Self> {
        if let Some((_, error)) = line.split_once("pan:1: ") {
            // What follows "assertion violated" is the model's text with all macros expanded.
            let words = ["assertion violated", "non-progress cycle"];
            let known = words.into_iter().find(|known| error.starts_with(known)).unwrap_or(error);
            return Some(Self::Error(known.to_owned()));
        }
        let incomplete = ["max search depth too small", "reached -DMEMLIM", "out of memory", "Search not completed"];
        incomplete.iter().any(|why| line.contains(why)).then(|| Self::Incomplete(line.trim().to_owned()))
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.model)?;
        for flag in self.flags() {
            write!(f, " {flag}")?;
        }
        match self.look {
            Look::States => Ok(()),
            Look::Cycles => f.write_str(", ends"),
        }
    }
}

/// A number as one reads it: 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: Row = Row { model: "choice.pml", flags: "-DRING=2", mutant: None, look: Look::States, quick: true };
    const MUTANT: Row = Row { mutant: Some("-DMUTANT_KEEP"), ..RIGHT };

    #[test]
    fn a_full_search_without_an_error_holds() {
        let found = Found::read("State-vector 100 byte, errors: 0\n     8945 states, stored (9 visited)\n");
        assert_eq!(found, Found { states: 8945, against: None });
        assert!(found.is_as_said(&RIGHT) && !found.is_as_said(&MUTANT));
    }

    #[test]
    fn an_error_is_a_mutants_verdict() {
        let report =
            "pan:1: assertion violated ((a==b)) (at depth 7)\nWarning: Search not completed\n  12 states, stored\n";
        let found = Found::read(report);
        assert!(found.is_as_said(&MUTANT) && !found.is_as_said(&RIGHT));
        assert_eq!(found.verdict(&MUTANT), "fails, as it must: assertion violated");
    }

    #[test]
    fn a_search_that_was_cut_short_says_nothing() {
        for report in ["error: max search depth too small\n 5 states, stored\n", "", "pan: reached -DMEMLIM bound\n"] {
            let found = Found::read(report);
            assert!(!found.is_as_said(&RIGHT) && !found.is_as_said(&MUTANT), "{report}");
        }
    }

    #[test]
    fn a_row_reads_as_one_would_type_it() {
        assert_eq!(MUTANT.to_string(), "choice.pml -DRING=2 -DMUTANT_KEEP");
        assert_eq!([7, 1234, 1_234_567].map(grouped), ["7", "1,234", "1,234,567"]);
    }
}
