//! A live run is recorded and replayed.

use rendez_channels::channel;
use rendez_model::{End, Recording, State};
use rendez_runtime::{Outcome, Process, par, record, run};
use std::time::Duration;

/// What a process was seen doing, in order, each state once.
fn life(recording: &Recording, name: &str) -> Vec<State> {
    let mut states = Vec::new();
    for at in recording.moments() {
        let network = recording.at(at);
        let process = network.nodes[0].processes.iter().find(|process| process.name == name);
        let Some(state) = process.map(|process| process.state.clone()) else { continue };
        let state = if let State::Blocked { on, .. } = state { State::Blocked { on, for_ms: 0 } } else { state };
        if states.last() != Some(&state) {
            states.push(state);
        }
    }
    states
}

#[test]
fn a_process_is_seen_to_wait_and_to_end() {
    let recording = run(async {
        let tape = record(Duration::from_millis(1));
        let (tx, rx) = channel::<u8>();
        let late = Process::new("late giver", async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Outcome::Ok(tx.send(1).await?)
        });
        let early = Process::new("early taker", async move { Outcome::Ok(rx.recv().await.map(drop)?) });
        par![late, early].await?;
        Outcome::Ok(tape.stop())
    });
    let recording = recording.unwrap();
    let life = life(&recording, "early taker");
    let waited = life.iter().position(|state| matches!(state, State::Blocked { on, .. } if on.len() == 1));
    let ended = life.iter().position(|state| *state == State::Done(End::Normal));
    assert!(waited.is_some() && waited < ended, "{life:?}");
    assert!(recording.ends_ms >= 100, "{}", recording.ends_ms);
}
