//! Nodes that are child processes: started, watched and ended by the node that started them. Those that a scope ends are in
//! `child_process`.
//!
//! The parent makes the child's key, admits it, and hands it over through the child's standard input, which it then
//! keeps open: when the parent is gone, however it went, the pipe closes and the child ends. Nothing secret is in the
//! arguments or the environment. The parent sees at once when the child's process ends, where the network would take
//! its idle timeout to notice.

use crate::error::{NetError, Reason};
use crate::node::Shared;
use crate::peer::Peer;
use crate::publish::check_name;
use crate::{Config, Identity, Node, NodeEvent, NodeId};
use rendez_runtime::{Outcome, Program};
use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::{mpsc, watch};

/// Children that a node may have at one time.
pub const CHILDREN_MAX: usize = 64;
/// The environment variable that tells a process that it is a child node: version, address, id and name.
const VARIABLE: &str = "RENDEZ_CHILD";
/// First word in the variable.
const VERSION: &str = "1";
/// The longest line that is read as a key.
const KEY_LINE_MAX: u64 = 4096;
/// Exit status of a child whose parent is gone.
const ORPHANED: i32 = 3;
/// How long an orphan may take over its exit before it is cut off.
const EXIT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a child may take to end by itself when its parent's node has, and again once its pipe is closed.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// A child node to be started.
#[derive(Clone, Debug)]
pub struct ChildSpec {
    name: String,
    program: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    silent: bool,
}

impl ChildSpec {
    /// This same program again, without arguments, as a node of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), program: None, args: Vec::new(), env: Vec::new(), silent: false }
    }

    /// Another program, whose `main` calls [`child_main`] too.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Arguments for it.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// A variable of its environment, which else is this program's.
    #[must_use]
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Drops its standard output, where otherwise it is this program's.
    #[must_use]
    pub const fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// The same under another name.
    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The program that becomes a child of this node; its standard input is whoever's that starts it.
    pub(crate) fn to_program(&self, parent: &Node) -> Outcome<Program> {
        let program = match &self.program {
            Some(program) => Program::new(program),
            None => Program::this()?,
        };
        let told = format!("{VERSION} {} {:#} {}", reachable(parent.address()), parent.id(), self.name);
        let program = self.env.iter().fold(program, |program, (key, value)| program.env(key, value));
        let program = program.named(&self.name).args(&self.args).env(VARIABLE, told);
        Ok(if self.silent { program.stdout(Stdio::null()) } else { program })
    }
}

impl Node {
    /// Starts a child process that becomes a node, admits it, and watches it, outside of any scope: it belongs to this node, and ends
    /// with it at the latest. It runs when this returns. One that belongs to a scope is [`child`](Self::child).
    ///
    /// The loss of the child is a [`NodeEvent::Lost`] with [`Reason::Exited`], as soon as its process has ended.
    ///
    /// # Errors
    /// The program cannot be started, or there are [`CHILDREN_MAX`] children already.
    ///
    /// # Cancel safety
    /// A dropped call leaves no process behind.
    pub async fn detached(&self, spec: ChildSpec) -> Result<Child, NetError> {
        check_name(&spec.name)?;
        let shared = self.shared();
        let failed = |why: String| NetError::Child { name: spec.name.clone(), why };
        let identity = Identity::generate().map_err(|error| failed(error.to_string()))?;
        let id = identity.id();
        let mut process = start(&spec, self).map_err(|error| failed(error.to_string()))?;
        let mut pipe = process.stdin.take().ok_or_else(|| failed("it has no standard input".to_owned()))?;
        pipe.write_all(identity.to_line().as_bytes()).await.map_err(|error| failed(error.to_string()))?;
        shared.expect_child(id)?;
        let (orders, inbox) = mpsc::channel(1);
        let ended = watch::Sender::new(None);
        let child = Child {
            name: spec.name.clone(),
            id,
            pid: process.id(),
            orders,
            ended: ended.subscribe(),
            node: Arc::clone(shared),
        };
        let watched = Watched { name: spec.name, id, process, pipe: Some(pipe) };
        shared.tasks().spawn(watched.watch(Arc::clone(shared), inbox, ended));
        Ok(child)
    }
}

/// A child node, as its parent sees it. Dropping this leaves the child running under its parent's node.
pub struct Child {
    name: String,
    id: NodeId,
    pid: Option<u32>,
    orders: mpsc::Sender<Order>,
    ended: watch::Receiver<Option<String>>,
    node: Arc<Shared>,
}

impl Child {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// The number of its process.
    #[must_use]
    pub const fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// Waits until the child is connected.
    ///
    /// # Errors
    /// It ends before, or takes longer than `patience`.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn joined(&self, patience: Duration) -> Result<Peer, NetError> {
        let failed = |why: String| NetError::Child { name: self.name.clone(), why };
        tokio::select! {
            peer = self.node.peer_of(self.id) => Ok(peer),
            how = self.ended() => Err(failed(format!("it {how} before it was connected"))),
            () = tokio::time::sleep(patience) => Err(failed(format!("it was not connected within {patience:?}"))),
        }
    }

    /// Waits until its process has ended: how, as in `exited with status 0`.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await.map(|how| how.clone()) {
            Ok(Some(how)) => how,
            _ => "ended with its node".to_owned(),
        }
    }

    /// Ends the child: closes its pipe, on which it ends itself, and kills it if it has not within a second. Its peers'
    /// channels are lost with it, this node says that it has [left](NodeEvent::Left).
    ///
    /// # Cancel safety
    /// A dropped stop has begun.
    pub async fn stop(&self) -> String {
        // A full or closed queue says that it is being ended already.
        let _ = self.orders.try_send(Order::Stop);
        self.ended().await
    }

    /// Kills the child's process, as a test of what happens then. It counts as lost.
    pub fn kill(&self) {
        let _ = self.orders.try_send(Order::Kill);
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Child(`{}`, {}, process {:?})", self.name, self.id, self.pid)
    }
}

