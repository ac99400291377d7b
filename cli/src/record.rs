//! `rendez record`: looks at a running node again and again, and writes down what changes. How it is drawn is in `look`.

use crate::args::RecordArgs;
use crate::door::{Visit, visit};
use crate::inspector::{INSPECTOR, InspectorRef};
use crate::look::cannot;
use rendez::model::Recorder;
use rendez::prelude::*;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Records a running node for some time, until ctrl-c, or until it ends; what there is then is written.
///
/// # Errors
/// No node runs, or the output cannot be written.
pub async fn record(args: RecordArgs) -> Outcome {
    let Visit { guest, peer } = visit(args.node.as_deref()).await?;
    let inspector = peer.actor::<InspectorRef>(INSPECTOR).await?;
    let begun = Instant::now();
    let mut recorder = Recorder::new(inspector.network().await?);
    let mut over = std::pin::pin!(after(Duration::from_secs_f64(args.seconds)));
    let mut interrupt = std::pin::pin!(ctrl_c());
    let ended = loop {
        let next = at(begun + Duration::from_millis(recorder.so_far().ends_ms + args.every_ms));
        alt! {
            _ = over.as_mut() => break None,
            pressed = interrupt.as_mut() => break pressed.err().map(|error| error.to_string()),
            _ = next => match inspector.network().await {
                Ok(network) => recorder.note(elapsed_ms(begun), network),
                Err(error) => break Some(format!("the node can be seen no more: {error}")),
            },
        }
        tell(&recorder);
    };
    let recording = recorder.finish();
    let text = rendez::diagram::recording_json(&recording);
    std::fs::write(&args.output, text).map_err(|error| cannot("write", &args.output, &error))?;
    if let Some(why) = ended {
        eprintln!("{why}");
    }
    let seconds = (recording.ends_ms - recording.begins_ms) as f64 / 1e3;
    let (file, changes) = (args.output.display(), recording.changes.len());
    println!("{file}: {seconds:.1} s, {changes} changes; `rendez draw {file} -o film.svg` makes a moving picture");
    guest.shutdown().await;
    Ok(())
}

fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// How far it is, where somebody looks.
fn tell(recorder: &Recorder) {
    if std::io::stderr().is_terminal() {
        let recording = recorder.so_far();
        eprint!("\r{:.1} s, {} changes ", recording.ends_ms as f64 / 1e3, recording.changes.len());
    }
}
