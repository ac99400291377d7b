//! The laws of the toolkit's processes, each on streams of several lengths, and how all of them end.

use rendez_channels::{Ended, Receiver, Sender, after, channel, channel_bounded};
use rendez_runtime::toolkit::*;
use rendez_runtime::{Failure, Outcome, Process, blocking, par, run, spawn};
use std::ops::Range;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Streams that a law has to hold for.
fn streams() -> impl Iterator<Item = Vec<u64>> {
    [0, 1, 2, 3, 8, 33].into_iter().map(|length| (0..length).map(|n| n * n % 19).collect())
}

/// What comes out when `values` go into a network with one input and one output.
fn through<A, B, N>(values: Vec<A>, network: N) -> Vec<B>
where
    A: Send + 'static,
    B: Send + 'static,
    N: FnOnce(Receiver<A>, Sender<B>) -> Vec<Process> + Send + 'static,
{
    let outcome = run(async move {
        let ((in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
        let feed = spawn(source(values, in_tx));
        let all = spawn(collect(out_rx));
        par(network(in_rx, out_tx)).await?;
        feed.join().await.or_else(|failure| if failure.is_retired() { Ok(()) } else { Err(failure) })?;
        all.join().await
    });
    outcome.unwrap()
}

/// Two processes one behind the other.
fn then<A: Send + 'static>(
    first: impl FnOnce(Receiver<A>, Sender<A>) -> Process + Send + 'static,
    second: impl FnOnce(Receiver<A>, Sender<A>) -> Process + Send + 'static,
) -> impl FnOnce(Receiver<A>, Sender<A>) -> Vec<Process> + Send + 'static {
    move |input, output| {
        let (tx, rx) = channel();
        vec![first(input, tx), second(rx, output)]
    }
}

#[test]
fn identity_preserves_and_so_does_prefix_then_tail() {
    for values in streams() {
        assert_eq!(through(values.clone(), |i, o| vec![identity(i, o)]), values);
        assert_eq!(through(values.clone(), then(|i, o| prefix(99, i, o), tail)), values);
    }
}

#[test]
fn prefix_puts_one_before_and_tail_takes_one_off() {
    assert_eq!(through(vec![1, 2], |i, o| vec![prefix(0, i, o)]), [0, 1, 2]);
    assert_eq!(through(vec![0, 1, 2], |i, o| vec![tail(i, o)]), [1, 2]);
}

#[test]
fn successor_is_a_map_and_maps_compose() {
    for values in streams() {
        let successors: Vec<_> = values.iter().map(|n| n + 1).collect();
        assert_eq!(through(values.clone(), |i, o| vec![successor(i, o)]), successors);
        assert_eq!(through(values.clone(), |i, o| vec![map(|n| n + 1, i, o)]), successors);
        let composed: Vec<_> = values.iter().map(|n| (n + 3) * 2).collect();
        assert_eq!(through(values, then(|i, o| map(|n| n + 3, i, o), |i, o| map(|n| n * 2, i, o))), composed);
    }
}

#[test]
fn keep_drops_the_others_and_keeping_twice_changes_nothing() {
    let even = |n: &u64| n.is_multiple_of(2);
    for values in streams() {
        let kept: Vec<_> = values.iter().copied().filter(even).collect();
        assert_eq!(through(values.clone(), move |i, o| vec![keep(even, i, o)]), kept);
        assert_eq!(through(values, then(move |i, o| keep(even, i, o), move |i, o| keep(even, i, o))), kept);
    }
}

#[test]
fn pairs_is_plus_of_a_stream_and_its_tail() {
    for values in streams() {
        let sums: Vec<_> = values.windows(2).map(|two| two[0] + two[1]).collect();
        assert_eq!(through(values.clone(), |i, o| vec![pairs(i, o)]), sums);
        let network = |input, output| {
            let ((a_tx, a_rx), (b_tx, b_rx), (c_tx, c_rx)) = (channel(), channel(), channel());
            vec![delta(input, vec![a_tx, b_tx]), tail(b_rx, c_tx), plus(a_rx, c_rx, output)]
        };
        assert_eq!(through(values, network), sums);
    }
}

