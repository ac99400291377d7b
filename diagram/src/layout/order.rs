//! Which slot above which, so that few lines cross: sweeps by barycentre. Not how high.

use super::layered::Layers;

/// Sweeps over all layers; the best order of all of them is kept.
const SWEEPS: usize = 8;

/// Sorts the rows of `layers`.
pub(super) fn sort(layers: &mut Layers) {
    let ties = Ties::of(layers);
    for row in &mut layers.rows {
        row.sort_by(|&a, &b| hint(&ties.hints, a).total_cmp(&hint(&ties.hints, b)).then(a.cmp(&b)));
    }
    let mut rows = layers.rows.clone();
    let mut fewest = usize::MAX;
    for sweep in 0..SWEEPS {
        ties.sweep(&mut rows, sweep % 2 == 0);
        let crossings = ties.crossings(&rows);
        if crossings < fewest {
            fewest = crossings;
            layers.rows.clone_from(&rows);
        }
        if fewest == 0 {
            break;
        }
    }
}

/// Who is tied to whom in the neighbouring layers.
struct Ties {
    left: Vec<Vec<usize>>,
    right: Vec<Vec<usize>>,
    hints: Vec<Option<f64>>,
}

fn hint(hints: &[Option<f64>], slot: usize) -> f64 {
    hints[slot].unwrap_or(0.0)
}

impl Ties {
    fn of(layers: &Layers) -> Self {
        let none = vec![Vec::new(); layers.slots.len()];
        let mut ties =
            Self { left: none.clone(), right: none, hints: layers.slots.iter().map(|slot| slot.hint).collect() };
        for step in &layers.steps {
            ties.right[step.tail].push(step.head);
            ties.left[step.head].push(step.tail);
        }
        ties
    }

    /// Sorts each row by where its ties in the row before it lie.
    fn sweep(&self, rows: &mut [Vec<usize>], rightwards: bool) {
        let mut place = vec![0.0; self.left.len()];
        let ties = if rightwards { &self.left } else { &self.right };
        let order: Vec<usize> = if rightwards { (0..rows.len()).collect() } else { (0..rows.len()).rev().collect() };
        for r in order {
            let fixed = rows[r].iter().all(|&s| self.hints[s].is_some());
            if !fixed {
                self.sort_row(&mut rows[r], ties, &place);
            }
            let n = rows[r].len() as f64;
            rows[r].iter().enumerate().for_each(|(i, &s)| place[s] = (i as f64 + 0.5) / n);
        }
    }

    /// Slots without ties keep their places; the others are sorted among themselves.
    fn sort_row(&self, row: &mut [usize], ties: &[Vec<usize>], place: &[f64]) {
        let spots: Vec<usize> = (0..row.len()).filter(|&i| !ties[row[i]].is_empty()).collect();
        let mut movers: Vec<(f64, usize)> = spots
            .iter()
            .map(|&i| {
                let tied = &ties[row[i]];
                (tied.iter().map(|&t| place[t]).sum::<f64>() / tied.len() as f64, row[i])
            })
            .collect();
        movers.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (&spot, (_, slot)) in spots.iter().zip(movers) {
            row[spot] = slot;
        }
    }

    fn crossings(&self, rows: &[Vec<usize>]) -> usize {
        let mut place = vec![0; self.left.len()];
        for row in rows {
            row.iter().enumerate().for_each(|(i, &s)| place[s] = i);
        }
        rows.windows(2).map(|pair| self.crossings_between(&pair[0], pair[1].len(), &place)).sum()
    }

    /// Counts pairs out of order with a tree of sums.
    fn crossings_between(&self, row: &[usize], width: usize, place: &[usize]) -> usize {
        let mut sums = vec![0usize; width + 1];
        let mut seen = 0;
        let mut crossings = 0;
        for &slot in row {
            let mut heads: Vec<usize> = self.right[slot].iter().map(|&h| place[h]).collect();
            heads.sort_unstable();
            for &head in &heads {
                let mut below = 0;
                let mut i = head + 1;
                while i > 0 {
                    below += sums[i];
                    i &= i - 1;
                }
                crossings += seen - below;
            }
            for head in heads {
                seen += 1;
                let mut i = head + 1;
                while i <= width {
                    sums[i] += 1;
                    i += i & i.wrapping_neg();
                }
            }
        }
        crossings
    }
}
