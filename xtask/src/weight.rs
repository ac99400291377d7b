//! The verb `weight`: what it costs to adopt `rendez`, in crates and in seconds of a first build, by feature.

use crate::cargo::{cargo, output_of, root, target_folder};
use crate::manifest::Manifest;
use crate::step::{self, Failed};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

/// Measures the facade without features, with each, and with all; prints the table of docs/PERFORMANCE.md.
///
/// # Errors
/// When cargo fails or the folder of the builds cannot be removed.
pub(crate) fn run() -> Result<(), Failed> {
    // Downloads are no part of a build's time.
    step::run("fetch", &mut cargo(&["fetch"]))?;
    let features = Manifest::load(root(), ".")?.features();
    let all = features.join(",");
    let mut choices = vec![String::new()];
    choices.extend(features);
    choices.push(all);
    let mut rows = vec![];
    for choice in &choices {
        rows.push(row(choice, count(choice)?, build(choice)?));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("| features | crates | first build, debug, {cores} cores |\n|---|---|---|");
    rows.iter().for_each(|row| println!("{row}"));
    Ok(())
}

fn row(choice: &str, crates: usize, seconds: f64) -> String {
    let name = if choice.is_empty() { "none".to_owned() } else { format!("`{}`", choice.replace(',', "`, `")) };
    format!("| {name} | {crates} | {seconds:.0} s |")
}

/// How many crates end up in a program, the facade itself and the macros' included.
fn count(choice: &str) -> Result<usize, Failed> {
    let arguments = ["tree", "--package", "rendez", "--edges", "normal", "--prefix", "none", "--features", choice];
    Ok(crates(&output_of(&mut cargo(&arguments))?))
}

/// The number of different crates in the lines of `cargo tree`.
fn crates(tree: &str) -> usize {
    let name = |line: &str| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
    tree.lines().filter(|line| !line.trim().is_empty()).map(name).collect::<BTreeSet<_>>().len()
}

/// The seconds of a build into an empty folder.
fn build(choice: &str) -> Result<f64, Failed> {
    let folder = target_folder()?.join("weight");
    remove(&folder)?;
    let mut command = cargo(&["build", "--quiet", "--package", "rendez", "--features", choice]);
    let start = Instant::now();
    step::run(&format!("build with features [{choice}]"), command.env("CARGO_TARGET_DIR", &folder))?;
    let seconds = start.elapsed().as_secs_f64();
    remove(&folder)?;
    Ok(seconds)
}

fn remove(folder: &Path) -> Result<(), Failed> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Failed::new(format_args!("cannot remove {}: {e}", folder.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_and_each_version_of_it() {
        let tree = "rendez v0.1.0 (/here)\nsyn v2.0.1\nquote v1.0.0 (proc-macro)\nsyn v2.0.1 (*)\nsyn v3.0.0\n\n";
        assert_eq!(crates(tree), 4);
    }

    #[test]
    fn a_row_reads_as_in_the_document() {
        assert_eq!(row("", 31, 12.3), "| none | 31 | 12 s |");
        assert_eq!(row("net,gpu", 90, 61.0), "| `net`, `gpu` | 90 | 61 s |");
    }
}
