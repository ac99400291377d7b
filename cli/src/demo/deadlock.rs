//! The deadlock that `--break` plants: two workers that wait for each other's ends, beside a job that goes on.

use crate::demo::printer::Line;
use rendez::Spawned;
use rendez::prelude::*;
use std::time::Duration;

/// How long the runtime may take to name it; it promises a second.
const PATIENCE: Duration = Duration::from_secs(3);

/// A planted deadlock.
pub struct Planted {
    workers: Vec<ProcessRef>,
    told: Spawned<Vec<String>>,
}

/// Sends what it has and then receives: two of these, crossed, wait for each other for ever.
#[process]
async fn stubborn(output: Sender<&'static str>, input: Receiver<&'static str>) -> Outcome {
    output.send("after you").await?;
    input.recv().await?;
    Ok(())
}

/// Plants it, and prints what the runtime says of it.
#[must_use]
pub fn plant(lines: Sender<Line>) -> Planted {
    let reports = rendez::deadlocks();
    let (to_right, from_left) = channel_named("to-right", ChannelKind::Rendezvous);
    let (to_left, from_right) = channel_named("to-left", ChannelKind::Rendezvous);
    let left = spawn(stubborn(to_right, from_right).named("left")).process();
    let right = spawn(stubborn(to_left, from_left).named("right")).process();
    let told = spawn(listener(reports, lines));
    Planted { workers: vec![left, right], told }
}

#[process]
async fn listener(reports: Receiver<rendez::Deadlock>, lines: Sender<Line>) -> Outcome<Vec<String>> {
    alt! {
        report = reports.recv() => {
            let sentence = report?.cycle.sentence;
            lines.send(Line::Notice(sentence.clone())).await?;
            Ok(vec![sentence])
        },
        _ = after(PATIENCE) => Ok(Vec::new()),
    }
}

impl Planted {
    /// What the runtime has said. The workers still wait: they are in the picture.
    pub async fn told(self) -> (Vec<String>, Vec<ProcessRef>) {
        (self.told.join().await.unwrap_or_default(), self.workers)
    }
}