#[test]
fn unzip_then_zip_is_identity_and_zip_of_demuxed_gives_the_values_by_twos() {
    for values in streams() {
        let tagged: Vec<_> = values.iter().map(|&n| (n, n.to_string())).collect();
        let network = |input, output| {
            let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
            vec![unzip(input, a_tx, b_tx), zip(a_rx, b_rx, output)]
        };
        assert_eq!(through(tagged.clone(), network), tagged);
        let by_twos: Vec<_> = values.chunks_exact(2).map(|two| (two[0], two[1])).collect();
        let network = |input, output| {
            let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
            vec![demux(input, vec![a_tx, b_tx]), zip(a_rx, b_rx, output)]
        };
        assert_eq!(through(values, network), by_twos);
    }
}

#[test]
fn delta_gives_all_to_each_in_whatever_order_they_take_it() {
    let outcome = run(async {
        let ((in_tx, in_rx), (a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel(), channel());
        let feed = spawn(source(0..20, in_tx));
        let split = spawn(delta(in_rx, vec![a_tx, b_tx]));
        for n in 0..20 {
            // Now one side first, now the other: each takes its value though the other has not yet.
            let (first, second) = if n % 2 == 0 { (&a_rx, &b_rx) } else { (&b_rx, &a_rx) };
            assert_eq!((first.recv().await?, second.recv().await?), (n, n));
        }
        feed.join().await?;
        split.join().await
    });
    outcome.unwrap();
}

#[test]
fn merge_of_sorted_streams_is_sorted_and_has_all_of_both() {
    for (left, right) in [(0..0, 0..3), (0..4, 0..0), (0..5, 3..9), (7..9, 0..3), (0..1, 0..1)] {
        let mut expected: Vec<_> = left.clone().chain(right.clone()).collect();
        expected.sort_unstable();
        let merged = run(async {
            let ((l_tx, l_rx), (r_tx, r_rx), (tx, rx)) = (channel(), channel(), channel());
            par![source(left, l_tx), source(right, r_tx), merge(l_rx, r_rx, tx), collect(rx)].values().await
        });
        assert_eq!(merged.unwrap().3, expected);
    }
}

#[test]
fn mux_keeps_the_order_of_each_input_and_passes_over_none_that_stays_ready() {
    const INPUTS: usize = 5;
    const EACH: usize = 40;
    let muxed: Vec<(usize, usize)> = run(async {
        let (mut inputs, (tx, rx)) = (vec![], channel());
        for number in 0..INPUTS {
            // All is there from the start, so that all stay ready.
            let (full, input) = channel_bounded(EACH);
            (0..EACH).for_each(|n| full.try_send((number, n)).unwrap());
            inputs.push(input);
        }
        par![mux(inputs, tx), collect(rx)].values().await
    })
    .unwrap()
    .1;
    for number in 0..INPUTS {
        let of_one: Vec<_> = muxed.iter().filter(|(of, _)| *of == number).map(|(_, n)| *n).collect();
        assert_eq!(of_one, (0..EACH).collect::<Vec<_>>());
    }
    for round in muxed.chunks(INPUTS) {
        let mut served: Vec<_> = round.iter().map(|(of, _)| *of).collect();
        served.sort_unstable();
        assert_eq!(served, (0..INPUTS).collect::<Vec<_>>(), "each once in a round");
    }
}

#[test]
fn the_sieve_sends_the_primes() {
    let primes = through((2..60).collect(), |i, o| vec![sieve(i, o)]);
    assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]);
}

#[test]
fn a_sampler_sends_the_latest_at_each_tick() {
    let outcome = run(async {
        let ((in_tx, in_rx), (tick, ticks), (out_tx, out_rx)) = (channel(), channel(), channel_bounded(8));
        let sampling = spawn(sampler(in_rx, ticks, out_tx));
        tick.send(()).await?;
        in_tx.send('a').await?;
        in_tx.send('b').await?;
        tick.send(()).await?;
        tick.send(()).await?;
        in_tx.send('c').await?;
        tick.send(()).await?;
        in_tx.retire();
        sampling.join().await?;
        assert!(tick.try_send(()).is_err(), "it has ended");
        let mut seen = vec![];
        while let Some(value) = out_rx.next().await? {
            seen.push(value);
        }
        Outcome::Ok(seen)
    });
    assert_eq!(outcome.unwrap(), ['b', 'b', 'c']);
}

