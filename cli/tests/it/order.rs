//! Whatever the order of arrival, and however the work is divided, the result is the same: over seeded random input.

use crate::corpus::XorShift;
use rendez_cli::job::{BestPairs, Counts, FileName, Folder, Frequencies, Pair, Rank, Score, Tokeniser, clusters};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

const SEEDS: std::ops::Range<u64> = 1..200;

#[test]
fn the_best_pairs_do_not_depend_on_order_parts_or_repetition() {
    for seed in SEEDS {
        let mut random = XorShift::new(seed);
        let mut pairs = random_pairs(&mut random, 40, 200);
        let most = random.below(60) as usize;
        let mut expected: Vec<Pair> = pairs.iter().copied().filter(|pair| pair.score >= Score(3)).collect();
        expected.sort();
        expected.dedup();
        expected.truncate(most);

        pairs.extend_from_within(..50);
        random.shuffle(&mut pairs);
        let (left, right) = pairs.split_at(random.below(pairs.len() as u64) as usize);
        let mut best = offered(left, most);
        best.merge(&offered(right, most));
        assert_eq!(best.iter().copied().collect::<Vec<_>>(), expected, "seed {seed}");
    }
}

#[test]
fn clusters_are_the_connected_components_of_the_pairs() {
    for seed in SEEDS {
        let mut random = XorShift::new(seed);
        let files = 30;
        let pairs = random_pairs(&mut random, files, 20);
        let mut folder = Folder::default();
        for n in 0..files {
            folder.offer(FileName::new(format!("{n:03}")), &vec![b'x'; 1 + n as usize]);
        }
        let found = clusters(&offered(&pairs, 1000), &folder.finish().0);

        // The slow way: the smallest file that each one can reach, until nothing changes.
        let mut smallest: Vec<u32> = (0..files).collect();
        for _ in 0..files {
            for pair in pairs.iter().filter(|pair| pair.score >= Score(3)) {
                let least = smallest[pair.a.0 as usize].min(smallest[pair.b.0 as usize]);
                (smallest[pair.a.0 as usize], smallest[pair.b.0 as usize]) = (least, least);
            }
        }
        let component =
            |of: u32| -> Vec<Rank> { (0..files).filter(|&file| smallest[file as usize] == of).map(Rank).collect() };
        let mut expected: Vec<Vec<Rank>> = (0..files).map(component).filter(|members| members.len() > 1).collect();
        let mut members: Vec<Vec<Rank>> = found.iter().map(|cluster| cluster.members.clone()).collect();
        members.sort();
        expected.sort();
        assert_eq!(members, expected, "seed {seed}");
        assert!(found.is_sorted_by(|a, b| a.repeated >= b.repeated), "seed {seed}");
    }
}

#[test]
fn counts_survive_the_wire_at_about_two_bytes_each() {
    let mut tokeniser = Tokeniser::new(1024).unwrap();
    for seed in SEEDS {
        let mut random = XorShift::new(seed);
        let counts = tokeniser.count(random_text(&mut random).as_bytes());
        let bytes = postcard::to_allocvec(&counts).unwrap();
        assert_eq!(postcard::from_bytes::<Counts>(&bytes).unwrap(), counts, "seed {seed}");
        assert!(bytes.len() <= 3 + counts.len() * 5 / 2, "{} entries in {} bytes", counts.len(), bytes.len());
    }
}

#[test]
fn a_name_that_is_not_utf8_survives_the_wire() {
    let name = FileName::new(OsString::from_vec(b"fo\xffo/\x80.rs".to_vec()));
    let bytes = postcard::to_allocvec(&name).unwrap();
    assert_eq!(postcard::from_bytes::<FileName>(&bytes).unwrap(), name);
}

#[test]
fn counts_from_the_wire_are_in_order_or_refused() {
    for seed in SEEDS {
        let mut random = XorShift::new(seed);
        let claimed: Vec<(u32, i32)> =
            (0..random.below(5)).map(|_| (random.next() as u32 >> random.below(32), random.below(3) as i32)).collect();
        let bytes = postcard::to_allocvec(&claimed).unwrap();
        if let Ok(counts) = postcard::from_bytes::<Counts>(&bytes) {
            let entries: Vec<_> = counts.iter().collect();
            assert!(entries.is_sorted_by(|a, b| a.0 < b.0), "seed {seed}");
            assert!(entries.iter().all(|&(_, count)| count != 0), "seed {seed}");
        }
    }
    let beyond = postcard::to_allocvec(&[(u32::MAX, 1), (0, 1)].to_vec()).unwrap();
    assert!(postcard::from_bytes::<Counts>(&beyond).is_err());
}

#[test]
fn frequencies_do_not_depend_on_who_counts_what() {
    for seed in SEEDS.step_by(10) {
        let mut random = XorShift::new(seed);
        let mut tokeniser = Tokeniser::new(128).unwrap();
        let mut files: Vec<Counts> = (0..20).map(|_| tokeniser.count(random_text(&mut random).as_bytes())).collect();
        let sum_of = |files: &[Counts]| {
            let mut sum = Frequencies::new(128);
            files.iter().for_each(|counts| sum.add(counts).unwrap());
            sum
        };
        let whole = sum_of(&files);
        random.shuffle(&mut files);
        let (left, right) = files.split_at(random.below(20) as usize);
        let mut parts = sum_of(right);
        parts.merge(&sum_of(left)).unwrap();
        assert_eq!(parts, whole, "seed {seed}");
    }
}

fn offered(pairs: &[Pair], most: usize) -> BestPairs {
    let mut best = BestPairs::new(most, Score(3));
    pairs.iter().for_each(|&pair| best.offer(pair));
    best
}

/// Pairs of so many files; two files have one score, as in life.
fn random_pairs(random: &mut XorShift, files: u32, count: usize) -> Vec<Pair> {
    let mut pair = || {
        let (a, b) = (random.below(u64::from(files)) as u32, random.below(u64::from(files) - 1) as u32);
        let b = if b >= a { b + 1 } else { b };
        Pair::new(Rank(a), Rank(b), Score(((a * b) % 7) as u16))
    };
    (0..count).map(|_| pair()).collect()
}

fn random_text(random: &mut XorShift) -> String {
    (0..random.below(2_000)).map(|_| format!("w{} ", random.below(300))).collect()
}
