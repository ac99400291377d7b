//! Processes between channels and text files, by lines. Not for bytes, and not for files of other machines.

use crate::{Failure, Outcome, process};
use rendez_channels::{Receiver, Sender};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Sends the lines of a file, without their ends, and ends.
///
/// It runs on a thread of its own, and reads no faster than its lines are taken.
///
/// Law: `file_reader` into `file_writer` copies a file whose lines all end in a newline.
#[process(blocking)]
pub fn file_reader(path: PathBuf, output: Sender<String>) -> Outcome {
    let file = File::open(&path).map_err(|e| trouble(&path, &e))?;
    for line in BufReader::new(file).lines() {
        output.send_blocking(line.map_err(|e| trouble(&path, &e))?)?;
    }
    Ok(())
}

/// Writes each value it receives as a line of a file, which it makes anew, and ends when the file is written.
#[process(blocking)]
pub fn file_writer(path: PathBuf, input: Receiver<String>) -> Outcome {
    let mut file = BufWriter::new(File::create(&path).map_err(|e| trouble(&path, &e))?);
    while let Some(line) = input.next_blocking()? {
        writeln!(file, "{line}").map_err(|e| trouble(&path, &e))?;
    }
    file.flush().map_err(|e| trouble(&path, &e))
}

fn trouble(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format_args!("{}: {error}", path.display()))
}
