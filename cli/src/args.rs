//! The command line: what can be asked of `rendez`. Not the doing of it.

use crate::demo::Demo;
use crate::job::reference::Parameters;
use crate::job::{DEFAULT_DIMENSION, DEFAULT_PAIRS, DEFAULT_ROWS, Rules, Score, default_root};
use clap::{Args, Parser, Subcommand, ValueEnum};
use rendez::prelude::*;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Processes that share nothing and talk over typed channels.
#[derive(Debug, Parser)]
#[command(name = "rendez", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Find near-copies among the files of a directory, on three nodes and a device
    Demo(DemoArgs),
    /// Run a node that others can look at
    Node(NodeArgs),
    /// Ask a running node: `rendez ask index FILE` prints the files nearest to FILE
    Ask(AskArgs),
    /// Draw a running network, one that was saved as JSON, or a recording
    Draw(DrawArgs),
    /// Record a running network for some time, to be drawn as a moving picture
    Record(RecordArgs),
    /// List the processes and channels of a running network
    Ps(PsArgs),
}

/// Options of `rendez demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The directory to search [default: the sources in the cargo registry]
    pub dir: Option<PathBuf>,
    /// The device that compares: auto, cpu, vulkan, or a part of a device's name
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// From which similarity on files are near-copies, from 0 to 1
    #[arg(long, default_value_t = 0.8)]
    pub threshold: f64,
    /// How many of the best pairs to keep
    #[arg(long, default_value_t = DEFAULT_PAIRS)]
    pub pairs: usize,
    /// Rows in each table
    #[arg(long, default_value_t = DEFAULT_ROWS)]
    pub rows: usize,
    /// Dimensions that terms are hashed into
    #[arg(long, default_value_t = DEFAULT_DIMENSION)]
    pub dimension: usize,
    /// Leave out longer files, in bytes
    #[arg(long, default_value_t = 4 << 20)]
    pub longest: u64,
    /// Search no more files than this
    #[arg(long)]
    pub files: Option<u32>,
    /// Compare licence texts, lock files and the like too
    #[arg(long)]
    pub boilerplate: bool,
    /// Child processes that count along
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=16))]
    pub children: u8,
    /// Workers that count in this process
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub workers: u8,
    /// Where to listen for the other nodes
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Where to write the picture
    #[arg(long, default_value = "demo.svg")]
    pub svg: PathBuf,
    /// Plant a deadlock in a small run, and see it named
    #[arg(long = "break")]
    pub break_it: bool,
}

/// Options of `rendez node`.
#[derive(Args, Debug)]
pub struct NodeArgs {
    /// The node's name
    #[arg(default_value = "node")]
    pub name: String,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The file with the node's key; made if there is none [default: a fresh key each time]
    #[arg(long)]
    pub key: Option<PathBuf>,
    /// The id of a node that may connect; may be given several times
    #[arg(long)]
    pub admit: Vec<String>,
    /// Connect to a node, as `ADDRESS,ID`; may be given several times
    #[arg(long)]
    pub connect: Vec<String>,
}

/// Options of `rendez ask`.
#[derive(Args, Debug)]
pub struct AskArgs {
    /// The actor: `index`
    pub actor: String,
    /// A file to find the nearest to; without one, what the index knows is printed
    pub file: Option<PathBuf>,
    /// How many files to print
    #[arg(long, default_value_t = 10)]
    pub most: u32,
    /// The node to ask [default: the one started last]
    #[arg(long)]
    pub node: Option<String>,
}

/// Options of `rendez draw`.
#[derive(Args, Debug)]
pub struct DrawArgs {
    /// A network saved as JSON, or a recording [default: the running network]
    pub file: Option<PathBuf>,
    /// The second of a recording to draw [default: all of it as a moving picture; in other formats, its end]
    #[arg(long, value_parser = seconds)]
    pub at: Option<f64>,
    /// Where to write [default: standard output]
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    pub format: Format,
    /// The node to draw [default: the one started last]
    #[arg(long)]
    pub node: Option<String>,
}

/// Options of `rendez record`.
#[derive(Args, Debug)]
pub struct RecordArgs {
    /// Where to write the recording
    #[arg(default_value = "recording.json")]
    pub output: PathBuf,
    /// For how long; ctrl-c ends it earlier
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,
    /// How often to look, in milliseconds
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub every_ms: u64,
    /// The node to record [default: the one started last]
    #[arg(long)]
    pub node: Option<String>,
}

/// A number of seconds up to a day.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("give a number of seconds, from 0 to 86400".to_owned()),
    }
}

/// Options of `rendez ps`.
#[derive(Args, Debug)]
pub struct PsArgs {
    /// The node to list [default: the one started last]
    #[arg(long)]
    pub node: Option<String>,
}

/// Forms of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A drawing for a browser
    Svg,
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
    /// Data, to be drawn again
    Json,
    /// For a terminal
    Text,
}

/// How many files the small run of `--break` searches.
const BREAK_FILES: u32 = 500;

impl DemoArgs {
    /// What is asked for, with the defaults that depend on this machine.
    ///
    /// # Errors
    /// A parameter out of its range, or no directory where none was named.
    pub fn into_demo(self) -> Outcome<Demo> {
        if !(0.0..=1.0).contains(&self.threshold) {
            return Err(Failure::new(format_args!("a threshold is from 0 to 1, not {}", self.threshold)));
        }
        let root = self.dir.map_or_else(default_root, Ok)?;
        let mut rules = Rules { longest: self.longest, with_boilerplate: self.boilerplate, ..Rules::default() };
        rules.most_files = self.files.unwrap_or(if self.break_it { BREAK_FILES } else { rules.most_files });
        let threshold = Score::rounded(self.threshold);
        let parameters = Parameters { rules, dimension: self.dimension, threshold, pairs: self.pairs };
        Ok(Demo {
            root,
            parameters,
            rows: self.rows,
            device: self.device.parse().unwrap_or_else(|never: Infallible| match never {}),
            children: usize::from(self.children),
            workers: usize::from(self.workers),
            listen: self.listen,
            picture: self.svg,
            break_it: self.break_it,
        })
    }
}
