//! Farms: every item once, order, backpressure, and how they end.

use crate::support::{Gauge, run, settle, sink, source};
use rendez_channels::{after, channel, future};
use rendez_runtime::{Failure, Outcome, alt, par, spawn};
use rendez_skeletons::Farm;
use std::sync::Arc;
use std::time::Duration;

/// Some items take longer than others, so that workers overtake each other.
fn delay(n: u32) -> Duration {
    Duration::from_micros(u64::from(n.wrapping_mul(7919) % 5) * 200)
}

fn through(farm: Farm, blocks: bool, items: u32) -> Vec<u32> {
    let outcome = run(async move {
        let ((numbers, input), (output, results)) = (channel(), channel());
        let farm = if blocks {
            farm.map_blocking(input, output, |n| {
                std::thread::sleep(delay(n));
                Ok(n * 2)
            })
        } else {
            farm.map(input, output, |n| async move {
                after(delay(n)).await;
                Ok(n * 2)
            })
        };
        par![source(0..items, numbers), farm, sink(results)].values().await
    });
    outcome.unwrap().2
}

#[test]
fn every_item_comes_out_exactly_once_and_an_ordered_farm_keeps_the_order() {
    for (workers, items) in [(1, 0), (1, 7), (2, 1), (3, 50), (8, 20)] {
        let doubled: Vec<u32> = (0..items).map(|n| n * 2).collect();
        for blocks in [false, true] {
            let mut unordered = through(Farm::new(workers), blocks, items);
            unordered.sort_unstable();
            assert_eq!(unordered, doubled, "{workers} workers, blocking: {blocks}");
            for ordered in [
                Farm::new(workers).ordered(),
                Farm::new(workers).ordered_within(1),
                Farm::new(workers).ordered_within(3),
            ] {
                assert_eq!(through(ordered, blocks, items), doubled, "{ordered:?}, blocking: {blocks}");
            }
        }
    }
}

#[test]
fn as_many_items_are_worked_on_as_there_are_workers() {
    for blocks in [false, true] {
        let gauge = Arc::new(Gauge::default());
        let seen = Arc::clone(&gauge);
        run(async move {
            let ((numbers, input), (output, results)) = (channel(), channel());
            let farm = if blocks {
                Farm::new(3).map_blocking(input, output, move |n| {
                    gauge.enter();
                    std::thread::sleep(Duration::from_millis(2));
                    gauge.leave();
                    Ok(n)
                })
            } else {
                Farm::new(3).map(input, output, move |n: u32| {
                    let gauge = Arc::clone(&gauge);
                    async move {
                        gauge.enter();
                        after(Duration::from_millis(2)).await;
                        gauge.leave();
                        Ok(n)
                    }
                })
            };
            par![source(0..30, numbers), farm, sink(results)].await
        })
        .unwrap();
        assert_eq!(seen.most(), 3, "blocking: {blocks}");
    }
}

#[test]
fn while_nobody_receives_an_unordered_farm_holds_one_item_a_worker() {
    assert_eq!(accepted_while_nobody_receives(Farm::new(3)), 3);
}

#[test]
fn while_nobody_receives_an_ordered_farm_holds_no_more_than_its_window() {
    for window in 1..6 {
        let held = accepted_while_nobody_receives(Farm::new(8).ordered_within(window));
        assert_eq!(held, window, "8 workers could hold more");
    }
}

fn accepted_while_nobody_receives(farm: Farm) -> usize {
    let held = run(async move {
        let ((numbers, input), (output, _results)) = (channel(), channel::<u32>());
        let farm = spawn(farm.map(input, output, |n| async move { Ok(n) }));
        let source = spawn(source(0..100, numbers.clone()));
        settle().await;
        let accepted = numbers.inspect().sent;
        source.stop();
        farm.stop();
        Outcome::Ok(accepted)
    });
    usize::try_from(held.unwrap()).unwrap()
}

#[test]
fn a_slow_item_holds_back_a_window_and_not_more() {
    let gauge = Arc::new(Gauge::default());
    let started = Arc::clone(&gauge);
    let outcome = run(async move {
        let ((numbers, input), (output, results), (open, gate)) = (channel(), channel(), channel::<()>());
        let farm = Farm::new(2).ordered_within(5).map(input, output, move |n: u32| {
            let (gauge, gate) = (Arc::clone(&gauge), gate.clone());
            async move {
                gauge.enter();
                if n == 0 {
                    gate.recv().await?;
                }
                Ok(n)
            }
        });
        let opens = async move {
            settle().await;
            assert_eq!(started.total(), 5, "the slow item and the four after it");
            open.send(()).await?;
            Outcome::Ok(())
        };
        par![source(0..100, numbers), farm, sink(results), opens].values().await
    });
    assert_eq!(outcome.unwrap().2, (0..100).collect::<Vec<_>>());
}

