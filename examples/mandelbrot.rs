//! A picture computed by a device: requests and results travel over channels, the kernel is WGSL text.
//!
//! The device is a process of the network like any other. On a machine without a real GPU it is the native CPU device,
//! which runs the kernel's Rust twin: the same program, and it says which.
//!
//! Run: `cargo run --release --example mandelbrot [FILE.png]` (a file in the system's temporary folder if not given;
//! `RENDEZ_GPU=vulkan` asks for Vulkan)
//!
//! ```text
//!  plan --strips--> device --points--> paint ~~> FILE.png
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! device: ..
//! .. of 172800 points are in the set
//! wrote ..mandelbrot.png
//! ```

use rendez::gpu::{Gpu, GpuError, HostCall, Pick, Program};
use rendez::prelude::*;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

const WIDTH: u32 = 480;
const HEIGHT: u32 = 360;
/// Rows of one request.
const ROWS: u32 = 40;
/// A point that has not left by then counts as in the set.
const STEPS_MAX: u32 = 200;

const KERNEL: &str = "
struct Strip { width: u32, rows: u32, top: u32, steps_max: u32, left: f32, upper: f32, step: f32 }
var<immediate> strip: Strip;
@group(0) @binding(0) var<storage, read_write> steps: array<u32>;

@compute @workgroup_size(64)
fn mandelbrot(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= strip.width * strip.rows { return; }
    let cx = strip.left + strip.step * f32(id.x % strip.width);
    let cy = strip.upper - strip.step * f32(strip.top + id.x / strip.width);
    var x = 0.0;
    var y = 0.0;
    var n = 0u;
    while n < strip.steps_max && x * x + y * y <= 4.0 {
        let next = x * x - y * y + cx;
        y = 2.0 * x * y + cy;
        x = next;
        n++;
    }
    steps[id.x] = n;
}";

/// The kernel in Rust, for the native CPU device.
fn twin(call: &mut HostCall<'_>) {
    let (width, top, steps_max) = (call.scalar::<u32>("width"), call.scalar::<u32>("top"), call.scalar("steps_max"));
    let (left, upper, step): (f32, f32, f32) = (call.scalar("left"), call.scalar("upper"), call.scalar("step"));
    for (steps, id) in call.output::<u32>("steps").iter_mut().zip(0..) {
        let (cx, cy) = (left + step * (id % width) as f32, upper - step * (top + id / width) as f32);
        let (mut x, mut y, mut n) = (0.0, 0.0, 0);
        while n < steps_max && x * x + y * y <= 4.0 {
            (x, y) = (x * x - y * y + cx, 2.0 * x * y + cy);
            n += 1;
        }
        *steps = n;
    }
}

/// A strip of the picture on the device: how many steps each point takes to leave.
async fn strip(gpu: Gpu, kernel: Program, top: u32) -> Result<Vec<u32>, GpuError> {
    let steps = gpu.zeros::<u32>((WIDTH * ROWS) as usize).await?;
    let run = kernel.dispatch((WIDTH * ROWS).div_ceil(64)).write("steps", steps);
    let run = run.scalar("width", WIDTH).scalar("rows", ROWS).scalar("top", top).scalar("steps_max", STEPS_MAX);
    let mut written = run.scalar("left", -2.2_f32).scalar("upper", 1.2_f32).scalar("step", 3.2 / WIDTH as f32).await?;
    written.take::<u32>("steps")?.download().await
}

#[process]
async fn plan(strips: Sender<u32>) -> Outcome {
    for top in (0..HEIGHT).step_by(ROWS as usize) {
        strips.send(top).await?;
    }
    Ok(())
}

#[process(blocking)]
fn paint(points: Receiver<Vec<u32>>, path: PathBuf) -> Outcome {
    let (mut pixels, mut inside) = (Vec::with_capacity(3 * (WIDTH * HEIGHT) as usize), 0);
    while let Some(strip) = points.next_blocking()? {
        inside += strip.iter().filter(|&&steps| steps == STEPS_MAX).count();
        pixels.extend(strip.into_iter().flat_map(colour));
    }
    println!("{inside} of {} points are in the set", WIDTH * HEIGHT);
    let file = File::create(&path).map_err(|e| Failure::new(format!("cannot write {}: {e}", path.display())))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&pixels)?;
    println!("wrote {}", path.display());
    Ok(())
}

/// Black inside, from blue to white outside the nearer to the border.
fn colour(steps: u32) -> [u8; 3] {
    if steps == STEPS_MAX {
        return [0; 3];
    }
    let near = (steps as f32 / STEPS_MAX as f32).sqrt();
    [near, near.sqrt(), 0.35 + 0.65 * near.sqrt()].map(|part| (255.0 * part) as u8)
}

#[rendez::main]
async fn main() -> Outcome {
    let path = std::env::args().nth(1).map_or_else(|| std::env::temp_dir().join("mandelbrot.png"), PathBuf::from);
    let gpu = Gpu::open(Pick::Auto)?;
    println!("device: {}", gpu.why());
    let kernel = gpu.wgsl(KERNEL)?.twin(twin);
    let ((strips, inbox), (outbox, points)) = (channel(), channel());
    let device = gpu.process("device", inbox, outbox, move |gpu, top| strip(gpu, kernel.clone(), top));
    par![plan(strips), device, paint(points, path)].await
}
