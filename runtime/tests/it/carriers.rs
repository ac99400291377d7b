//! Carriers: that processes on ready queues of our own are not worse off than tasks, whatever a neighbour does.

use rendez_channels::{after, channel, channel_unbounded};
use rendez_runtime::{Outcome, Process, RunOptions, Scheduler, living, par, spawn};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel as thread_channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Far longer than anything here takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(10);

fn carriers(workers: usize) -> RunOptions {
    RunOptions::new().workers(workers).scheduler(Scheduler::Carriers)
}

/// Is ready again at once, behind all others.
pub(crate) async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Keeps its thread until somebody says so.
fn keep_thread(until: &Receiver<()>) -> Result<(), RecvTimeoutError> {
    until.recv_timeout(PATIENCE)
}

#[test]
fn all_of_tokio_works_inside_a_process() {
    let sum = carriers(2).run(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let echo = async move {
            let (mut stream, _) = listener.accept().await?;
            let mut byte = [0];
            stream.read_exact(&mut byte).await?;
            stream.write_all(&[byte[0] + 1]).await?;
            Outcome::Ok(())
        };
        let ask = async move {
            let mut stream = tokio::net::TcpStream::connect(address).await?;
            stream.write_all(&[1]).await?;
            Outcome::Ok(u32::from(stream.read_u8().await?))
        };
        let others = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let spawned = tokio::spawn(async { 10 }).await?;
            let blocking = tokio::task::spawn_blocking(|| 100).await?;
            let in_place = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(async { 1_000 }));
            Outcome::Ok(spawned + blocking + in_place)
        };
        let ((), asked, others) = par![echo, ask, others].values().await?;
        Outcome::Ok(asked + others)
    });
    assert_eq!(sum.unwrap(), 2 + 1_110);
}

/// One process keeps its thread until another has run, which waits in the same queue.
fn a_neighbour_runs_meanwhile(workers: usize, blockers: usize) {
    let outcome = carriers(workers).run(async move {
        let all = (0..blockers).map(|_| {
            Process::new("keeps its thread", async {
                let (done, until) = thread_channel();
                let (go, went) = channel_unbounded();
                spawn(async move {
                    went.recv().await?;
                    done.send(()).expect("somebody waits");
                    Outcome::Ok(())
                });
                yield_now().await;
                go.send(()).await?;
                keep_thread(&until)?;
                Outcome::Ok(())
            })
        });
        par(all.collect::<Vec<_>>()).await
    });
    outcome.unwrap();
}

#[test]
fn what_waits_behind_a_process_that_keeps_its_thread_is_taken_over() {
    a_neighbour_runs_meanwhile(2, 1);
}

#[test]
fn when_all_workers_are_kept_a_spare_thread_stands_in() {
    a_neighbour_runs_meanwhile(1, 1);
    a_neighbour_runs_meanwhile(2, 2);
}

#[test]
fn what_a_kept_thread_wakes_does_not_wait_for_it() {
    let outcome = carriers(2).run(async {
        let (done, until) = thread_channel();
        let (ask, asked) = channel_unbounded::<u32>();
        let (answer, answered) = channel_unbounded::<u32>();
        spawn(async move {
            while let Some(n) = asked.next().await? {
                answer.send(n + 1).await?;
            }
            done.send(()).expect("somebody waits");
            Outcome::Ok(())
        });
        for n in 0..20 {
            ask.send_blocking(n)?;
            assert_eq!(answered.recv_blocking()?, n + 1);
        }
        drop(ask);
        keep_thread(&until)?;
        Outcome::Ok(())
    });
    outcome.unwrap();
}

#[test]
fn timers_fire_while_a_process_keeps_its_thread() {
    let outcome = carriers(2).run(async {
        let (done, until) = thread_channel();
        let timer = async move {
            after(Duration::from_millis(5)).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
            done.send(()).expect("somebody waits");
            Outcome::Ok(())
        };
        let keeper = async move {
            yield_now().await;
            keep_thread(&until)?;
            Outcome::Ok(())
        };
        par![timer, keeper].await
    });
    outcome.unwrap();
}

