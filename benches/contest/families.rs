//! The families that take part, one file a library. No network is here.

mod async_channel;
mod crossbeam;
mod crossfire;
mod flume;
mod kanal;
mod rendez;
mod tokio;

pub(crate) use async_channel::AsyncChannel;
pub(crate) use crossbeam::Crossbeam;
pub(crate) use crossfire::{Crossfire, CrossfireBlocked, CrossfireCrossed, CrossfireShared, CrossfireUnbounded};
pub(crate) use flume::Flume;
pub(crate) use kanal::Kanal;
pub(crate) use rendez::{Rendez, RendezAlt};
pub(crate) use tokio::{Tokio, TokioShared, TokioUnbounded};

use crate::family::{Capacity, Choose, Family};
use crate::place::{Processes, Tasks, Threads};
use std::marker::PhantomData;

/// What a family says to a channel of the wrong kind: a mistake in the list of contenders.
const WRONG_KIND: &str = "this family is for channels of the other kind";

/// A family whose ends have blocking forms, too.
pub(crate) trait Blocking: Family {
    /// Sends one value and blocks the thread.
    fn send_blocking(tx: &Self::Tx, value: u64) -> Option<()>;
    /// Receives one value and blocks the thread.
    fn recv_blocking(rx: &mut Self::Rx) -> Option<u64>;
}

/// A family between OS threads that block.
pub(crate) struct Blocked<F>(PhantomData<F>);

impl<F: Blocking> Family for Blocked<F> {
    type Tx = F::Tx;
    type Rx = F::Rx;
    type Carrier = Threads;

    fn make(capacity: Capacity) -> (F::Tx, F::Rx) {
        F::make(capacity)
    }

    async fn send(tx: &F::Tx, value: u64) -> Option<()> {
        F::send_blocking(tx, value)
    }

    async fn recv(rx: &mut F::Rx) -> Option<u64> {
        F::recv_blocking(rx)
    }
}

/// A family between an OS thread that blocks and a task that receives.
pub(crate) struct Crossed<F>(PhantomData<F>);

impl<F: Blocking> Family for Crossed<F> {
    type Tx = F::Tx;
    type Rx = F::Rx;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (F::Tx, F::Rx) {
        F::make(capacity)
    }

    async fn send(tx: &F::Tx, value: u64) -> Option<()> {
        F::send_blocking(tx, value)
    }

    fn recv(rx: &mut F::Rx) -> impl Future<Output = Option<u64>> + Send {
        F::recv(rx)
    }
}

/// A family between processes of rendez.
pub(crate) struct InProcesses<F>(PhantomData<F>);

impl<F: Family> Family for InProcesses<F> {
    type Tx = F::Tx;
    type Rx = F::Rx;
    type Carrier = Processes;

    fn make(capacity: Capacity) -> (F::Tx, F::Rx) {
        F::make(capacity)
    }

    fn send(tx: &F::Tx, value: u64) -> impl Future<Output = Option<()>> + Send {
        F::send(tx, value)
    }

    fn recv(rx: &mut F::Rx) -> impl Future<Output = Option<u64>> + Send {
        F::recv(rx)
    }
}

impl<F: Choose<INPUTS>, const INPUTS: usize> Choose<INPUTS> for InProcesses<F> {
    fn choose(inputs: [F::Rx; INPUTS], times: u64) -> impl Future<Output = Option<u64>> + Send {
        F::choose(inputs, times)
    }
}
