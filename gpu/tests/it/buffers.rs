//! Buffers: what they hold, what they cost, whose they are.

use crate::{each_device, numbers};
use rendez_gpu::{Gpu, GpuError, Pick, testing::block_on};

#[test]
fn what_is_uploaded_comes_back() {
    for gpu in each_device() {
        for count in [1, 3, 1000, 1 << 20] {
            let values = numbers(count, 7);
            let buffer = block_on(gpu.upload(values.clone())).unwrap();
            assert_eq!((buffer.len(), buffer.is_empty()), (count, false));
            assert_eq!(block_on(buffer.download()).unwrap(), values, "{}", gpu.why());
        }
        let signed = block_on(gpu.upload(vec![i32::MIN, -1, i32::MAX])).unwrap();
        assert_eq!(block_on(signed.download()).unwrap(), [i32::MIN, -1, i32::MAX]);
    }
}

#[test]
fn an_empty_buffer_is_a_buffer() {
    for gpu in each_device() {
        let empty = block_on(gpu.upload(Vec::<u32>::new())).unwrap();
        assert!(empty.is_empty());
        assert_eq!(block_on(empty.download()).unwrap(), []);
        assert_eq!(block_on(gpu.zeros::<f32>(0)).unwrap().len(), 0);
    }
}

#[test]
fn zeros_are_zero_also_in_memory_that_was_used() {
    for gpu in each_device() {
        for _ in 0..3 {
            let used = block_on(gpu.upload(vec![u32::MAX; 5000])).unwrap();
            drop(used);
            let zeros = block_on(gpu.zeros::<u32>(5000)).unwrap();
            assert!(block_on(zeros.download()).unwrap().iter().all(|x| *x == 0));
        }
    }
}

#[test]
fn a_buffer_over_the_limit_is_refused_with_the_limit() {
    for gpu in each_device() {
        let limit = gpu.info().limits.buffer_bytes;
        let asked = usize::try_from(limit / 4 + 1).unwrap();
        let error = block_on(gpu.zeros::<f32>(asked)).unwrap_err();
        assert!(matches!(error, GpuError::TooLarge { limit: l, .. } if l == limit), "{error}");
        assert!(error.to_string().contains(&limit.to_string()), "{error}");
    }
}

#[test]
fn transfers_are_counted_and_memory_comes_back() {
    // Devices of its own: the counters of the shared ones move with the other tests.
    let mut own = vec![Gpu::open(Pick::Cpu).unwrap()];
    if !crate::each_vulkan().is_empty() {
        own.push(Gpu::open(Pick::Vulkan).unwrap());
    }
    for gpu in own {
        let x = block_on(gpu.upload(numbers(1000, 1))).unwrap();
        let y = block_on(gpu.map("x + 1.0", |x: f32| x + 1.0, &x)).unwrap();
        let z = block_on(gpu.map("x * 2.0", |x: f32| x * 2.0, &y)).unwrap();
        let stats = gpu.stats();
        assert_eq!((stats.uploads, stats.uploaded_bytes), (1, 4000));
        assert_eq!((stats.downloads, stats.dispatches), (0, 2), "what is computed stays on the device");
        assert_eq!((stats.buffers, stats.buffer_bytes), (3, 12_000));
        block_on(z.download()).unwrap();
        drop((x, y, z));
        let stats = gpu.stats();
        assert_eq!((stats.downloads, stats.downloaded_bytes), (1, 4000));
        assert_eq!((stats.buffers, stats.buffer_bytes, stats.in_flight), (0, 0, 0));
    }
}

#[test]
fn a_buffer_of_another_device_is_refused() {
    let (here, there) = (Gpu::open(Pick::Cpu).unwrap(), Gpu::open(Pick::Cpu).unwrap());
    let foreign = block_on(there.upload(vec![1.0_f32])).unwrap();
    let error = block_on(here.sum(&foreign)).unwrap_err();
    assert!(matches!(error, GpuError::WrongDevice { .. }), "{error}");
    let matrix = block_on(there.matrix(1, 1, vec![1.0])).unwrap();
    assert!(matches!(block_on(here.matmul(&matrix, &matrix)), Err(GpuError::WrongDevice { .. })));
}
