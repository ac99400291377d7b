//! What the farm of the main job is measured against: reading, folding and tokenising with a plain rayon program.
//!
//! The same rules, the same tokeniser, no processes and no channels:
//! `cargo run --release -p rendez-cli --example rayon_baseline [DIR]`

use rayon::prelude::*;
use rendez_cli::job::{Candidate, DEFAULT_DIMENSION, Fingerprint, Rules, Step, Tokeniser, Walk, default_root, read};
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::args_os().nth(1).map_or_else(default_root, |root| Ok(PathBuf::from(root)))?;
    let rules = Rules::default();
    let start = Instant::now();
    let to_file = |step| if let Step::File(file) = step { Some(file) } else { None };
    let candidates: Vec<Candidate> = Walk::new(&root, rules.clone())?.filter_map(to_file).collect();
    let tokeniser = Tokeniser::new(DEFAULT_DIMENSION)?;
    let counted: Vec<_> = candidates
        .par_iter()
        .map_init(
            || tokeniser.clone(),
            |tokeniser, file| {
                let text = read(&file.name.under(&root), &rules).ok()?;
                Some((text.len(), Fingerprint::of(&text), tokeniser.count(&text)))
            },
        )
        .flatten()
        .collect();
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = counted.iter().map(|(len, ..)| *len).sum::<usize>() as f64 / 1e6;
    println!("files, MB, seconds, MB/s");
    println!("{}, {megabytes:.1}, {seconds:.3}, {:.1}", counted.len(), megabytes / seconds);
    Ok(())
}
