//! The reference finds in a corpus what was put there.

use crate::corpus::{Corpus, empty_folder};
use rendez_cli::job::reference::{Findings, JobError, Parameters, near_copies};
use rendez_cli::job::{DimensionError, FileName, RootError, Score};
use std::fs;

fn parameters(corpus: &Corpus) -> Parameters {
    Parameters { rules: corpus.rules.clone(), ..Parameters::default() }
}

/// The members of each cluster by name, in the order in which the corpus lists them.
fn named_clusters(findings: &Findings) -> Vec<Vec<FileName>> {
    let named = |rank| findings.files.file(rank).name.clone();
    let clusters = findings.clusters.iter().map(|cluster| cluster.members.iter().copied().map(named).collect());
    let mut clusters: Vec<_> = clusters.collect();
    clusters.sort();
    clusters
}

#[test]
fn what_was_put_into_a_corpus_is_found() {
    for seed in 1..=5 {
        let corpus = Corpus::new(seed);
        let (findings, _) = near_copies(&corpus.root, &parameters(&corpus)).unwrap();
        assert_eq!(named_clusters(&findings), corpus.clusters, "seed {seed}");
        let group = |file: &rendez_cli::job::File| [vec![file.name.clone()], file.copies.clone()].concat();
        assert_eq!(findings.files.groups().map(group).collect::<Vec<_>>(), corpus.groups, "seed {seed}");
        assert_eq!(findings.skips, corpus.skips, "seed {seed}");
        let files: usize = findings.files.iter().map(|file| 1 + file.copies.len()).sum();
        assert_eq!(files as u64, corpus.files, "seed {seed}");
    }
}

#[test]
fn boilerplate_takes_part_when_asked_for() {
    let corpus = Corpus::new(6);
    let mut parameters = parameters(&corpus);
    parameters.rules.with_boilerplate = true;
    let (findings, _) = near_copies(&corpus.root, &parameters).unwrap();
    let group = findings.files.groups().find(|file| file.name == FileName::new("skipped/Cargo.lock")).unwrap();
    assert!(group.copies.contains(&FileName::new("skipped/LICENSE-MIT")));
}

#[test]
fn fewer_pairs_are_the_best_ones_and_a_threshold_of_one_leaves_none() {
    let corpus = Corpus::new(7);
    let all = near_copies(&corpus.root, &parameters(&corpus)).unwrap().0.pairs;
    let few = near_copies(&corpus.root, &Parameters { pairs: 4, ..parameters(&corpus) }).unwrap().0.pairs;
    assert_eq!(few.iter().collect::<Vec<_>>(), all.iter().take(4).collect::<Vec<_>>());
    let none = near_copies(&corpus.root, &Parameters { threshold: Score::ONE, ..parameters(&corpus) }).unwrap().0;
    assert_eq!((none.pairs.len(), none.clusters.len()), (0, 0));
}

#[test]
fn a_job_that_cannot_be_done_says_why() {
    let folder = empty_folder();
    fs::write(folder.join("one.txt"), "the only text ".repeat(20)).unwrap();
    fs::write(folder.join("copy.txt"), "the only text ".repeat(20)).unwrap();
    fs::write(folder.join(".hidden"), "").unwrap();
    let error = near_copies(&folder, &Parameters::default()).unwrap_err();
    assert!(matches!(error, JobError::Root(RootError::NothingToCompare(..))));
    assert!(error.to_string().starts_with("fewer than two different text files are left in "), "{error}");
    assert!(error.to_string().contains("(skipped 1: 1 dotted)"), "{error}");

    let error = near_copies(&folder, &Parameters { dimension: 0, ..Parameters::default() }).unwrap_err();
    assert_eq!(error, JobError::Dimension(DimensionError::OutOfRange(0)));
    fs::remove_dir_all(folder).unwrap();
}
