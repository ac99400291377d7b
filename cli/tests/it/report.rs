//! The report, as people read it.

use rendez_cli::job::{
    BestPairs, FileName, Files, Folder, Pair, Rank, Report, Score, Skip, Skips, Throughput, clusters,
};
use std::path::Path;
use std::time::Duration;

const THROUGHPUT: Throughput = Throughput { files: 12, bytes: 3_000_000, elapsed: Duration::from_secs(2) };

/// Files of these names and lengths; equal letters of contents are equal contents.
fn files(list: &[(&str, char, usize)]) -> Files {
    let mut folder = Folder::default();
    for &(name, letter, len) in list {
        folder.offer(FileName::new(name), letter.to_string().repeat(len).as_bytes());
    }
    folder.finish().0
}

fn report(files: &Files, pairs: &[(u32, u32, u16)], rows: usize) -> String {
    let mut best = BestPairs::new(100, Score(8_000));
    pairs.iter().for_each(|&(a, b, score)| best.offer(Pair::new(Rank(a), Rank(b), Score(score))));
    let mut skips = Skips::default();
    skips.count(Skip::Binary);
    Report {
        root: Path::new("/tree"),
        files,
        clusters: &clusters(&best, files),
        threshold: Score(8_000),
        pairs_were_lost: best.is_full(),
        skips: &skips,
        throughput: THROUGHPUT,
        rows,
    }
    .to_string()
}

#[test]
fn clusters_and_groups_have_a_line_each() {
    let files = files(&[
        ("a-1/net.rs", 'a', 4_000),
        ("a-2/net.rs", 'b', 3_000),
        ("a-3/net.rs", 'c', 2_000),
        ("b/x.rs", 'd', 900),
        ("b/y.rs", 'e', 900),
        ("b/z.rs", 'd', 900),
    ]);
    assert_eq!(
        report(&files, &[(0, 1, 9_876), (1, 2, 8_500), (3, 4, 9_000)], 10),
        "\
near-copies (similarity 0.80 or more) in /tree
2 clusters, 5 files, 5.9 kB of text that is there again

 similarity  files     again  members
 0.85-0.98       3    5.0 kB  a-{1,2,3}/net.rs
 0.90            2     900 B  b/{x,y}.rs

exact copies: 1 group, 2 files, 900 B of text that is there again

 exact           2     900 B  b/{x,z}.rs

skipped 1: 1 binary
read 12 files, 3.0 MB in 2.0 s: 6 files/s, 1.5 MB/s
"
    );
}

#[test]
fn rows_about_the_same_folders_make_room_for_others() {
    let names = ["v/1a", "v/1b", "v/2a", "v/2b", "v/3a", "v/3b", "v/4a", "v/4b", "w/1", "w/2"];
    let list: Vec<_> = names.iter().zip('a'..).enumerate().map(|(n, (name, text))| (*name, text, 900 - n)).collect();
    let files = files(&list);
    let pairs = [(0, 1, 9_000), (2, 3, 9_000), (4, 5, 9_000), (6, 7, 9_000), (8, 9, 9_000)];
    let four = report(&files, &pairs, 4);
    assert!(four.contains("v/{3a,3b}") && !four.contains("v/{4a,4b}") && four.contains("w/{1,2}"), "{four}");
    assert!(four.contains(" and 1 more cluster\n"), "{four}");
    let five = report(&files, &pairs, 5);
    assert!(five.find("v/{4a,4b}") < five.find("w/{1,2}"), "in their order where all have room:\n{five}");
    assert!(report(&files, &pairs, 0).contains(" and 5 more clusters\n"));
}

#[test]
fn nothing_found_is_said() {
    let files = files(&[("a", 'a', 300), ("b", 'b', 300)]);
    let text = report(&files, &[], 10);
    assert!(text.starts_with("no near-copies (similarity 0.80 or more) in /tree\n"), "{text}");
    assert!(text.contains("\nno exact copies\n"), "{text}");
}
