//! A device that fails, through the fake: the error arrives, typed, at all who wait.

use rendez_gpu::{
    GpuError,
    testing::{Fake, block_on, poll_once},
};
use std::{pin::pin, thread};

fn lost() -> GpuError {
    GpuError::DeviceLost { device: "fake".into(), reason: "it was unplugged".into() }
}

#[test]
fn a_failure_is_that_of_the_work_it_struck() {
    let (gpu, fake) = Fake::open().unwrap();
    let x = block_on(gpu.upload(vec![1.0_f32; 10])).unwrap();
    let error = GpuError::OutOfMemory { asked: 40 };
    fake.fail_after(1, error.clone());
    assert_eq!(block_on(gpu.map("x", |x: f32| x, &x)).unwrap().len(), 10, "the one before it passes");
    assert_eq!(block_on(gpu.map("x", |x: f32| x, &x)).unwrap_err(), error);
    assert_eq!(block_on(gpu.map("x", |x: f32| x, &x)).unwrap().len(), 10, "the one after it passes");
}

#[test]
fn a_lost_device_fails_all_who_wait_and_all_who_come() {
    let (gpu, fake) = Fake::open().unwrap();
    let x = block_on(gpu.upload(vec![1.0_f32; 10])).unwrap();
    fake.stall();
    thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..5).map(|_| scope.spawn(|| block_on(gpu.map("x", |x: f32| x, &x)).map(|y| y.len()))).collect();
        while fake.held() < 5 {
            thread::yield_now();
        }
        fake.lose("it was unplugged");
        for waiter in waiting {
            assert_eq!(waiter.join().unwrap(), Err(lost()));
        }
    });
    assert_eq!(block_on(gpu.sum(&x)).unwrap_err(), lost());
    assert!(lost().to_string().contains("open it again"));
    assert_eq!(gpu.stats().in_flight, 0);
}

#[test]
fn a_device_that_dies_silently_is_lost_too() {
    let (gpu, fake) = Fake::open().unwrap();
    fake.stall();
    let mut upload = pin!(gpu.upload(vec![1_u32]));
    assert!(poll_once(upload.as_mut()).is_none());
    fake.forget();
    assert!(matches!(block_on(upload), Err(GpuError::DeviceLost { .. })));
}

#[test]
fn a_full_device_lets_the_next_wait_for_a_place() {
    let (gpu, fake) = Fake::open().unwrap();
    fake.stall();
    let mut uploads: Vec<_> = (0..=rendez_gpu::IN_FLIGHT_LIMIT).map(|_| Box::pin(gpu.upload(vec![1_u32]))).collect();
    for upload in &mut uploads {
        assert!(poll_once(upload.as_mut()).is_none());
    }
    assert_eq!(fake.held(), rendez_gpu::IN_FLIGHT_LIMIT, "the last one waits outside");
    fake.lose("it was unplugged");
    for upload in uploads {
        assert_eq!(block_on(upload).unwrap_err(), lost());
    }
}

#[test]
fn a_result_that_nobody_waits_for_leaves_nothing() {
    let (gpu, fake) = Fake::open().unwrap();
    fake.stall();
    for _ in 0..10 {
        let mut dropped = pin!(gpu.upload(vec![0_u32; 1000]));
        assert!(poll_once(dropped.as_mut()).is_none());
    }
    let stats = gpu.stats();
    assert_eq!((stats.in_flight, stats.buffers), (10, 10), "the device still has them");
    fake.forget();
    let stats = gpu.stats();
    assert_eq!((stats.in_flight, stats.buffers, stats.buffer_bytes), (0, 0, 0));
}
