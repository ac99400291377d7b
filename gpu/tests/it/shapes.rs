//! Matrix product, map, reduction: right, and alike on all devices.

use crate::{each_device, each_vulkan, numbers};
use rendez_gpu::{Gpu, GpuError, testing::block_on};

/// `a * b` or `a * b^T` in f64, and for each element what it may be off by: 2 k eps times the absolute products.
fn reference(a: &[f32], b: &[f32], [m, k, n]: [usize; 3], transposed: bool) -> Vec<(f64, f64)> {
    let mut exact = Vec::with_capacity(m * n);
    for row in 0..m {
        for column in 0..n {
            let (mut sum, mut absolute) = (0.0, 0.0);
            for i in 0..k {
                let right = if transposed { b[column * k + i] } else { b[i * n + column] };
                let product = f64::from(a[row * k + i]) * f64::from(right);
                sum += product;
                absolute += product.abs();
            }
            exact.push((sum, 2.0 * k as f64 * f64::from(f32::EPSILON) * absolute));
        }
    }
    exact
}

fn check_product(gpu: &Gpu, [m, k, n]: [usize; 3], transposed: bool) {
    let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
    let product = block_on(async {
        let left = gpu.matrix(m, k, a.clone()).await?;
        let (rows, columns) = if transposed { (n, k) } else { (k, n) };
        let right = gpu.matrix(rows, columns, b.clone()).await?;
        let product =
            if transposed { gpu.matmul_transposed(&left, &right).await? } else { gpu.matmul(&left, &right).await? };
        assert_eq!((product.rows(), product.columns()), (m, n));
        product.download().await
    })
    .unwrap();
    for (i, (got, (exact, tolerance))) in product.iter().zip(reference(&a, &b, [m, k, n], transposed)).enumerate() {
        let off = (f64::from(*got) - exact).abs();
        let place = format!("{m}x{k}x{n}, transposed {transposed}, element {i}: {got} for {exact}, {}", gpu.why());
        assert!(off <= tolerance, "{place}");
    }
    assert_eq!(product.len(), m * n);
}

#[test]
fn products_are_right_for_any_sizes() {
    for gpu in each_device() {
        for sizes in
            [[1, 1, 1], [1, 7, 1], [3, 5, 2], [16, 16, 16], [17, 33, 65], [8, 64, 64], [9, 1, 130], [100, 70, 31]]
        {
            check_product(gpu, sizes, false);
            check_product(gpu, sizes, true);
        }
    }
}

/// Products of ones count exactly what was added: lavapipe leaves a loop after 65,535 steps, and a tolerance hides that.
#[test]
fn a_product_deeper_than_one_dispatch_is_whole() {
    for gpu in each_device() {
        for depth in [16_384, 16_385, 70_000] {
            let (a, b) = block_on(async {
                Ok::<_, GpuError>((
                    gpu.matrix(3, depth, vec![1.0; 3 * depth]).await?,
                    gpu.matrix(depth, 2, vec![1.0; depth * 2]).await?,
                ))
            })
            .unwrap();
            let product = block_on(async { gpu.matmul(&a, &b).await?.download().await }).unwrap();
            assert_eq!(product, [depth as f32; 6], "{}", gpu.why());
            let product = block_on(async { gpu.matmul_transposed(&a, &a).await?.download().await }).unwrap();
            assert_eq!(product, [depth as f32; 9], "{}", gpu.why());
        }
    }
}

#[test]
fn a_matrix_times_itself_transposed_is_every_pair_of_rows() {
    for gpu in each_device() {
        let a = block_on(gpu.matrix(5, 3, numbers(15, 3))).unwrap();
        let pairs = block_on(async { gpu.matmul_transposed(&a, &a).await?.download().await }).unwrap();
        for i in 0..5 {
            for j in 0..5 {
                assert_eq!(pairs[i * 5 + j].to_bits(), pairs[j * 5 + i].to_bits());
            }
        }
    }
}

#[test]
fn sizes_that_do_not_fit_are_named() {
    for gpu in each_device() {
        let a = block_on(gpu.matrix(2, 3, vec![0.0; 6])).unwrap();
        let error = block_on(gpu.matmul(&a, &a)).unwrap_err();
        assert!(matches!(error, GpuError::Shape { .. }) && error.to_string().contains("2 by 3"), "{error}");
        let error = block_on(gpu.matrix(2, 3, vec![0.0; 5])).unwrap_err();
        assert!(error.to_string().contains("5 elements"), "{error}");
        assert!(block_on(gpu.matrix(usize::MAX, 2, vec![0.0; 5])).is_err());
    }
}

#[test]
fn products_of_nothing_are_zeros() {
    for gpu in each_device() {
        let (tall, wide) =
            block_on(async { Ok::<_, GpuError>((gpu.matrix(2, 0, vec![]).await?, gpu.matrix(0, 3, vec![]).await?)) })
                .unwrap();
        let zeros = block_on(gpu.matmul(&tall, &wide)).unwrap();
        assert_eq!(block_on(zeros.download()).unwrap(), [0.0; 6]);
        let nothing = block_on(gpu.matmul(&wide, &block_on(gpu.matrix(3, 4, vec![1.0; 12])).unwrap())).unwrap();
        assert_eq!((nothing.rows(), nothing.columns()), (0, 4));
    }
}