#[test]
fn of_processes_that_stay_ready_none_waits_for_more_turns_than_there_are_processes() {
    const PROCESSES: usize = 7;
    const TURNS: usize = 500;
    let turns = Arc::new(Mutex::new(vec![]));
    let seen = Arc::clone(&turns);
    // With one thread, and no spare when the system takes that off its core.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let outcome = runtime.block_on(async move {
        let all = (0..PROCESSES).map(|number| {
            let turns = Arc::clone(&turns);
            async move {
                for _ in 0..TURNS {
                    turns.lock().unwrap().push(number);
                    yield_now().await;
                }
                Outcome::Ok(())
            }
        });
        par(all.collect::<Vec<_>>()).await
    });
    outcome.unwrap();
    let seen = seen.lock().unwrap();
    let mut last = [None; PROCESSES];
    for (turn, &number) in seen.iter().enumerate() {
        if let Some(before) = last[number].replace(turn) {
            assert!(turn - before <= PROCESSES, "{number} waited from {before} to {turn}");
        }
    }
    assert_eq!(seen.len(), PROCESSES * TURNS);
}

#[test]
fn who_comes_from_outside_has_its_turn_beside_processes_that_stay_ready() {
    let outcome = carriers(1).run(async {
        let stop = Arc::new(AtomicBool::new(false));
        let (word, heard) = channel::<()>();
        let stops = Arc::clone(&stop);
        let listener = async move {
            heard.recv().await?;
            stops.store(true, Ordering::Relaxed);
            Outcome::Ok(())
        };
        let busy = (0..3).map(|_| {
            let stop = Arc::clone(&stop);
            Process::new("busy", async move {
                while !stop.load(Ordering::Relaxed) {
                    yield_now().await;
                }
                Outcome::Ok(())
            })
        });
        let thread = std::thread::spawn(move || word.send_blocking(()));
        par![listener, par(busy.collect::<Vec<_>>()).into_future()].await?;
        thread.join().expect("it does not panic")?;
        Outcome::Ok(())
    });
    outcome.unwrap();
}

#[test]
fn who_uses_up_tokios_budget_lets_others_run() {
    let outcome = carriers(1).run(async {
        let stop = Arc::new(AtomicUsize::new(0));
        let (by_task, by_process, seen) = (Arc::clone(&stop), Arc::clone(&stop), Arc::clone(&stop));
        // Ready for ever, but for the budget.
        let greedy = async move {
            while seen.load(Ordering::Relaxed) < 2 {
                tokio::task::consume_budget().await;
            }
            Outcome::Ok(())
        };
        let neighbour = async move {
            let task = tokio::spawn(async move { by_task.fetch_add(1, Ordering::Relaxed) });
            yield_now().await;
            by_process.fetch_add(1, Ordering::Relaxed);
            task.await?;
            Outcome::Ok(())
        };
        par![greedy, neighbour].await
    });
    outcome.unwrap();
}

#[test]
fn tasks_of_tokio_run_beside_processes_that_stay_ready() {
    let outcome = carriers(1).run(async {
        let task = tokio::spawn(async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let busy = (0..3).map(|_| {
            let task = task.abort_handle();
            async move {
                while !task.is_finished() {
                    yield_now().await;
                }
                Outcome::Ok(())
            }
        });
        par(busy.collect::<Vec<_>>()).await
    });
    outcome.unwrap();
}

/// Says when it is dropped.
struct Held(Sender<()>);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[test]
fn a_runtime_that_goes_away_takes_its_processes_along() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (dropped, drops) = thread_channel();
    let name = "outlives its runtime";
    runtime.block_on(async {
        let (begun, begins) = channel_unbounded();
        let (tx, rx) = channel::<u32>();
        for rx in [Some(rx), None] {
            let (held, begun) = (Held(dropped.clone()), begun.clone());
            spawn(Process::new(name, async move {
                let _held = held;
                begun.send(()).await?;
                // One of them is woken by the end of the other.
                match rx {
                    Some(rx) => drop(rx.recv().await?),
                    None => std::future::pending().await,
                }
                Outcome::Ok(())
            }));
        }
        let (held, begun) = (Held(dropped), begun);
        spawn(Process::new(name, async move {
            let _held = (held, tx);
            begun.send(()).await?;
            std::future::pending::<Outcome>().await
        }));
        for _ in 0..3 {
            begins.recv().await.unwrap();
        }
    });
    drop(runtime);
    assert_eq!(drops.try_iter().count(), 3);
    let left: Vec<_> = living().into_iter().filter(|label| label.contains(name)).collect();
    assert_eq!(left, [] as [String; 0]);
}

