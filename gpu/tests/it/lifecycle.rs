//! What is left behind: nothing.

use crate::{each_vulkan, numbers};
use rendez_gpu::{
    Gpu, Pick,
    testing::{block_on, poll_once},
};
use std::{
    pin::pin,
    thread,
    time::{Duration, Instant},
};

/// Waits until a condition holds: threads end soon after their device, not with it.
fn soon(what: &str, condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn own_devices() -> Vec<Gpu> {
    let mut devices = vec![Gpu::open(Pick::Cpu).unwrap()];
    if !each_vulkan().is_empty() {
        devices.push(Gpu::open(Pick::Vulkan).unwrap());
    }
    devices
}

#[test]
fn dropped_results_leave_no_memory_and_no_place_taken() {
    for gpu in own_devices() {
        let x = block_on(gpu.matrix(100, 100, numbers(10_000, 4))).unwrap();
        // The first one compiles the kernel; those dropped are then on the device, or waiting for a place.
        block_on(gpu.matmul(&x, &x)).unwrap();
        for _ in 0..100 {
            let mut product = pin!(gpu.matmul(&x, &x));
            drop(poll_once(product.as_mut()));
        }
        soon("the device finishes what was dropped", || gpu.stats().in_flight == 0);
        soon("their memory comes back", || gpu.stats().buffers == 1);
        assert_eq!(block_on(x.download()).unwrap(), numbers(10_000, 4), "the operand is as it was");
    }
}

#[test]
fn a_handle_is_shared_among_threads() {
    for gpu in own_devices() {
        thread::scope(|scope| {
            for seed in 0..4_u32 {
                let gpu = gpu.clone();
                scope.spawn(move || {
                    for i in 0..50 {
                        let x = block_on(gpu.upload(vec![seed; 1000 + i])).unwrap();
                        let y = block_on(gpu.map("x + 1u", |x: u32| x + 1, &x)).unwrap();
                        assert!(block_on(y.download()).unwrap().iter().all(|y| *y == seed + 1));
                    }
                });
            }
        });
        soon("nothing is left", || gpu.stats().buffers == 0);
    }
}

/// A device as a process of the system: its threads are counted by name, so no other test may have a device meanwhile.
#[cfg(target_os = "linux")]
#[test]
fn a_dropped_device_ends_its_threads() {
    const CHILD: &str = "RENDEZ_GPU_THREAD_TEST";
    if std::env::var_os(CHILD).is_none() {
        let test = "lifecycle::a_dropped_device_ends_its_threads";
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--test-threads=1", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let ours = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|name| name.starts_with("rendez-gpu")).count()
    };
    let picks = if rendez_gpu::devices().len() > 1 { vec![Pick::Cpu, Pick::Vulkan] } else { vec![Pick::Cpu] };
    for pick in picks {
        let gpu = Gpu::open(pick).unwrap();
        let x = block_on(gpu.upload(numbers(10_000, 1))).unwrap();
        block_on(gpu.sum(&x)).unwrap();
        assert_eq!(ours(), 1, "one thread a device");
        drop(poll_once(pin!(gpu.sum(&x))));
        let other = gpu.clone();
        drop((gpu, x));
        assert_eq!(ours(), 1, "a handle is left");
        drop(other);
        soon("the device's thread ends", || ours() == 0);
    }
}