#[test]
fn an_item_that_fails_fails_the_farm_and_names_where_it_was_made() {
    for farm in [Farm::new(2), Farm::new(2).ordered()] {
        let failure = run(async move {
            let ((numbers, input), (output, results)) = (channel(), channel());
            let picky = |n: u32| if n == 3 { Err(Failure::new("three is not for me")) } else { Ok(n) };
            par![source(0.., numbers), farm.map_blocking(input, output, picky), sink(results)].await
        })
        .unwrap_err();
        assert_eq!(failure.cause(), "three is not for me");
        let process = failure.process().unwrap();
        assert!(process.contains("`worker`") && process.contains("tests/it/farm.rs"), "{process}");
    }
}

#[test]
fn an_item_that_panics_fails_the_farm() {
    let failure = run(async {
        let ((numbers, input), (output, results)) = (channel(), channel());
        let farm = Farm::new(2).ordered().map(input, output, |n: u32| async move { Ok(12 / (3_u32.abs_diff(n))) });
        par![source(0.., numbers), farm, sink(results)].await
    });
    assert!(failure.unwrap_err().to_string().contains("panicked: attempt to divide by zero"));
}

#[test]
fn an_item_whose_function_ends_by_retirement_is_not_lost_in_silence() {
    let failure = run(async {
        let ((numbers, input), (output, results), (_, nobody)) = (channel(), channel(), channel::<u32>());
        let farm = Farm::new(2).ordered_within(2).map(input, output, move |n: u32| {
            let nobody = nobody.clone();
            async move { if n == 1 { Ok(nobody.recv().await?) } else { Ok(n) } }
        });
        par![source(0.., numbers), farm, sink(results)].await
    });
    assert!(failure.unwrap_err().cause().starts_with("gave up an item: "));
}

#[test]
fn poison_passes_through() {
    for farm in [Farm::new(2), Farm::new(2).ordered()] {
        let outcome = run(async move {
            let ((numbers, input), (output, results)) = (channel::<u32>(), channel());
            let spoils = async move {
                numbers.send(1).await?;
                results.recv().await?;
                numbers.poison("the well is foul");
                results.recv().await?;
                Outcome::Ok(())
            };
            par![spoils, farm.map(input, output, |n| async move { Ok(n) })].await
        });
        let failure = outcome.unwrap_err();
        assert!(failure.is_poisoned() && failure.cause().ends_with("the well is foul"), "{failure}");
    }
}

#[test]
fn a_farm_ends_when_nobody_wants_its_output_though_its_input_is_quiet() {
    for farm in [Farm::new(2), Farm::new(2).ordered()] {
        for blocks in [false, true] {
            let outcome = run(async move {
                let ((numbers, input), (output, results)) = (channel::<u32>(), channel());
                let farm = if blocks {
                    farm.map_blocking(input, output, Ok)
                } else {
                    farm.map(input, output, |n| async move { Ok(n) })
                };
                let farm = spawn(farm);
                numbers.send(1).await?;
                assert_eq!(results.recv().await?, 1);
                results.retire();
                farm.process().ended().await;
                assert!(numbers.send(2).await.is_err(), "nobody takes items any more");
                Outcome::Ok(())
            });
            outcome.unwrap();
        }
    }
}

#[test]
fn a_blocking_farm_leaves_the_async_workers_free() {
    let ticks = run(async {
        let ((numbers, input), (output, results)) = (channel(), channel());
        let sleeper = Farm::new(8).map_blocking(input, output, |n: u32| {
            std::thread::sleep(Duration::from_millis(300));
            Ok(n)
        });
        let sleepers = spawn(async move { par![source(0..8, numbers), sleeper, sink(results)].await });
        let process = sleepers.process();
        let (mut ended, mut ticks) = (std::pin::pin!(process.ended()), 0);
        loop {
            alt! {
                _ = future(&mut ended) => return Outcome::Ok(ticks),
                () = after(Duration::from_millis(10)) => ticks += 1,
            }
        }
    });
    assert!(ticks.unwrap() > 10, "timers run while eight threads are asleep");
}