#[test]
fn processes_of_several_runtimes_talk_to_each_other() {
    const TRIPS: u32 = 1_000;
    let (there, echo_input) = channel::<u32>();
    let (echo_output, back) = channel::<u32>();
    let echo = std::thread::spawn(move || {
        carriers(1).run(async move {
            while let Some(n) = echo_input.next().await? {
                echo_output.send(n + 1).await?;
            }
            Outcome::Ok(())
        })
    });
    let asked = carriers(2).run(async move {
        for n in 0..TRIPS {
            there.send(n).await?;
            assert_eq!(back.recv().await?, n + 1);
        }
        Outcome::Ok(())
    });
    asked.unwrap();
    echo.join().unwrap().unwrap();
}

#[test]
fn a_storm_of_wakes_from_threads_loses_none() {
    const THREADS: u64 = 4;
    const EACH: u64 = 2_000;
    let sum = carriers(2).run(async {
        let (tx, rx) = channel::<u64>();
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let tx = tx.clone();
                std::thread::spawn(move || (1..=EACH).try_for_each(|n| tx.send_blocking(n)).map_err(drop))
            })
            .collect();
        drop(tx);
        let mut sum = 0;
        while let Some(n) = rx.next().await? {
            sum += n;
        }
        assert!(threads.into_iter().all(|thread| thread.join().is_ok_and(|sent| sent.is_ok())));
        Outcome::Ok(sum)
    });
    assert_eq!(sum.unwrap(), THREADS * (EACH * (EACH + 1) / 2));
}

#[test]
fn many_processes_start_and_end_and_none_is_left() {
    let name = "one of many";
    let sum = carriers(2).run(async move {
        let all = (0..5_000u64).map(|n| Process::new(name, async move { Outcome::Ok(n) }));
        let values = par(all.collect::<Vec<_>>()).values().await?;
        Outcome::Ok(values.into_iter().sum::<u64>())
    });
    assert_eq!(sum.unwrap(), (0..5_000).sum());
    assert!(!living().iter().any(|label| label.contains(name)));
}

#[test]
fn a_panic_in_a_turn_is_its_processs_only() {
    let sum = carriers(1).run(async {
        let (tx, rx) = channel_unbounded::<u32>();
        let clumsy = async {
            yield_now().await;
            assert_eq!(1 + 1, 3, "dropped a plate");
            Outcome::Ok(())
        };
        let steady = async move {
            for n in 0..10 {
                yield_now().await;
                tx.send(n).await?;
            }
            Outcome::Ok(())
        };
        let steady = spawn(steady);
        let fallen = par![clumsy].await;
        assert!(fallen.unwrap_err().is_panic());
        steady.join().await?;
        let mut sum = 0;
        while let Some(n) = rx.next().await? {
            sum += n;
        }
        Outcome::Ok(sum)
    });
    assert_eq!(sum.unwrap(), 45);
}

#[test]
fn a_paused_clock_goes_on_as_it_does_for_tasks() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let begin = Instant::now();
    runtime.block_on(async {
        let start = tokio::time::Instant::now();
        let day = Duration::from_secs(24 * 60 * 60);
        spawn(async move {
            after(day).await;
            Outcome::Ok(())
        })
        .join()
        .await
        .unwrap();
        assert_eq!(start.elapsed().as_secs(), day.as_secs());
    });
    assert!(begin.elapsed() < PATIENCE);
}
