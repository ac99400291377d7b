//! How high each slot lies: near its ties, in the given order, without overlap. Not which order.

use super::layered::Layers;

/// Rounds of moving each slot towards its ties.
const ROUNDS: usize = 12;
/// Space between two knots of a layer, and beside a line that passes.
const KNOT_GAP: f64 = 16.0;
const LINE_GAP: f64 = 12.0;
/// How much more a line wants to be straight than a knot to be near.
const STRAIGHT: f64 = 6.0;

/// The top of each slot, found from where they were before or from scratch.
pub(super) fn heights(layers: &Layers, before: Option<Vec<f64>>) -> Vec<f64> {
    let pulls = Pull::of(layers);
    let mut tops = before.unwrap_or_else(|| stacked(layers));
    for round in 0..ROUNDS {
        let (left, right) = match round {
            r if r + 2 >= ROUNDS => (true, true),
            r => (r % 2 == 0, r % 2 == 1),
        };
        let rows: Vec<_> =
            if round % 2 == 0 { layers.rows.iter().collect() } else { layers.rows.iter().rev().collect() };
        for row in rows {
            settle(row, layers, &pulls, (left, right), &mut tops);
        }
    }
    let least = tops.iter().copied().fold(f64::INFINITY, f64::min);
    tops.iter().map(|y| (y - least).round()).collect()
}

/// Every row from 0 on, as dense as may be.
fn stacked(layers: &Layers) -> Vec<f64> {
    let mut tops = vec![0.0; layers.slots.len()];
    for row in &layers.rows {
        let mut y = 0.0;
        for (i, &s) in row.iter().enumerate() {
            tops[s] = y;
            y += layers.slots[s].h + row.get(i + 1).map_or(0.0, |&next| gap(layers, s, next));
        }
    }
    tops
}

/// Heights near `wishes`, in their order, at least `room` apart (less where there is not so much), between `margin`
/// and `h - margin`.
pub(super) fn apart(wishes: &[f64], room: f64, margin: f64, h: f64) -> Vec<f64> {
    let n = wishes.len();
    let room = room.min((h - 2.0 * margin) / n.max(2).saturating_sub(1) as f64);
    let shifted = wishes.iter().enumerate().map(|(i, wish)| (wish - room * i as f64, 1.0));
    let settled = monotone(shifted);
    let ends = settled.iter().enumerate().map(|(i, y)| {
        let (least, most) = (margin + room * i as f64, h - margin - room * (n - 1 - i) as f64);
        (y + room * i as f64).min(most).max(least).round()
    });
    ends.collect()
}

/// A tie as it pulls at a slot: to where, and how strongly.
struct Pull {
    other: usize,
    /// Added to the other's top to get this slot's wish.
    offset: f64,
    weight: f64,
    from_left: bool,
}

impl Pull {
    fn of(layers: &Layers) -> Vec<Vec<Self>> {
        let mut pulls: Vec<Vec<Self>> = layers.slots.iter().map(|_| Vec::new()).collect();
        for step in &layers.steps {
            let lines = [step.tail, step.head].into_iter().filter(|&s| layers.slots[s].knot.is_none()).count();
            let weight = [1.0, 2.0, STRAIGHT][lines];
            let offset = step.tail_y.unwrap_or(0.0) - step.head_y.unwrap_or(0.0);
            pulls[step.head].push(Self { other: step.tail, offset, weight, from_left: true });
            pulls[step.tail].push(Self { other: step.head, offset: -offset, weight, from_left: false });
        }
        pulls
    }
}

fn gap(layers: &Layers, above: usize, below: usize) -> f64 {
    if layers.slots[above].knot.is_some() && layers.slots[below].knot.is_some() { KNOT_GAP } else { LINE_GAP }
}

/// Moves the slots of a row to where their ties pull them, keeping order and distance.
fn settle(row: &[usize], layers: &Layers, pulls: &[Vec<Pull>], sides: (bool, bool), tops: &mut [f64]) {
    let mut shift = 0.0;
    let mut shifts = Vec::with_capacity(row.len());
    let mut wishes = Vec::with_capacity(row.len());
    for (i, &s) in row.iter().enumerate() {
        let (wish, weight) = wish(&pulls[s], sides, tops[s], tops);
        wishes.push((wish - shift, weight));
        shifts.push(shift);
        shift += layers.slots[s].h + row.get(i + 1).map_or(0.0, |&next| gap(layers, s, next));
    }
    for ((&s, shift), y) in row.iter().zip(shifts).zip(monotone(wishes)) {
        tops[s] = y + shift;
    }
}

/// The values nearest to weighted wishes, in the sense of least squares, that never decrease: pool adjacent violators.
fn monotone(wishes: impl IntoIterator<Item = (f64, f64)>) -> Vec<f64> {
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (wish, weight) in wishes {
        let mut pool = (wish, weight, 1);
        while let Some(&(y, w, n)) = pools.last().filter(|last| last.0 > pool.0) {
            pools.pop();
            pool = ((y * w + pool.0 * pool.1) / (w + pool.1), w + pool.1, n + pool.2);
        }
        pools.push(pool);
    }
    pools.iter().flat_map(|&(y, _, n)| std::iter::repeat_n(y, n)).collect()
}

/// Where a slot wants to lie, and how much.
fn wish(pulls: &[Pull], (left, right): (bool, bool), now: f64, tops: &[f64]) -> (f64, f64) {
    let mut sum = 0.0;
    let mut weight = 0.0;
    for pull in pulls.iter().filter(|p| if p.from_left { left } else { right }) {
        sum += (tops[pull.other] + pull.offset) * pull.weight;
        weight += pull.weight;
    }
    // What nothing pulls stays where it is, but gives way easily.
    if weight > 0.0 { (sum / weight, weight) } else { (now, 0.05) }
}