enum Order {
    Stop,
    Kill,
}

/// A running child process. Dropping it kills the process.
struct Watched {
    name: String,
    id: NodeId,
    process: tokio::process::Child,
    pipe: Option<ChildStdin>,
}

impl Watched {
    async fn watch(
        mut self,
        node: Arc<Shared>,
        mut orders: mpsc::Receiver<Order>,
        ended: watch::Sender<Option<String>>,
    ) {
        let mut expected = false;
        let status = loop {
            tokio::select! {
                status = self.process.wait() => break status.ok(),
                Some(order) = orders.recv() => match order {
                    Order::Kill => {
                        // An error says that it has ended already.
                        let _ = self.process.start_kill();
                    }
                    Order::Stop => {
                        expected = true;
                        break self.end().await;
                    }
                },
                () = node.closed() => {
                    expected = true;
                    let ends_itself = tokio::time::timeout(END_TIMEOUT, self.process.wait()).await;
                    break match ends_itself {
                        Ok(status) => status.ok(),
                        Err(_) => self.end().await,
                    };
                }
            }
        };
        let how = status.map_or_else(|| "ended in a way that the system does not tell".to_owned(), describe);
        let reason = if expected { Reason::Closed } else { Reason::Exited(how.clone()) };
        let joined = node.forget_child(self.id, &reason);
        if !joined && !expected {
            node.tell(&NodeEvent::Lost { peer: self.id, name: self.name, reason });
        }
        ended.send_replace(Some(how));
    }

    /// Closes the pipe, on which the child ends itself; kills it if it does not.
    async fn end(&mut self) -> Option<ExitStatus> {
        self.pipe = None;
        if let Ok(status) = tokio::time::timeout(END_TIMEOUT, self.process.wait()).await {
            return status.ok();
        }
        let _ = self.process.start_kill();
        self.process.wait().await.ok()
    }
}

/// What a child node was told by its parent.
#[derive(Debug)]
#[non_exhaustive]
pub struct ChildNode {
    /// The name that it is to have.
    pub name: String,
    /// The key that was made for it.
    pub identity: Identity,
    /// Its parent's id.
    pub parent: NodeId,
    /// Where its parent listens.
    pub address: SocketAddr,
}

impl ChildNode {
    /// Becomes the node that the parent wants, connected with it.
    ///
    /// # Errors
    /// As [`Node::bind`] and [`Node::connect`].
    ///
    /// # Cancel safety
    /// A dropped call leaves nothing behind.
    pub async fn join(self) -> Result<(Node, Peer), NetError> {
        let node = Node::bind(Config::new(self.name, self.identity))?;
        let peer = node.connect(self.address, self.parent).await?;
        Ok((node, peer))
    }
}

/// Whether this process was started as a child node: call it first in `main`.
///
/// In a child it reads the key from standard input and starts a thread that ends the process when that closes: when the
/// parent is gone. Do not read standard input in a child.
///
/// ```no_run
/// # async fn work(_: rendez_net::Node, _: rendez_net::Peer) {}
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// if let Some(child) = rendez_net::child_main()? {
///     let (node, parent) = child.join().await?;
///     work(node, parent).await;
///     return Ok(());
/// }
/// // .. what the program does when it is started by hand
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The environment says that this is a child, and the parent's message cannot be read.
pub fn child_main() -> Result<Option<ChildNode>, NetError> {
    let Ok(told) = std::env::var(VARIABLE) else { return Ok(None) };
    let unreadable = || NetError::Child {
        name: told.clone(),
        why: format!("`{VARIABLE}` is set, but no parent node has told this process its key; unset it"),
    };
    let [VERSION, address, parent, name] = told.splitn(4, ' ').collect::<Vec<_>>()[..] else {
        return Err(unreadable());
    };
    let (Ok(address), Ok(parent)) = (address.parse(), parent.parse()) else { return Err(unreadable()) };
    let mut line = String::new();
    std::io::stdin().lock().take(KEY_LINE_MAX).read_line(&mut line).map_err(|_| unreadable())?;
    let identity = Identity::from_line(&line).ok_or_else(unreadable)?;
    let name = name.to_owned();
    std::thread::Builder::new().name("rendez-parent".to_owned()).spawn(end_with_parent).map_err(|_| unreadable())?;
    Ok(Some(ChildNode { name, identity, parent, address }))
}

/// Waits until the parent's end of the pipe is closed, and ends the process.
fn end_with_parent() {
    // Whatever ends this, the parent can no longer be told from one that is gone.
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    // Libraries may hook into an orderly exit, and one that hangs there must not leave an orphan.
    let _ = std::thread::Builder::new().spawn(|| {
        std::thread::sleep(EXIT_TIMEOUT);
        std::process::abort();
    });
    std::process::exit(ORPHANED);
}

fn start(spec: &ChildSpec, parent: &Node) -> Outcome<tokio::process::Child> {
    let mut command = tokio::process::Command::from(Command::from(spec.to_program(parent)?));
    Ok(command.stdin(Stdio::piped()).kill_on_drop(true).spawn()?)
}

/// Where a process on this machine reaches a socket that may be bound to every address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

pub(crate) fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("exited with signal {signal}");
    }
    status.code().map_or_else(|| "exited".to_owned(), |code| format!("exited with status {code}"))
}
