//! The main job in one thread: its report, and how long each part took.
//!
//! `cargo run --release -p rendez-cli --example reference [DIR]`

use rendez_cli::job::reference::{Parameters, near_copies};
use rendez_cli::job::{DEFAULT_ROWS, Report, Throughput, default_root};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    match report() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn report() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::env::args_os().nth(1).map_or_else(default_root, |root| Ok(PathBuf::from(root)))?;
    let parameters = Parameters::default();
    let start = Instant::now();
    let (found, times) = near_copies(&root, &parameters)?;
    let files = found.files.iter().map(|file| 1 + file.copies.len() as u64).sum();
    let report = Report {
        root: &root,
        files: &found.files,
        clusters: &found.clusters,
        threshold: parameters.threshold,
        pairs_were_lost: found.pairs.is_full(),
        skips: &found.skips,
        throughput: Throughput { files, bytes: found.bytes, elapsed: start.elapsed() },
        rows: DEFAULT_ROWS,
    };
    print!("{report}");
    println!("{times:.2?}");
    let counted: u64 = found.files.iter().map(|file| file.len).sum();
    println!("tokenising: {:.0} MB/s in one thread", counted as f64 / 1e6 / times.counting.as_secs_f64());
    Ok(())
}
