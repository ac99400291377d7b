//! Clusters: pairs of near-copies joined into groups. Not the groups of exact copies, which were folded before.

use crate::job::{BestPairs, Files, Pair, Rank, Score};

/// Files that are near-copies of each other, directly or by way of others in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The members in the order of their names; two at least.
    pub members: Vec<Rank>,
    /// The score of the least alike pair that was kept.
    pub least: Score,
    /// The score of the most alike pair.
    pub most: Score,
    /// How many bytes of text are there again: those of all members but the longest.
    pub repeated: u64,
}

/// The clusters that the pairs form: most repeated text first, equals by the name of their first member.
///
/// That order puts on top what there is most to gain from. The most alike come first in no useful order: there are
/// always hundreds of short files that differ in one word.
#[must_use]
pub fn clusters(pairs: &BestPairs, files: &Files) -> Vec<Cluster> {
    let mut sets = DisjointSets::new(files.len());
    pairs.iter().for_each(|pair| sets.join(pair.a, pair.b));

    // The place of each set's cluster, at the set's root.
    let mut places: Vec<Option<usize>> = vec![None; files.len()];
    let mut clusters: Vec<Cluster> = Vec::new();
    for pair in pairs.iter() {
        let place = *places[sets.root(pair.a)].get_or_insert_with(|| {
            clusters.push(Cluster::of(pair));
            clusters.len() - 1
        });
        clusters[place].add(pair);
    }
    clusters.iter_mut().for_each(|cluster| cluster.close(files));
    clusters.sort_unstable_by(|a, b| b.repeated.cmp(&a.repeated).then(a.members.cmp(&b.members)));
    clusters
}

impl Cluster {
    fn of(pair: &Pair) -> Self {
        Self { members: Vec::new(), least: pair.score, most: pair.score, repeated: 0 }
    }

    fn add(&mut self, pair: &Pair) {
        self.members.extend([pair.a, pair.b]);
        self.least = self.least.min(pair.score);
        self.most = self.most.max(pair.score);
    }

    /// Each member once, and the sum over them.
    fn close(&mut self, files: &Files) {
        self.members.sort_unstable();
        self.members.dedup();
        let lens = || self.members.iter().map(|&member| files.file(member).len);
        self.repeated = lens().sum::<u64>() - lens().max().unwrap_or(0);
    }
}

/// Union and find over 0..n, with path halving; the smaller root wins, so that roots do not depend on the order.
struct DisjointSets(Vec<u32>);

impl DisjointSets {
    fn new(len: usize) -> Self {
        Self((0..).take(len).collect())
    }

    fn root(&mut self, of: Rank) -> usize {
        let mut here = of.0 as usize;
        while self.0[here] as usize != here {
            self.0[here] = self.0[self.0[here] as usize];
            here = self.0[here] as usize;
        }
        here
    }

    fn join(&mut self, one: Rank, other: Rank) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{FileName, Folder};

    /// Files named a, b, c, … of so many bytes.
    fn files(lens: &[usize]) -> Files {
        let mut folder = Folder::default();
        for (name, &len) in ('a'..).zip(lens) {
            folder.offer(FileName::new(name.to_string()), name.to_string().repeat(len).as_bytes());
        }
        folder.finish().0
    }

    fn best(pairs: &[(u32, u32, u16)]) -> BestPairs {
        let mut best = BestPairs::new(100, Score(0));
        pairs.iter().for_each(|&(a, b, score)| best.offer(Pair::new(Rank(a), Rank(b), Score(score))));
        best
    }

    #[test]
    fn pairs_that_share_a_file_are_one_cluster() {
        let files = files(&[10, 20, 30, 40, 50, 60]);
        let found = clusters(&best(&[(4, 5, 9_500), (0, 2, 8_000), (3, 2, 9_000)]), &files);
        assert_eq!(
            found,
            [
                Cluster { members: vec![Rank(4), Rank(5)], least: Score(9_500), most: Score(9_500), repeated: 50 },
                Cluster {
                    members: vec![Rank(0), Rank(2), Rank(3)],
                    least: Score(8_000),
                    most: Score(9_000),
                    repeated: 40
                },
            ]
        );
    }

    #[test]
    fn no_pairs_make_no_clusters() {
        assert_eq!(clusters(&best(&[]), &files(&[1, 2])), []);
    }
}
