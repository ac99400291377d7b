//! A long run of the fuzz bodies, for `cargo xtask deep`: `cargo bench --bench fuzz -- ROUNDS`. Not a coverage-guided
//! fuzzer, which is in `fuzz/`: the round's number alone decides the input, so that a failing round can be repeated.

use rendez::net::proto::fuzz::{channel_stream, control_stream};
use rendez::wire::encode;
use rendez::wire::fuzz::{Anything, decoding, framing, mutate};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Instant;

const ROUNDS: u64 = 100_000;

fn main() -> ExitCode {
    let rounds = std::env::args().skip(1).find(|argument| argument != "--bench").map_or(Ok(ROUNDS), |a| a.parse());
    let Ok(rounds) = rounds else {
        eprintln!("error: the number of rounds is a number: cargo bench --bench fuzz -- {ROUNDS}");
        return ExitCode::from(2);
    };
    println!("bench,contender,ops,seconds,ns_per_op");
    run("decoding", &values(), rounds, decoding);
    run("framing", &frames(), rounds, framing);
    run("control_stream", &frames(), rounds, control_stream);
    run("channel_stream", &frames(), rounds, channel_stream);
    ExitCode::SUCCESS
}

fn run(name: &str, corpus: &[Vec<u8>], rounds: u64, body: fn(&[u8])) {
    let start = Instant::now();
    mutate(corpus, rounds, body);
    let seconds = start.elapsed().as_secs_f64();
    println!("fuzz,{name},{rounds},{seconds:.3},{:.1}", seconds * 1e9 / rounds as f64);
}

fn values() -> Vec<Vec<u8>> {
    let text = Anything::Text { text: "text".to_owned(), bytes: vec![1, 2, 3] };
    let plain = BTreeMap::from([(7, Anything::Plain(true, -1, u64::MAX, i128::MIN, 'ä'))]);
    let many = Anything::Many(vec![text.clone(), Anything::Unit], plain, BTreeSet::from([None, Some(3)]));
    let all = [Anything::Boxed(Box::new(many.clone())), Anything::Empty(vec![(); 9]), text, many];
    all.iter().map(|value| encode(value).expect("a value of ours encodes")).collect()
}

/// Streams of frames; the body of each begins with another tag and goes on with small numbers and a short text.
fn frames() -> Vec<Vec<u8>> {
    let frame = |tag: u8| [5, 0, 0, 0, tag, 1, 2, 1, b'a'];
    vec![(0..8).flat_map(frame).collect(), vec![], vec![0xff; 9]]
}