#[tokio::test(start_paused = true)]
async fn a_ticker_keeps_time_leaves_out_what_nobody_took_and_ends_with_its_receiver() {
    let period = Duration::from_secs(1);
    let (tx, rx) = channel();
    let ticking = spawn(ticker(period, tx));
    let start = tokio::time::Instant::now();
    for n in 1..=3 {
        assert_eq!(rx.recv().await, Ok(n));
        assert_eq!(start.elapsed().as_secs(), n);
    }
    after(Duration::from_millis(3500)).await;
    assert_eq!(rx.recv().await, Ok(4), "it was due and waited to be taken");
    assert_eq!(rx.recv().await, Ok(7), "5 and 6 were left out");
    assert_eq!(start.elapsed().as_secs(), 7);
    drop(rx);
    let before = tokio::time::Instant::now();
    assert!(ticking.join().await.unwrap_err().is_retired());
    assert!(before.elapsed() < period, "it does not wait for the next tick");
}

#[tokio::test(start_paused = true)]
async fn a_ticker_whose_period_is_too_long_for_the_clock_never_ticks_and_ends_with_its_receiver() {
    let (tx, rx) = channel();
    let ticking = spawn(ticker(Duration::MAX, tx));
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    assert!(tokio::time::timeout(year, rx.recv()).await.is_err());
    drop(rx);
    assert!(ticking.join().await.unwrap_err().is_retired());
}

/// A file of this test's own, gone when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("rendez-toolkit-{}-{name}", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_reader_into_a_writer_copies_a_file() {
    let (from, to) = (Scratch::new("from"), Scratch::new("to"));
    let text: String = (0..500).map(|n| format!("line {n} äöü\n")).collect();
    std::fs::write(&from.0, &text).unwrap();
    let (from_path, to_path) = (from.0.clone(), to.0.clone());
    run(async {
        let (tx, rx) = channel();
        par![file_reader(from_path, tx), file_writer(to_path, rx)].await
    })
    .unwrap();
    assert_eq!(std::fs::read_to_string(&to.0).unwrap(), text);
}

#[test]
fn a_file_that_is_not_there_is_a_failure_that_names_it_and_not_an_end_of_work() {
    let missing = Scratch::new("missing");
    let (path, named) = (missing.0.clone(), missing.0.display().to_string());
    let failure = run(async {
        let (tx, rx) = channel();
        par![file_reader(path, tx), sink(rx)].await
    });
    assert!(failure.unwrap_err().to_string().contains(&named));
}

/// A program that works on lines, with its arguments.
#[cfg(unix)]
fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command
}

#[cfg(unix)]
#[test]
fn a_subprocess_of_cat_is_identity_and_of_sort_sorts() {
    let lines: Vec<_> = (0..300).rev().map(|n| format!("{n:03}")).collect();
    assert_eq!(through(lines.clone(), |i, o| vec![subprocess(program("cat", &[]), i, o)]), lines);
    let mut sorted = lines.clone();
    sorted.sort();
    assert_eq!(through(lines, |i, o| vec![subprocess(program("sort", &[]), i, o)]), sorted);
}

