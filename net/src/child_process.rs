//! A child node as a process of the tree: started and ended with its scope. One that belongs to its node instead is in `child`.

use crate::child::{ChildSpec, describe};
use crate::error::{NetError, Reason};
use crate::node::Shared;
use crate::publish::check_name;
use crate::{Identity, Node, NodeEvent, NodeId, Peer};
use rendez_runtime::{Failure, Outcome, Process, is_stop_requested};
use std::io::{PipeWriter, Write as _};
use std::process::ExitStatus;
use std::sync::Arc;
use tokio::sync::oneshot;

impl Node {
    /// A child node as a process, and the id that it will have: it runs in the scope that it is spawned into, as a
    /// [`Program`] does, and is admitted from now on until it has ended.
    ///
    /// An end with another status than 0 that nobody has requested is its failure, and a [`NodeEvent::Lost`] with
    /// [`Reason::Exited`]; of an end that its scope or a request has brought about the event is [`NodeEvent::Left`]. It does
    /// not outlive this node, nor this program. Below a supervisor each incarnation is another node, of another id.
    ///
    /// ```no_run
    /// # async fn begin(node: rendez_net::Node) -> rendez_runtime::Outcome {
    /// use rendez_net::ChildSpec;
    ///
    /// let (id, worker) = node.child(ChildSpec::new("worker"))?;
    /// let worker = rendez_runtime::spawn(worker);
    /// let jobs = node.joined(id).await.sender::<u64>("jobs").await?;
    /// jobs.send(7).await?;
    /// drop(jobs);
    /// worker.join().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// The name cannot be one, there are [`CHILDREN_MAX`](crate::CHILDREN_MAX) children already, or the system has no key, no
    /// pipe, or no path to this program.
    #[track_caller]
    pub fn child(&self, spec: ChildSpec) -> Result<(NodeId, Process), NetError> {
        check_name(spec.name())?;
        let failed = |why: &dyn ToString| NetError::Child { name: spec.name().to_owned(), why: why.to_string() };
        let identity = Identity::generate().map_err(|error| failed(&error))?;
        let id = identity.id();
        let program = spec.to_program(self).map_err(|failure| failed(&failure))?;
        let (key, mut pipe) = std::io::pipe().map_err(|error| failed(&error))?;
        pipe.write_all(identity.to_line().as_bytes()).map_err(|error| failed(&error))?;
        self.shared().expect_child(id)?;
        let expected = Expected::new(self.shared(), id, spec.name().to_owned(), pipe);
        Ok((id, program.stdin(key).then(move |status| expected.ended(status))))
    }

    /// Waits until the node of this id is connected.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn joined(&self, id: NodeId) -> Peer {
        self.shared().peer_of(id).await
    }
}

/// A child that is admitted, until it has ended or is not wanted any more.
struct Expected {
    node: Arc<Shared>,
    id: NodeId,
    name: String,
    is_known: bool,
    /// Dropped, it has the pipe closed.
    _pipe: oneshot::Sender<()>,
}

impl Expected {
    /// The pipe is kept open for the child until its process has ended, or the node has.
    fn new(node: &Arc<Shared>, id: NodeId, name: String, pipe: PipeWriter) -> Self {
        let (keep, dropped) = oneshot::channel();
        let closing = Arc::clone(node);
        node.tasks().spawn(async move {
            tokio::select! {
                () = closing.closed() => {}
                _ = dropped => {}
            }
            drop(pipe);
        });
        Self { node: Arc::clone(node), id, name, is_known: true, _pipe: keep }
    }

    fn ended(mut self, status: ExitStatus) -> Outcome {
        let how = describe(status);
        if status.success() || self.node.is_stopping() || is_stop_requested() {
            self.forget(&Reason::Closed);
            return Ok(());
        }
        let reason = Reason::Exited(how.clone());
        if !self.forget(&reason) {
            self.node.tell(&NodeEvent::Lost { peer: self.id, name: self.name.clone(), reason });
        }
        Err(Failure::new(format_args!("child node `{}` {how}", self.name)))
    }

    /// Whether it was ever connected.
    fn forget(&mut self, reason: &Reason) -> bool {
        std::mem::take(&mut self.is_known) && self.node.forget_child(self.id, reason)
    }
}

impl Drop for Expected {
    /// Its scope has ended it, or it never ran.
    fn drop(&mut self) {
        self.forget(&Reason::Closed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use std::io::Read as _;
    use std::pin::pin;
    use std::time::Duration;
    use tokio::task::spawn_blocking;
    use tokio::time::timeout;

    /// Long enough on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn the_pipe_of_a_child_ends_when_its_node_is_closed() {
        let node = Node::bind(Config::new("hub", Identity::generate().unwrap())).unwrap();
        let id = Identity::generate().unwrap().id();
        let (mut child, pipe) = std::io::pipe().unwrap();
        node.shared().expect_child(id).unwrap();
        let expected = Expected::new(node.shared(), id, "worker".to_owned(), pipe);
        // Not to its end, where whoever keeps a pipe is cut off, after seconds.
        let mut shutdown = pin!(node.shutdown());
        let is_over = tokio::select! {
            biased;
            () = node.shared().closed() => false,
            () = &mut shutdown => true,
        };
        let ended = timeout(PATIENCE, spawn_blocking(move || child.read_to_end(&mut Vec::new()))).await;
        assert!(matches!(ended, Ok(Ok(Ok(0)))), "the pipe is kept open: {ended:?}");
        drop(expected);
        if !is_over {
            shutdown.await;
        }
    }
}
