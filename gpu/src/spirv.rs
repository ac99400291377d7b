//! Two passes over SPIR-V words that naga has no option for. Not a compiler: only naga's own output comes in.

use std::collections::HashMap;

const HEADER: usize = 5;
const OP_EXT_INST: u32 = 12;
const OP_ACCESS_CHAIN: u32 = 65;
const OP_DECORATE: u32 = 71;
const NO_CONTRACTION: u32 = 42;

/// Both passes.
pub(crate) fn refine(words: &[u32]) -> Vec<u32> {
    no_contraction(&merge_chains(words))
}

/// Forbids the driver to fuse or reorder float arithmetic, so that `+ - *` give the same bits as on the CPU.
fn no_contraction(words: &[u32]) -> Vec<u32> {
    let mut results = Vec::new();
    let mut first_type = None;
    for (at, op, instruction) in instructions(words) {
        // Types come right after the decorations: this is where new ones fit.
        if first_type.is_none() && (19..=39).contains(&op) {
            first_type = Some(at);
        }
        if is_float_arithmetic(op) {
            results.push(instruction[2]);
        }
    }
    let first_type = first_type.unwrap_or(words.len());
    let mut out = words[..first_type].to_vec();
    for result in results {
        out.extend([instruction_head(OP_DECORATE, 3), result, NO_CONTRACTION]);
    }
    out.extend(&words[first_type..]);
    out
}

/// Turns access chains of access chains into chains from the variable, which the validation layer can follow: only so
/// does it see two dispatches that race.
fn merge_chains(words: &[u32]) -> Vec<u32> {
    let mut out = words[..HEADER.min(words.len())].to_vec();
    let mut paths: HashMap<u32, Vec<u32>> = HashMap::new();
    for (_, op, instruction) in instructions(words) {
        if op != OP_ACCESS_CHAIN {
            out.extend(instruction);
            continue;
        }
        let (kind, result, base, indices) = (instruction[1], instruction[2], instruction[3], &instruction[4..]);
        let mut path = paths.get(&base).cloned().unwrap_or_else(|| vec![base]);
        path.extend(indices);
        out.extend([instruction_head(OP_ACCESS_CHAIN, 3 + path.len()), kind, result]);
        out.extend(&path);
        paths.insert(result, path);
    }
    out
}

/// FNegate, FAdd, FSub, FMul, FDiv, FRem, FMod, the products of vectors and matrices, and library functions.
fn is_float_arithmetic(op: u32) -> bool {
    matches!(op, 127 | 129 | 131 | 133 | 136 | 140..=148 | OP_EXT_INST)
}

fn instruction_head(op: u32, words: usize) -> u32 {
    u32::try_from(words).map_or(op, |words| words << 16 | op)
}

/// Position, opcode and words of each instruction; ends early at a malformed one.
fn instructions(words: &[u32]) -> impl Iterator<Item = (usize, u32, &[u32])> {
    let mut at = HEADER;
    std::iter::from_fn(move || {
        let head = *words.get(at)?;
        let length = (head >> 16) as usize;
        let instruction = words.get(at..at + length).filter(|i| !i.is_empty())?;
        let here = at;
        at += length;
        Some((here, head & 0xffff, instruction))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FADD: [u32; 5] = [5 << 16 | 129, 1, 50, 51, 52];
    const TYPE_FLOAT: [u32; 3] = [3 << 16 | 22, 1, 32];

    fn module(parts: &[&[u32]]) -> Vec<u32> {
        let mut words = vec![0; HEADER];
        words.extend(parts.concat());
        words
    }

    #[test]
    fn float_results_are_decorated_before_the_types() {
        let refined = no_contraction(&module(&[&TYPE_FLOAT, &FADD]));
        assert_eq!(refined, module(&[&[3 << 16 | OP_DECORATE, 50, NO_CONTRACTION], &TYPE_FLOAT, &FADD]));
    }

    #[test]
    fn a_chain_of_a_chain_starts_at_the_variable() {
        let outer = [5 << 16 | OP_ACCESS_CHAIN, 1, 20, 10, 100];
        let inner = [5 << 16 | OP_ACCESS_CHAIN, 2, 21, 20, 101];
        let merged = [6 << 16 | OP_ACCESS_CHAIN, 2, 21, 10, 100, 101];
        assert_eq!(merge_chains(&module(&[&outer, &inner])), module(&[&outer, &merged]));
    }

    #[test]
    fn nonsense_ends_the_walk() {
        assert_eq!(instructions(&module(&[&[0, 0, 0]])).count(), 0);
        assert_eq!(instructions(&module(&[&[9 << 16]])).count(), 0);
        assert_eq!(instructions(&[]).count(), 0);
    }
}
