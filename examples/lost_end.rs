//! A clerk waits for a result that nobody will send: no two wait for each other, yet nobody can go on. The program says so and ends.
//!
//! Run: `cargo run --example lost_end [WHO]`, where WHO has the other end: nobody unless it is said; see `CASES`.
//!
//! ```text
//!      ?  ----results----> main
//! ```
//!
//! A deadlock is certain where nobody can help. Mostly that is known of those only who wait for each other in a ring with ends that they
//! keep. Here no process runs, no timer, no socket, no task and no thread that could: then it is certain whoever has the end.
//! With `thread`, `task`, `timer` and the like somebody is there, nothing is said, and the result comes after a while.

use rendez::prelude::*;
use rendez::{OnDeadlock, blocking, ctrl_c, on_deadlock};
use std::mem::forget;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use tokio::runtime::Builder;

/// What has become of the end.
type Case = (&'static str, fn(Sender<u8>));

const CASES: &[Case] = &[
    // Nobody will ever send.
    ("nobody", forget),
    ("static", |results| DRAWER.lock().unwrap().push(results)),
    ("dead-thread", |results| thread::spawn(|| forget(results)).join().unwrap()),
    ("dead-task", |results| drop(tokio::spawn(async { forget(results) }))),
    ("waiting", |results| drop(spawn(also_waits(results)))),
    // Somebody will.
    ("thread", |results| drop(thread::spawn(|| sends_from_thread(results)))),
    ("task", |results| drop(tokio::spawn(sends(results)))),
    ("blocking-task", |results| drop(tokio::task::spawn_blocking(|| sends_from_thread(results)))),
    ("blocking-process", |results| drop(spawn(blocking("sleeper", || sends_from_thread(results))))),
    ("timer", |results| drop(spawn(sends(results)))),
    ("ctrl-c", |results| drop(spawn(sends_on_ctrl_c(results)))),
    ("other-runtime", in_another_runtime),
];

/// How long they take.
const WHILE: Duration = Duration::from_millis(1_500);
/// Where ends are put and forgotten.
static DRAWER: Mutex<Vec<Sender<u8>>> = Mutex::new(Vec::new());

async fn also_waits(results: Sender<u8>) -> Outcome {
    let (lost, orders) = channel();
    DRAWER.lock().unwrap().push(lost);
    results.send(orders.recv().await?).await?;
    Ok(())
}

async fn sends(results: Sender<u8>) -> Outcome {
    after(WHILE).await;
    results.send(42).await?;
    Ok(())
}

fn sends_from_thread(results: Sender<u8>) -> Outcome {
    thread::sleep(WHILE);
    results.send_blocking(42)?;
    Ok(())
}

async fn sends_on_ctrl_c(results: Sender<u8>) -> Outcome {
    let press = format!("sleep {}; kill -INT {}", WHILE.as_secs_f64(), std::process::id());
    let pressing = Command::new("sh").args(["-c", &press]).spawn();
    ctrl_c().await?;
    pressing.and_then(|mut pressing| pressing.wait())?;
    results.send(42).await?;
    Ok(())
}

fn in_another_runtime(results: Sender<u8>) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    drop(runtime.spawn(sends(results)));
    // It goes on until the program ends.
    forget(runtime);
}

#[rendez::main]
async fn main() -> Outcome {
    // A certain deadlock fails its scope: here the whole program.
    on_deadlock(OnDeadlock::FailScope);
    let who = std::env::args().nth(1).unwrap_or_else(|| "nobody".to_owned());
    let Some((_, case)) = CASES.iter().find(|(name, _)| *name == who) else {
        return Err(Failure::new(format_args!("`{who}` is none of the cases; see the header")));
    };
    let (results, inbox) = channel_named("results", ChannelKind::Rendezvous);
    case(results);
    println!("a result has come: {}", inbox.recv().await?);
    Ok(())
}
