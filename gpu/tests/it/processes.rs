//! A device as a process of a network.

use crate::{each_device, numbers};
use rendez_channels::{channel, channel_bounded};
use rendez_gpu::{GpuError, Matrix, testing::Fake};
use rendez_model::ProcessKind;
use rendez_runtime::{Outcome, network, par, run};
use std::sync::Arc;

/// A tile of an all-pairs product: two blocks of rows, shared by many tiles.
struct Tile {
    at: (usize, usize),
    left: Arc<Matrix>,
    right: Arc<Matrix>,
}

#[test]
fn tiles_travel_through_a_device_and_back() {
    for gpu in each_device() {
        let (requests, inbox) = channel_bounded::<Tile>(2);
        let (outbox, results) = channel_bounded::<((usize, usize), Matrix)>(2);
        let serve = |gpu: rendez_gpu::Gpu, tile: Tile| async move {
            Ok((tile.at, gpu.matmul_transposed(&tile.left, &tile.right).await?))
        };
        let pairs = [0, 1].map(|i| gpu.process(&format!("pairs {i}"), inbox.clone(), outbox.clone(), serve));
        drop((inbox, outbox));
        let (sender, blocks) = (gpu.clone(), 4);
        let client = async move {
            let mut rows = Vec::new();
            for block in 0..blocks {
                rows.push(Arc::new(sender.matrix(10, 33, numbers(330, block)).await?));
            }
            for (i, left) in rows.iter().enumerate() {
                for (j, right) in rows.iter().enumerate().skip(i) {
                    requests.send(Tile { at: (i, j), left: Arc::clone(left), right: Arc::clone(right) }).await?;
                }
            }
            Outcome::Ok(())
        };
        let collector = async move {
            let mut seen = Vec::new();
            while let Some((at, product)) = results.next().await? {
                assert_eq!((product.rows(), product.columns()), (10, 10));
                let values = product.download().await?;
                let dot = |k: usize| numbers(330, at.0 as u32)[k] * numbers(330, at.1 as u32)[k];
                let first: f32 = (0..33).map(dot).sum();
                assert!((values[0] - first).abs() < 1e-4, "{at:?}: {} for {first}", values[0]);
                seen.push(at);
            }
            seen.sort_unstable();
            Outcome::Ok(seen)
        };
        let [one, two] = pairs;
        let (_, _, _, seen) = run(async move { par![one, two, client, collector].values().await }).unwrap();
        assert_eq!(seen.len(), 10, "each pair of blocks once: {seen:?}");
    }
}

#[test]
fn the_network_shows_the_device() {
    run(async {
        let gpu = rendez_gpu::Gpu::open(rendez_gpu::Pick::Cpu)?;
        let (requests, inbox) = channel::<Vec<f32>>();
        let (outbox, results) = channel::<f32>();
        let sums = gpu.process("shown sums", inbox, outbox, |gpu, values: Vec<f32>| async move {
            let x = gpu.upload(values).await?;
            gpu.sum(&x).await
        });
        let client = async move {
            requests.send(vec![1.0, 2.0]).await?;
            assert_eq!(results.recv().await?, 3.0);
            let seen = network();
            let device = seen.nodes[0]
                .processes
                .iter()
                .find(|process| process.name == "shown sums")
                .expect("it is in the network");
            assert_eq!(device.kind, ProcessKind::Device);
            assert!(device.note.contains("native CPU"), "{}", device.note);
            let held = |end: &rendez_model::Ends| end.holders.contains(&device.id);
            assert!(seen.nodes[0].channels.iter().any(|channel| held(&channel.receivers)), "it holds the requests");
            Outcome::Ok(())
        };
        par![sums, client].await
    })
    .unwrap();
}

#[test]
fn a_lost_device_ends_its_process_in_failure() {
    let (gpu, fake) = Fake::open().unwrap();
    let failure = run(async move {
        let (requests, inbox) = channel::<u32>();
        let (outbox, results) = channel::<u32>();
        let sums = gpu.process("sums", inbox, outbox, |gpu, value| async move {
            let x = gpu.upload(vec![value; 3]).await?;
            gpu.sum(&x).await
        });
        let client = async move {
            requests.send(5).await?;
            assert_eq!(results.recv().await?, 15);
            fake.lose("it was unplugged");
            requests.send(6).await?;
            results.recv().await?;
            Outcome::Ok(())
        };
        par![sums, client].await
    })
    .unwrap_err();
    assert!(failure.cause().contains("it was unplugged"), "{failure}");
    let typed = GpuError::DeviceLost { device: "fake".into(), reason: "it was unplugged".into() };
    assert!(failure.to_string().contains(&typed.to_string()) && failure.to_string().contains("sums"), "{failure}");
}
