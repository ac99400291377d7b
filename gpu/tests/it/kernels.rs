//! Kernels from text: checked, bound by name, refused with a reason.

use crate::{each_device, each_vulkan};
use rendez_gpu::{Access, BindingProblem, Gpu, GpuError, Pick, Program, testing::block_on};

const SAXPY: &str = "struct P { n: u32, a: f32 }
var<immediate> p: P;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn saxpy(@builtin(global_invocation_id) g: vec3<u32>) {
    if g.x < p.n { y[g.x] = p.a * x[g.x] + y[g.x]; }
}";

fn saxpy(gpu: &Gpu) -> Program {
    gpu.wgsl(SAXPY).unwrap().twin(|call| {
        let (a, n) = (call.scalar::<f32>("a"), call.scalar::<u32>("n") as usize);
        let x = call.input::<f32>("x");
        for (y, x) in call.output::<f32>("y").iter_mut().zip(x).take(n) {
            *y += a * x;
        }
    })
}

/// What is wrong between kernel and buffers, by the variable it is about.
fn problem(error: GpuError) -> (String, BindingProblem) {
    match error {
        GpuError::Binding { binding, problem, .. } => (binding, problem),
        other => panic!("{other}"),
    }
}

#[test]
fn a_kernel_runs_on_every_device() {
    for gpu in each_device() {
        let kernel = saxpy(gpu);
        assert_eq!((kernel.name(), kernel.group_size()), ("saxpy", [64, 1, 1]));
        assert_eq!(kernel.ports()[1].access, Access::Write);
        block_on(async {
            let x = gpu.upload((0..100).map(|i| i as f32).collect()).await?;
            let y = gpu.upload(vec![1.0_f32; 100]).await?;
            let run = kernel.dispatch(2).read("x", &x).write("y", y).scalar("a", 2.0_f32).scalar("n", 99_u32);
            let mut written = run.await?;
            assert!(written.take::<u32>("y").is_err(), "of another type");
            let y = written.take::<f32>("y")?.download().await?;
            assert_eq!((y[0], y[98], y[99]), (1.0, 197.0, 1.0), "{}", gpu.why());
            assert!(written.take::<f32>("y").is_err(), "each once");
            Ok::<_, GpuError>(())
        })
        .unwrap();
    }
}

#[test]
fn a_chain_of_dependent_kernels_is_in_order() {
    for gpu in each_device() {
        let kernel = saxpy(gpu);
        let got = block_on(async {
            let one = gpu.upload(vec![1.0_f32; 5000]).await?;
            let mut y = gpu.zeros::<f32>(5000).await?;
            for _ in 0..50 {
                let run = kernel.dispatch(79).read("x", &one).write("y", y).scalar("a", 1.0_f32).scalar("n", 5000_u32);
                y = run.await?.take("y")?;
            }
            y.download().await
        })
        .unwrap();
        assert!(got.iter().all(|y| *y == 50.0), "{}", gpu.why());
    }
}

#[test]
fn text_that_does_not_compile_shows_the_place() {
    for gpu in each_device() {
        let error = gpu.wgsl(&SAXPY.replace("p.a * x", "p.a * z")).unwrap_err();
        let GpuError::Compile(compile) = &error else { panic!("{error}") };
        assert_eq!(compile.place(), Some((7, 35)));
        let said = error.to_string();
        assert!(said.contains("7 |     if g.x < p.n { y[g.x] = p.a * z[g.x]") && said.contains('^'), "{said}");
        for broken in ["", "fn", "@compute fn f() {}", "@compute @workgroup_size(1) fn f() { let x: f32 = 1u; }", "\0"]
        {
            assert!(matches!(gpu.wgsl(broken), Err(GpuError::Compile(_))), "{broken:?}");
        }
    }
}

#[test]
fn a_kernel_larger_than_the_device_names_the_limit() {
    for gpu in each_device() {
        let error = gpu.wgsl("@compute @workgroup_size(4096) fn f() {}").unwrap_err();
        assert!(matches!(error, GpuError::TooLarge { asked: 4096, .. }), "{error}");
        let memory = "var<workgroup> w: array<f32, 262144>; @compute @workgroup_size(1) fn f() { w[0] = 1.0; }";
        let error = gpu.wgsl(memory).unwrap_err();
        assert!(error.to_string().contains("workgroup memory"), "{error}");
    }
}

#[test]
fn more_workgroups_than_the_device_takes_are_refused() {
    for gpu in each_device() {
        let limit = gpu.info().limits.groups;
        let kernel = gpu.wgsl("@compute @workgroup_size(1) fn f() {}").unwrap().twin(|_| {});
        let error = block_on(kernel.dispatch([1, limit[1] + 1]).into_future()).unwrap_err();
        assert_eq!(error, GpuError::TooManyGroups { kernel: "f".into(), asked: [1, limit[1] + 1, 1], limit });
        block_on(kernel.dispatch(0).into_future()).unwrap();
        block_on(kernel.dispatch(3).into_future()).unwrap();
    }
}

