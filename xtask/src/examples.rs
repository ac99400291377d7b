//! The examples that end by themselves: found by a line of their header, run as they were built. It builds nothing.

use crate::cargo::{root, target_folder};
use crate::step::{Failed, judge, not_started};
use crate::tally::Tally;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The line of an example's header that has it run as a test.
const MARK: &str = "//! Ends by itself.";
/// How long an example may run.
const LIMIT: Duration = Duration::from_secs(120);
/// Between two looks at a running example.
const LOOK: Duration = Duration::from_millis(20);

/// Runs each example that ends by itself, as `cargo test` has built it, and counts them.
///
/// # Errors
/// When one fails, does not end in time or is not there.
pub(crate) fn run(tally: &mut Tally) -> Result<(), Failed> {
    let built = target_folder()?.join("debug/examples");
    for source in marked(&root().join("examples"))? {
        let name = name_of(&source);
        let start = Instant::now();
        let outcome = run_one(&built.join(&name));
        let (word, count) = if outcome.is_ok() { ("ok", &mut tally.passed) } else { ("FAILED", &mut tally.failed) };
        *count += 1;
        eprintln!("example {name} ... {word} in {:.1} s", start.elapsed().as_secs_f64());
        outcome?;
    }
    Ok(())
}

fn run_one(program: &Path) -> Result<(), Failed> {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.spawn().map_err(|e| not_started(&command, &e))?;
    let deadline = Instant::now() + LIMIT;
    loop {
        match child.try_wait().map_err(|e| not_started(&command, &e))? {
            Some(status) => return judge(&command, status),
            None if Instant::now() < deadline => std::thread::sleep(LOOK),
            None => break,
        }
    }
    // Both can only fail because it has just ended.
    let _ = child.kill();
    let _ = child.wait();
    let limit = LIMIT.as_secs();
    Err(Failed::new(format_args!("`{}` says `{MARK}` but still ran after {limit} s", program.display())))
}

/// The sources below `folder` that bear the mark, in order.
fn marked(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut found = vec![];
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |e| Failed::new(format_args!("cannot read {}: {e}", folder.display()));
        if !folder.is_dir() {
            continue;
        }
        for entry in folder.read_dir().map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).map_err(unreadable)?;
                found.extend(is_marked(&text).then_some(path));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_marked(text: &str) -> bool {
    text.lines().take_while(|line| line.starts_with("//!")).any(|line| line.trim_end() == MARK)
}

/// The name that cargo gives to the program of this source.
fn name_of(source: &Path) -> String {
    let stem = source.file_stem().unwrap_or_default();
    let folder = source.parent().and_then(Path::file_name).unwrap_or_default();
    if stem == "main" { folder } else { stem }.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_of_the_header_marks_an_example() {
        assert!(is_marked("//! Shows x.\n//!\n//! Ends by itself.\n\nfn main() {}\n"));
        assert!(!is_marked("//! Shows x.\n\n//! Ends by itself.\nfn main() {}\n"));
        assert!(!is_marked("//! Shows x. Ends by itself.\n"));
    }

    #[test]
    fn a_program_is_named_after_its_file_or_its_folder() {
        assert_eq!(name_of(Path::new("examples/commstime.rs")), "commstime");
        assert_eq!(name_of(Path::new("examples/mandelbrot/main.rs")), "mandelbrot");
    }
}