#[cfg(unix)]
#[test]
fn a_subprocess_that_stops_reading_ends_what_feeds_it() {
    let endless = run(async {
        let ((in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
        let lines = (0..).map(|n: u64| n.to_string());
        let feed = spawn(source(lines, in_tx));
        let head = spawn(subprocess(program("head", &["-n", "2"]), in_rx, out_tx));
        let first = spawn(collect(out_rx)).join().await?;
        head.join().await?;
        assert!(feed.join().await.unwrap_err().is_retired());
        Outcome::Ok(first)
    });
    assert_eq!(endless.unwrap(), ["0", "1"]);
}

/// Whether a program of the system runs: it is there, and not only remembered for its status.
#[cfg(target_os = "linux")]
fn runs(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|state| !state.is_empty() && !state.starts_with('Z'))
}

#[cfg(target_os = "linux")]
#[test]
fn a_subprocess_is_killed_when_nobody_receives_or_its_scope_ends_it() {
    for by_scope in [false, true] {
        run(async move {
            let ((_in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
            let silent = spawn(subprocess(program("sh", &["-c", "echo $$; exec sleep 1000"]), in_rx, out_tx));
            let id = out_rx.recv().await?;
            assert!(runs(&id));
            if by_scope {
                silent.stop();
                assert!(silent.join().await.unwrap_err().is_cancelled());
            } else {
                drop(out_rx);
                assert!(silent.join().await.unwrap_err().is_retired());
            }
            let gone = async {
                while runs(&id) {
                    after(Duration::from_millis(2)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it is killed");
            Outcome::Ok(())
        })
        .unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_subprocess_that_fails_names_its_program() {
    for (name, what) in [("false", "ended with exit status: 1"), ("/no/such/program", "No such file")] {
        let failure = run(async move {
            let ((_in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
            par![subprocess(program(name, &[]), in_rx, out_tx), sink(out_rx)].await
        });
        let text = failure.unwrap_err().to_string();
        assert!(text.contains(&format!("`{name}`")) && text.contains(what), "{text}");
    }
}

#[test]
fn unlines_then_lines_is_identity_whatever_the_pieces_are() {
    let texts: [&[&str]; 5] = [&[], &[""], &["", "", "x"], &["one", "", "zwei äöü", "\r in the middle"], &["no end"]];
    for text in texts {
        let text: Vec<_> = text.iter().map(|line| (*line).to_owned()).collect();
        for size in [1, 2, 3, 100] {
            let network = move |input, output| {
                let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
                vec![unlines(input, a_tx), rechunk(size, a_rx, b_tx), lines(b_rx, output)]
            };
            assert_eq!(through(text.clone(), network), text);
        }
    }
    let last: Vec<String> = through(vec![b"a\r\nb".to_vec()], |i, o| vec![lines(i, o)]);
    assert_eq!(last, ["a", "b"]);
}

/// The same bytes in pieces of this size.
fn rechunk(size: usize, input: Receiver<Vec<u8>>, output: Sender<Vec<u8>>) -> Process {
    Process::new("rechunk", async move {
        let mut all = Vec::new();
        while let Some(piece) = input.next().await? {
            all.extend(piece);
        }
        for piece in all.chunks(size) {
            output.send(piece.to_vec()).await?;
        }
        Outcome::Ok(())
    })
}

#[test]
fn a_line_that_is_too_long_or_no_text_is_named_by_its_number() {
    let longest = [vec![b'x'; LINE_MAX], b"\n".to_vec()].concat();
    let lengths: Vec<usize> = through(vec![longest], |i, o| {
        let (tx, rx) = channel();
        vec![lines(i, tx), map(|line: String| line.len(), rx, o)]
    });
    assert_eq!(lengths, [LINE_MAX], "it may be so long");
    let too_long = vec![b"first\n".to_vec(), vec![b'x'; LINE_MAX / 2], vec![b'x'; LINE_MAX / 2], b"x".to_vec()];
    let no_text = vec![b"first\nsecond \xff\n".to_vec()];
    for (pieces, what) in [(too_long, "line 2 has more than 65536 bytes"), (no_text, "line 2 is no UTF-8")] {
        let failure = run(async {
            let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
            par![source(pieces, a_tx), lines(a_rx, b_tx), sink(b_rx)].await
        });
        let text = failure.unwrap_err().to_string();
        assert!(text.contains(what), "{text}");
    }
}

/// Sends this program a signal, and waits until it has it.
#[cfg(unix)]
fn raise(signal: &str) {
    let id = std::process::id().to_string();
    assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
}

/// Has `kinds` listened to, from when this returns.
#[cfg(unix)]
async fn listening(kinds: Vec<Signal>, output: Sender<Signal>) -> rendez_runtime::Spawned<()> {
    let listening = spawn(signals(kinds, output));
    // It waits for nothing before it listens.
    while !matches!(listening.process().inspect().state, rendez_model::State::Waiting) {
        tokio::task::yield_now().await;
    }
    listening
}

#[cfg(unix)]
#[test]
fn signals_come_by_kind_and_those_that_nobody_takes_in_time_are_one() {
    run(async {
        let (tx, rx) = channel();
        let listening = listening(vec![Signal::User1, Signal::User2, Signal::User1], tx).await;
        for signal in [Signal::User2, Signal::User1, Signal::User1] {
            raise(&signal.name()[3..]);
            assert_eq!(rx.recv().await?, signal);
        }
        // One is being sent, one of each kind waits, and the last of each may come late.
        (0..10).for_each(|_| ["USR1", "USR2"].into_iter().for_each(raise));
        let mut got = vec![];
        while let Ok(signal) = tokio::time::timeout(Duration::from_millis(300), rx.recv()).await {
            got.push(signal?);
        }
        assert!(got.contains(&Signal::User1) && got.contains(&Signal::User2) && got.len() <= 5, "{got:?}");
        drop(rx);
        assert!(listening.join().await.unwrap_err().is_retired(), "nobody receives any more");
        Outcome::Ok(())
    })
    .unwrap();
}

type Stage = (&'static str, fn(Receiver<u64>, Sender<u64>) -> Process);

/// Every process of the toolkit as one with one input and one output.
fn stages() -> Vec<Stage> {
    vec![
        ("identity", identity),
        ("map", |i, o| map(|n| n, i, o)),
        ("keep", |i, o| keep(|_| true, i, o)),
        ("prefix", |i, o| prefix(0, i, o)),
        ("tail", tail),
        ("successor", successor),
        ("pairs", pairs),
        ("not_multiple_of", |i, o| not_multiple_of(7, i, o)),
        ("sieve", sieve),
        ("plus", |i, o| {
            let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
            Process::new("plus", async move { par![delta(i, vec![a_tx, b_tx]), plus(a_rx, b_rx, o)].await })
        }),
        ("zip", |i, o| {
            let ((a_tx, a_rx), (b_tx, b_rx), (c_tx, c_rx)) = (channel(), channel(), channel());
            Process::new("zip", async move {
                par![delta(i, vec![a_tx, b_tx]), zip(a_rx, b_rx, c_tx), map(|(_, n)| n, c_rx, o)].await
            })
        }),
        ("mux", |i, o| mux(vec![i], o)),
        ("sampler", |i, o| {
            let (tick, ticks) = channel();
            Process::new(
                "sampler",
                async move { par![ticker(Duration::from_secs(60), tick), sampler(i, ticks, o)].await },
            )
        }),
        ("delta", |i, o| delta(i, vec![o])),
        ("demux", |i, o| demux(i, vec![o])),
        ("unzip", |i, o| {
            let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
            Process::new("unzip", async move { par![map(|n| (n, n), i, a_tx), unzip(a_rx, o, b_tx), sink(b_rx)].await })
        }),
        ("merge", |i, o| {
            let (tx, rx) = channel();
            drop(tx);
            merge(rx, i, o)
        }),
    ]
}

#[test]
fn all_end_when_their_input_ends() {
    for (name, stage) in stages() {
        let outcome = run(async move {
            let ((in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
            let staged = spawn(stage(in_rx, out_tx));
            let all = spawn(collect(out_rx));
            for n in [2, 3] {
                in_tx.send(n).await?;
            }
            in_tx.retire();
            staged.join().await?;
            all.join().await
        });
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
}

#[test]
fn all_pass_poison_on_with_its_origin() {
    for (name, stage) in stages() {
        run(async move {
            let ((in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
            let staged = spawn(stage(in_rx, out_tx));
            in_tx.set_name("spring");
            in_tx.poison("the well is bad");
            let ended = loop {
                match out_rx.recv().await {
                    Ok(_) => {}
                    Err(ended) => break ended,
                }
            };
            let Ended::Poisoned(poison) = ended else { panic!("{name}: {ended}") };
            assert_eq!((poison.channel.as_str(), poison.cause.as_str()), ("spring", "the well is bad"), "{name}");
            assert!(staged.join().await.unwrap_err().is_poisoned(), "{name}");
        })
        .unwrap();
    }
}

#[test]
fn all_end_when_nobody_receives_any_more() {
    for (name, stage) in stages() {
        if name == "sampler" {
            continue; // It has nothing to send until a tick comes.
        }
        let outcome = run(async move {
            let ((in_tx, in_rx), (out_tx, out_rx)) = (channel(), channel());
            let staged = spawn(stage(in_rx, out_tx));
            drop(out_rx);
            let ended = loop {
                if let Err(error) = in_tx.send(5).await {
                    break error.into_cause();
                }
            };
            let _ = staged.join().await;
            Outcome::Ok(ended)
        });
        assert!(outcome.unwrap().is_retired(), "{name}");
    }
}

#[test]
fn a_blocking_source_and_the_toolkit_work_together() {
    let numbers: Range<u64> = 0..10;
    let sum = run(async {
        let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
        let counting = blocking("counting", move || {
            for n in numbers {
                a_tx.send_blocking(n)?;
            }
            Ok::<_, Failure>(())
        });
        par![counting, successor(a_rx, b_tx), collect(b_rx)].values().await
    });
    assert_eq!(sum.unwrap().2, (1..=10).collect::<Vec<_>>());
}
