//! Looking at a running node from another program: `ask`, `ps`, `draw`. What goes on for some time is in `record`.

use crate::args::{AskArgs, DrawArgs, Format, PsArgs};
use crate::demo::cluster::INDEX;
use crate::demo::index::{IndexRef, Status};
use crate::door::{Visit, visit};
use crate::inspector::{INSPECTOR, InspectorRef};
use crate::job::Tokeniser;
use rendez::model::{Network, Recording};
use rendez::prelude::*;
use std::io::Write;
use std::path::Path;

/// Asks the index of a running demo.
///
/// # Errors
/// No node runs, it has no such actor, or the file cannot be read.
pub async fn ask(args: AskArgs) -> Outcome {
    let text = args.file.as_deref().map(read).transpose()?;
    let Visit { guest, peer } = visit(args.node.as_deref()).await?;
    let found = peer.actor::<IndexRef>(&args.actor).await;
    let index = found.map_err(|error| if args.actor == INDEX { error.into() } else { only_index(&error) })?;
    let status = index.status().await?;
    let answer = match text {
        None => describe(&status),
        Some(text) => {
            let counts = Tokeniser::new(status.dimension)?.count(&text);
            let near = index.nearest(counts, args.most).await.map_err(Failure::new)?;
            let mut lines = format!("nearest of {} files so far, below {}\n", status.files, status.root);
            near.iter().for_each(|near| lines.push_str(&format!("  {}  {}\n", near.score, near.name)));
            lines
        }
    };
    print(&answer)?;
    guest.shutdown().await;
    Ok(())
}

fn only_index(error: &rendez::net::NetError) -> Failure {
    Failure::new(format_args!("{error}; `rendez ask` can ask the actor `{INDEX}`"))
}

fn describe(status: &Status) -> String {
    let mut text = format!("{} files below {}, {} dimensions\n", status.files, status.root, status.dimension);
    for (name, report) in &status.nodes {
        let megabytes = report.bytes as f64 / 1e6;
        text.push_str(&format!("  {name} reports {} files, {megabytes:.1} MB\n", report.files));
    }
    text
}

/// Lists the processes and channels of a running node.
///
/// # Errors
/// No node runs.
pub async fn ps(args: PsArgs) -> Outcome {
    print(&rendez::diagram::text(&running(args.node.as_deref()).await?))
}

/// Draws a running node, a saved network, or a recording.
///
/// # Errors
/// No node runs, the file is no network, or the output cannot be written.
pub async fn draw(args: DrawArgs) -> Outcome {
    let shown = match &args.file {
        None => Shown::Still(running(args.node.as_deref()).await?),
        Some(file) => Shown::load(file)?,
    };
    let drawn = match shown {
        Shown::Film(recording) if args.at.is_none() && args.format == Format::Svg => rendez::diagram::film(&recording),
        shown => still(&shown.at(args.at), args.format),
    };
    match &args.output {
        None => print(&drawn),
        Some(path) => std::fs::write(path, drawn).map_err(|error| cannot("write", path, &error)),
    }
}

fn still(network: &Network, format: Format) -> String {
    match format {
        Format::Svg => rendez::diagram::svg(network),
        Format::Dot => rendez::diagram::dot(network),
        Format::Mermaid => rendez::diagram::mermaid(network),
        Format::Json => rendez::diagram::json(network),
        Format::Text => rendez::diagram::text(network),
    }
}

/// What there is to draw.
enum Shown {
    Still(Network),
    Film(Recording),
}

impl Shown {
    fn load(file: &Path) -> Outcome<Self> {
        let text = String::from_utf8(read(file)?)?;
        rendez::diagram::from_json(&text).map(Self::Still).or_else(|error| {
            let recording = rendez::diagram::recording_from_json(&text).map(Self::Film);
            recording.map_err(|_| Failure::new(format_args!("{} is no network: {error}", file.display())))
        })
    }

    /// The network at a second of the recording, or at its end.
    fn at(self, second: Option<f64>) -> Network {
        match self {
            Self::Still(network) => network,
            Self::Film(recording) => {
                let end = recording.ends_ms;
                recording.at(second.map_or(end, |second| (second * 1_000.0) as u64))
            }
        }
    }
}

async fn running(name: Option<&str>) -> Outcome<Network> {
    let Visit { guest, peer } = visit(name).await?;
    let network = peer.actor::<InspectorRef>(INSPECTOR).await?.network().await?;
    guest.shutdown().await;
    Ok(network)
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| cannot("read", path, &error))
}

pub(crate) fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format_args!("cannot {what} {}: {error}", path.display()))
}

/// Prints; a reader that has gone away (`| head`) is no failure.
fn print(text: &str) -> Outcome {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
