//! The matrix product of each device beside the bare `matrixmultiply` crate, on the tiles of an all-pairs product
//! (`a * b^T`). Contenders alternate; medians of 5 rounds. Run: `cargo bench -p rendez-gpu --bench matmul`.

#![allow(unsafe_code, reason = "the bare crate offers no safe function")]

use rendez_gpu::{Gpu, Matrix, Pick, testing::block_on};
use std::time::Instant;

const ROUNDS: usize = 5;
/// Rows of both sides and their length.
const TILES: [[usize; 2]; 4] = [[128, 1024], [256, 1024], [512, 1024], [1024, 1024]];
/// How long one measurement takes, about.
const SECONDS: f64 = 0.25;

fn main() {
    let native = Gpu::open(Pick::Cpu).expect("the native device opens");
    println!("bench,contender,ops,seconds,ns_per_op");
    for [rows, depth] in TILES {
        let (a, b) = (values(rows * depth, 1), values(rows * depth, 2));
        let mut c = vec![0.0; rows * rows];
        let (left, right) = (upload(&native, rows, depth, &a), upload(&native, rows, depth, &b));
        let mut bare = || multiply(&a, &b, &mut c, rows, depth);
        let mut device = || drop(block_on(native.matmul_transposed(&left, &right)).expect("the product is computed"));
        let ops = (SECONDS / once(&mut bare).max(1e-6)).ceil() as usize;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push((run(ops, &mut bare), run(ops, &mut device)));
        }
        let name = format!("matmul_{rows}x{depth}");
        let bare = report(&name, "matrixmultiply", ops, rounds.iter().map(|(bare, _)| *bare), rows, depth);
        let device = report(&name, "native device", ops, rounds.iter().map(|(_, device)| *device), rows, depth);
        let mut ratios: Vec<f64> = rounds.iter().map(|(bare, device)| bare / device).collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "# {name}: rate of the device / bare: {:.3} (of medians), {:.3} (median of rounds)",
            bare / device,
            ratios[ROUNDS / 2]
        );
    }
    match Gpu::open(Pick::Vulkan) {
        Ok(gpu) => vulkan(&gpu),
        Err(error) => println!("# no Vulkan row: {error}"),
    }
}

fn vulkan(gpu: &Gpu) {
    println!("# {}", gpu.why());
    let [rows, depth] = [512, 1024];
    let (left, right) =
        (upload(gpu, rows, depth, &values(rows * depth, 1)), upload(gpu, rows, depth, &values(rows * depth, 2)));
    let mut device = || drop(block_on(gpu.matmul_transposed(&left, &right)).expect("the product is computed"));
    once(&mut device);
    let rounds: Vec<f64> = (0..ROUNDS).map(|_| run(1, &mut device)).collect();
    report(&format!("matmul_{rows}x{depth}"), "vulkan", 1, rounds.into_iter(), rows, depth);
    for gpu in [gpu, &Gpu::open(Pick::Cpu).expect("the native device opens")] {
        let x = block_on(gpu.upload(vec![1.0_f32])).expect("a small upload");
        let mut tiny = || drop(block_on(gpu.map("x", |x: f32| x, &x)).expect("the map is computed"));
        once(&mut tiny);
        let rounds = (0..ROUNDS).map(|_| run(2000, &mut tiny)).collect::<Vec<_>>();
        report("dispatch_of_one_element", &gpu.info().name.replace(',', ""), 2000, rounds.into_iter(), 0, 0);
    }
}

fn report(
    bench: &str,
    contender: &str,
    ops: usize,
    seconds: impl Iterator<Item = f64>,
    rows: usize,
    depth: usize,
) -> f64 {
    let mut seconds: Vec<f64> = seconds.collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    println!("{bench},{contender},{ops},{median:.4},{:.0}", median / ops as f64 * 1e9);
    if rows > 0 {
        let flop = 2.0 * (rows * rows * depth * ops) as f64;
        println!("#   {:.1} GFLOP/s (best {:.1})", flop / median / 1e9, flop / seconds[0] / 1e9);
    }
    median
}

fn run(ops: usize, body: &mut dyn FnMut()) -> f64 {
    let begin = Instant::now();
    (0..ops).for_each(|_| body());
    begin.elapsed().as_secs_f64()
}

/// Warms up, then times one.
fn once(body: &mut dyn FnMut()) -> f64 {
    run(2, body);
    run(1, body)
}

fn upload(gpu: &Gpu, rows: usize, columns: usize, values: &[f32]) -> Matrix {
    block_on(gpu.matrix(rows, columns, values.to_vec())).expect("the tile fits")
}

fn values(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((7919 * (i + seed)) % 1000) as f32 / 1000.0).collect()
}

fn multiply(a: &[f32], b: &[f32], c: &mut [f32], rows: usize, depth: usize) {
    assert!(a.len() == rows * depth && b.len() == rows * depth && c.len() == rows * rows);
    let (row, product) = (depth as isize, rows as isize);
    // SAFETY: the lengths are checked above, and the strides are those of row-major matrices, the right one transposed.
    unsafe {
        matrixmultiply::sgemm(
            rows,
            depth,
            rows,
            1.0,
            a.as_ptr(),
            row,
            1,
            b.as_ptr(),
            1,
            row,
            0.0,
            c.as_mut_ptr(),
            product,
            1,
        );
    }
}
