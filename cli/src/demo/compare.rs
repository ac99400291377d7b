//! The second phase: rows are weighed, moved to the device tile by tile and compared there; the keeper keeps the best.

use crate::job::{BestPairs, Counts, Pair, Rank, Score, Weights};
use rendez::gpu::{Gpu, GpuError, Matrix};
use rendez::model::ProcessKind;
use rendez::prelude::*;
use std::sync::Arc;

/// Rows in a tile: two tiles and their product are a few megabytes.
pub const TILE_ROWS: usize = 1024;

/// Consecutive rows, as the host keeps them.
pub struct Tile {
    /// The rank of the first row.
    first: u32,
    dimension: usize,
    /// Row after row.
    values: Vec<f32>,
}

impl Tile {
    fn rows(&self) -> usize {
        self.values.len() / self.dimension
    }

    fn row(&self, at: usize) -> &[f32] {
        &self.values[at * self.dimension..][..self.dimension]
    }
}

/// A tile with its copy on the device.
pub struct Resident {
    tile: Arc<Tile>,
    matrix: Matrix,
}

/// All similarities of the rows of two tiles, on the device or fetched.
pub struct Product<T> {
    a: Arc<Tile>,
    b: Arc<Tile>,
    scores: T,
}

/// How many tile pairs have been kept, of how many.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// Pairs of tiles done.
    pub done: usize,
    /// Pairs of tiles in all.
    pub of: usize,
}

/// The network of the second phase.
///
/// # Errors
/// A device that fails.
pub async fn compare(
    gpu: Gpu,
    counts: Arc<Vec<Counts>>,
    weights: Weights,
    best: BestPairs,
    progress: Sender<Compared>,
    stop: Receiver<()>,
) -> Outcome<BestPairs> {
    let (tiles, to_upload) = channel_named("rows", ChannelKind::Rendezvous);
    let (uploaded, to_multiply) = channel_named("tiles", ChannelKind::Bounded(1));
    let (products, to_fetch) = channel_named("products", ChannelKind::Bounded(1));
    let (fetched, to_keep) = channel_named("scores", ChannelKind::Bounded(1));
    let count = counts.len().div_ceil(TILE_ROWS);
    let device = gpu.info().name.clone();
    let ((), (), (), (), best) = par![
        weigher(counts, weights, tiles, stop),
        uploader(gpu.clone(), to_upload, uploaded),
        multiplier(gpu, to_multiply, products).kind(ProcessKind::Device).note(device),
        fetcher(to_fetch, fetched),
        keeper(best, count * (count + 1) / 2, to_keep, progress),
    ]
    .values()
    .await?;
    Ok(best)
}

/// Makes rows of length 1 from counts, until all are made or somebody gives up the other end of `stop`.
#[process]
pub async fn weigher(
    counts: Arc<Vec<Counts>>,
    weights: Weights,
    tiles: Sender<Arc<Tile>>,
    stop: Receiver<()>,
) -> Outcome {
    for (first, chunk) in (0..).step_by(TILE_ROWS).zip(counts.chunks(TILE_ROWS)) {
        let mut values = Vec::new();
        for counts in chunk {
            values.extend(weights.row(counts)?);
        }
        let tile = Tile { first, dimension: values.len() / chunk.len(), values };
        alt! {
            sent = tiles.send(Arc::new(tile)) => sent?,
            _ = stop.next() => return Ok(()),
        }
    }
    Ok(())
}

/// Moves tiles to the device.
#[process]
pub async fn uploader(gpu: Gpu, tiles: Receiver<Arc<Tile>>, uploaded: Sender<Resident>) -> Outcome {
    while let Some(tile) = tiles.next().await? {
        let matrix = gpu.matrix(tile.rows(), tile.dimension, tile.values.clone()).await?;
        uploaded.send(Resident { tile, matrix }).await?;
    }
    Ok(())
}

/// Multiplies each tile with itself and all before it, on the device.
#[process]
pub async fn multiplier(gpu: Gpu, tiles: Receiver<Resident>, products: Sender<Product<Matrix>>) -> Outcome {
    let mut residents: Vec<Resident> = Vec::new();
    while let Some(next) = tiles.next().await? {
        residents.push(next);
        let b = &residents[residents.len() - 1];
        for a in &residents {
            let scores = gpu.matmul_transposed(&a.matrix, &b.matrix).await?;
            products.send(Product { a: Arc::clone(&a.tile), b: Arc::clone(&b.tile), scores }).await?;
        }
    }
    Ok(())
}

/// Fetches products from the device.
#[process]
pub async fn fetcher(products: Receiver<Product<Matrix>>, fetched: Sender<Product<Vec<f32>>>) -> Outcome {
    while let Some(Product { a, b, scores }) = products.next().await? {
        let scores = scores.download().await?;
        fetched.send(Product { a, b, scores }).await?;
    }
    Ok(())
}

/// Keeps the best pairs. What the device found near the bar is scored again here: all devices agree.
#[process]
pub async fn keeper(
    mut best: BestPairs,
    of: usize,
    products: Receiver<Product<Vec<f32>>>,
    progress: Sender<Compared>,
) -> Outcome<BestPairs> {
    let mut done = 0;
    while let Some(product) = products.next().await? {
        keep(&mut best, &product);
        done += 1;
        // Nobody needs each of these: one that finds no room is not sent.
        let _ = progress.try_send(Compared { done, of });
    }
    Ok(best)
}

fn keep(best: &mut BestPairs, product: &Product<Vec<f32>>) {
    let Product { a, b, scores } = product;
    let columns = b.rows();
    for (i, row) in scores.chunks(columns).enumerate() {
        let rank = a.first + i as u32;
        let bar = best.bar().floor();
        for (j, &score) in row.iter().enumerate() {
            let other = b.first + j as u32;
            if score >= bar && rank < other {
                best.offer(Pair::new(Rank(rank), Rank(other), Score::of(a.row(i), b.row(j))));
            }
        }
    }
}

/// How far a device's result on one sampled tile is from that of the chosen device.
pub struct Sample {
    /// The other device.
    pub device: String,
    /// The largest difference, or why there is none.
    pub difference: Result<f32, String>,
}

/// Rows of the sampled tile.
const SAMPLE_ROWS: usize = 128;

/// Computes one sampled tile on every device that is there.
///
/// # Errors
/// The chosen device fails.
pub async fn sample(gpu: &Gpu, counts: &[Counts], weights: &Weights) -> Outcome<Vec<Sample>> {
    let step = (counts.len() / SAMPLE_ROWS).max(1);
    let mut values = Vec::new();
    let mut rows = 0;
    for counts in counts.iter().step_by(step).take(SAMPLE_ROWS) {
        values.extend(weights.row(counts)?);
        rows += 1;
    }
    let expected = square(gpu, rows, &values).await?;
    let mut samples = Vec::new();
    for info in rendez::gpu::devices() {
        if info.name == gpu.info().name {
            continue;
        }
        let difference = match Gpu::open(rendez::gpu::Pick::Name(info.name.clone())) {
            Ok(other) => square(&other, rows, &values).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let difference = difference.map(|got| largest_difference(&expected, &got));
        samples.push(Sample { device: info.name, difference });
    }
    Ok(samples)
}

async fn square(gpu: &Gpu, rows: usize, values: &[f32]) -> Result<Vec<f32>, GpuError> {
    let matrix = gpu.matrix(rows, values.len() / rows.max(1), values.to_vec()).await?;
    gpu.matmul_transposed(&matrix, &matrix).await?.download().await
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
