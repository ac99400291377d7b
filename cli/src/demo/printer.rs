//! The printer: the one process that writes to the terminal. Progress rewrites its own line where that is possible.

use rendez::prelude::*;
use std::io::{IsTerminal, Write};

/// Something to be printed.
pub enum Line {
    /// How far it is: the next one replaces it.
    Progress(String),
    /// Something that happened.
    Notice(String),
    /// The result, to standard output.
    Result(String),
}

/// Prints until everybody has fallen silent.
#[process]
pub async fn printer(lines: Receiver<Line>) -> Outcome {
    let terminal = std::io::stderr().is_terminal();
    let mut open = false;
    while let Some(line) = lines.next().await? {
        // A closed terminal is no reason to stop working.
        let _ = print(line, terminal, &mut open);
    }
    Ok(())
}

fn print(line: Line, terminal: bool, open: &mut bool) -> std::io::Result<()> {
    let mut err = std::io::stderr().lock();
    match line {
        Line::Progress(text) if terminal => {
            *open = true;
            write!(err, "\r\x1b[K{text}")?;
        }
        Line::Progress(text) | Line::Notice(text) => {
            let end = if std::mem::take(open) { "\n" } else { "" };
            writeln!(err, "{end}{text}")?;
        }
        Line::Result(text) => {
            if std::mem::take(open) {
                writeln!(err)?;
            }
            drop(err);
            return writeln!(std::io::stdout().lock(), "{text}");
        }
    }
    err.flush()
}