#[test]
fn a_map_gives_the_same_bits_everywhere() {
    for gpu in each_device() {
        for count in [0, 1, 255, 256, 257, 300_001] {
            let values = numbers(count, 5);
            let x = block_on(gpu.upload(values.clone())).unwrap();
            // What a driver would contract and reorder if it were let.
            let f = |x: f32| x * x - 0.3 * x + (x * 1.7 - 0.1) * x;
            let y = block_on(gpu.map("x * x - 0.3 * x + (x * 1.7 - 0.1) * x", f, &x)).unwrap();
            let got: Vec<u32> = block_on(y.download()).unwrap().iter().map(|y| y.to_bits()).collect();
            let expected: Vec<u32> = values.iter().map(|x| f(*x).to_bits()).collect();
            assert!(got == expected, "{count} elements on {}", gpu.why());
        }
    }
}

#[test]
fn a_map_changes_the_type_and_zip_takes_two() {
    for gpu in each_device() {
        block_on(async {
            let x = gpu.upload(vec![1_u32, 2, 3]).await?;
            let y = gpu.upload(vec![0.5_f32, 0.25, 8.0]).await?;
            let z = gpu.zip("f32(x) * y", |x: u32, y: f32| x as f32 * y, &x, &y).await?;
            assert_eq!(z.download().await?, [0.5, 0.5, 24.0]);
            let signs = gpu.map("-i32(x)", |x: u32| -(x as i32), &x).await?;
            assert_eq!(signs.download().await?, [-1, -2, -3]);
            let short = gpu.upload(vec![1.0_f32]).await?;
            let error = gpu.zip("y", |_: u32, y: f32| y, &x, &short).await.unwrap_err();
            assert!(error.to_string().contains("3 and 1"), "{error}");
            Ok::<_, GpuError>(())
        })
        .unwrap();
    }
}

#[test]
fn more_elements_than_one_row_of_workgroups() {
    for gpu in each_device() {
        let count = 65_535 * 256 + 1;
        let x = block_on(gpu.upload((0..count as u32).collect())).unwrap();
        let y = block_on(gpu.map("x ^ 5u", |x: u32| x ^ 5, &x)).unwrap();
        let y = block_on(y.download()).unwrap();
        assert!(y.iter().enumerate().all(|(i, y)| *y == i as u32 ^ 5), "{}", gpu.why());
    }
}

#[test]
fn an_expression_that_is_none_is_an_error_with_its_place() {
    for gpu in each_vulkan() {
        let x = block_on(gpu.upload(vec![1.0_f32])).unwrap();
        let error = block_on(gpu.map("x + nonsense", |x: f32| x, &x)).unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, GpuError::Compile(_)) && said.contains("x + nonsense") && said.contains('^'), "{said}");
        let wrong_type = block_on(gpu.map("x > 0.0", |x: f32| x, &x));
        assert!(matches!(wrong_type, Err(GpuError::Compile(_))));
    }
}

#[test]
fn reductions_give_the_same_bits_everywhere() {
    for count in [1, 2, 255, 4096, 4097, 1_000_003] {
        let values = numbers(count, 9);
        let mut bits = Vec::new();
        for gpu in each_device() {
            let x = block_on(gpu.upload(values.clone())).unwrap();
            let exact: f64 = values.iter().map(|x| f64::from(*x)).sum();
            let sum = block_on(gpu.sum(&x)).unwrap();
            assert!((f64::from(sum) - exact).abs() <= 1e-6 * count as f64, "{sum} for {exact}");
            let (least, greatest) = (block_on(gpu.min(&x)).unwrap(), block_on(gpu.max(&x)).unwrap());
            assert_eq!(least, values.iter().copied().reduce(f32::min));
            assert_eq!(greatest, values.iter().copied().reduce(f32::max));
            bits.push(sum.to_bits());
        }
        assert!(bits.windows(2).all(|pair| pair[0] == pair[1]), "{count} elements: {bits:?}");
    }
}

#[test]
fn integers_wrap_and_extremes_are_found() {
    for gpu in each_device() {
        block_on(async {
            let x = gpu.upload(vec![u32::MAX, 2, 0]).await?;
            assert_eq!((gpu.sum(&x).await?, gpu.max(&x).await?, gpu.min(&x).await?), (1, Some(u32::MAX), Some(0)));
            let y = gpu.upload(vec![i32::MIN, 5, -5]).await?;
            assert_eq!((gpu.max(&y).await?, gpu.min(&y).await?), (Some(5), Some(i32::MIN)));
            let infinite = gpu.upload(vec![f32::NEG_INFINITY; 3]).await?;
            assert_eq!(gpu.max(&infinite).await?, Some(f32::NEG_INFINITY));
            let none = gpu.upload(Vec::<f32>::new()).await?;
            assert_eq!((gpu.sum(&none).await?, gpu.max(&none).await?, gpu.min(&none).await?), (0.0, None, None));
            Ok::<_, GpuError>(())
        })
        .unwrap();
    }
}
