//! Splitting one loop over the cores. Not a pool: threads live for one loop, and short loops get none.

use std::{num::NonZero, sync::OnceLock, thread};

/// How many elements make a thread worth its start (some 30 us).
const WORTH_A_THREAD: usize = 128 << 10;

/// How many threads the native device uses.
pub(crate) fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}

/// Runs `body(first, part)` over parts of `out` that begin at multiples of `unit`; `cost` is how many elements of input
/// each element of `out` stands for.
pub(crate) fn in_parts<T: Send>(out: &mut [T], unit: usize, cost: usize, body: impl Fn(usize, &mut [T]) + Sync) {
    let work = out.len().saturating_mul(cost);
    let parts = threads().min(work / WORTH_A_THREAD).max(1);
    let part = out.len().div_ceil(parts).next_multiple_of(unit);
    if part >= out.len() {
        return body(0, out);
    }
    thread::scope(|scope| {
        let mut pieces = out.chunks_mut(part).enumerate();
        let mine = pieces.next();
        for (index, piece) in pieces {
            let body = &body;
            scope.spawn(move || body(index * part, piece));
        }
        if let Some((_, piece)) = mine {
            body(0, piece);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_visited_once_at_its_place() {
        for n in [0, 1, 255, 256, 257, 3 * WORTH_A_THREAD + 5] {
            let mut out = vec![0_usize; n];
            in_parts(&mut out, 256, 1, |first, part| {
                for (i, x) in part.iter_mut().enumerate() {
                    *x += first + i + 1;
                }
            });
            assert!(out.iter().enumerate().all(|(i, x)| *x == i + 1), "n = {n}");
        }
    }
}