#[test]
fn what_is_bound_must_fit_what_the_text_declares() {
    for gpu in each_device() {
        let kernel = saxpy(gpu);
        let new = |n: usize| block_on(gpu.zeros::<f32>(n)).unwrap();
        let x = new(4);
        let run = || kernel.dispatch(1).scalar("a", 1.0_f32).scalar("n", 4_u32);
        let fails = |dispatch: rendez_gpu::Dispatch| problem(block_on(dispatch.into_future()).unwrap_err());

        assert_eq!(fails(run().read("x", &x)), ("y".into(), BindingProblem::Missing));
        assert_eq!(fails(run().read("x", &x).read("y", &x)), ("y".into(), BindingProblem::NeedsWrite));
        assert_eq!(fails(run().write("x", new(4)).write("y", new(4))), ("x".into(), BindingProblem::OnlyReads));
        assert_eq!(fails(run().read("x", &x).read("x", &x).write("y", new(4))), ("x".into(), BindingProblem::Twice));
        assert_eq!(fails(run().read("x", &new(0)).write("y", new(4))), ("x".into(), BindingProblem::Empty));
        let (name, unknown) = fails(run().read("x", &x).write("y", new(4)).read("z", &x));
        assert_eq!(name, "z");
        assert!(unknown.to_string().contains("`x` (read, f32)"), "{unknown}");
        let ints = block_on(gpu.zeros::<u32>(4)).unwrap();
        let (_, wrong) = fails(run().read("x", &ints).write("y", new(4)));
        assert_eq!(wrong, BindingProblem::Type { wants: "f32".into(), got: "u32" });
        let one = new(4);
        let aliased = run().read("x", &one).write("y", one);
        assert_eq!(fails(aliased), ("y".into(), BindingProblem::Aliased("x".into())));
        let scalar_missing = kernel.dispatch(1).read("x", &x).write("y", new(4)).scalar("n", 4_u32);
        assert_eq!(fails(scalar_missing), ("a".into(), BindingProblem::Missing));
        let (_, scalar_type) = fails(kernel.dispatch(1).read("x", &x).write("y", new(4)).scalar("n", 4_i32));
        assert_eq!(scalar_type, BindingProblem::Type { wants: "u32".into(), got: "i32" });
    }
}

#[test]
fn an_array_of_fixed_length_needs_that_many_elements() {
    let text = "@group(0) @binding(0) var<storage, read_write> x: array<vec4<f32>, 8>;
                @compute @workgroup_size(1) fn f() { x[7] = vec4(1.0); }";
    for gpu in each_device() {
        let kernel = gpu.wgsl(text).unwrap().twin(|call| call.output::<f32>("x")[28..32].fill(1.0));
        let short = block_on(gpu.zeros::<f32>(31)).unwrap();
        let error = block_on(kernel.dispatch(1).write("x", short).into_future()).unwrap_err();
        assert_eq!(problem(error).1, BindingProblem::Short { wants: 32, got: 31 });
        let x = block_on(gpu.zeros::<f32>(32)).unwrap();
        let mut written = block_on(kernel.dispatch(1).write("x", x).into_future()).unwrap();
        assert_eq!(block_on(written.take::<f32>("x").unwrap().download()).unwrap()[27..30], [0.0, 1.0, 1.0]);
    }
}

#[test]
fn the_native_device_says_what_text_without_a_twin_needs() {
    let gpu = Gpu::open(Pick::Cpu).unwrap();
    let kernel = gpu.wgsl("@compute @workgroup_size(1) fn lonely() {}").unwrap();
    let error = block_on(kernel.dispatch(1).into_future()).unwrap_err();
    assert!(matches!(&error, GpuError::NoTwin { kernel, .. } if kernel == "lonely"));
    let said = error.to_string();
    assert!(said.contains("Program::twin") && said.contains("mesa-vulkan-drivers"), "{said}");
}

#[test]
fn an_index_out_of_range_reads_zero_and_writes_nothing() {
    let text = "@group(0) @binding(0) var<storage, read_write> x: array<u32>;
                @compute @workgroup_size(64)
                fn f(@builtin(global_invocation_id) g: vec3<u32>) { x[g.x * 1000003u] = 7u + x[g.x + 100000u]; }";
    for gpu in each_vulkan() {
        let kernel = gpu.wgsl(text).unwrap();
        let neighbours: Vec<_> = (0..4).map(|_| block_on(gpu.upload(vec![9_u32; 64])).unwrap()).collect();
        let x = block_on(gpu.upload(vec![1_u32; 64])).unwrap();
        let mut written = block_on(kernel.dispatch(4).write("x", x).into_future()).unwrap();
        let x = block_on(written.take::<u32>("x").unwrap().download()).unwrap();
        assert_eq!((x[0], &x[1..]), (7, [1; 63].as_slice()));
        for neighbour in &neighbours {
            assert_eq!(block_on(neighbour.download()).unwrap(), [9; 64]);
        }
    }
}

#[test]
fn a_panicking_twin_is_an_error_and_the_device_goes_on() {
    let gpu = Gpu::open(Pick::Cpu).unwrap();
    let x = block_on(gpu.upload(vec![1_i32, -1])).unwrap();
    let error = block_on(gpu.map("x", |x: i32| if x < 0 { panic!("negative: {x}") } else { x }, &x)).unwrap_err();
    assert!(matches!(&error, GpuError::TwinPanicked { message, .. } if message == "negative: -1"), "{error}");
    assert_eq!(block_on(x.download()).unwrap(), [1, -1], "the operand is whole");
    assert_eq!(block_on(gpu.sum(&x)).unwrap(), 0);
}
