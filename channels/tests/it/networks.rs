//! The networks that the conformance suite runs over here: channels of one program. Not the suite.

use crate::conformance::{Transport, Value};
use rendez::{ChannelKind, ChannelOptions, Receiver, Sender};

/// Both ends are here.
#[derive(Clone, Copy)]
pub(crate) struct Local;

impl Transport for Local {
    fn open<V: Value>(&self, kind: ChannelKind) -> (Sender<V>, Receiver<V>) {
        ChannelOptions::of(kind).open()
    }

    async fn settle(&self) {}
}

/// Makes a test of each row on each network.
macro_rules! rows {
    ($($row:ident),+ $(,)?) => {
        rows!(one_thread OneThread: $($row),+);
        rows!(two_workers TwoWorkers: $($row),+);
        rows!(tasks_and_threads Both: $($row),+);
        rows!(threads Threads: $($row),+);
    };
    ($name:ident $on:ident: $($row:ident),+) => {
        mod $name {
            $(
                #[test]
                fn $row() {
                    $crate::conformance::run($crate::networks::Local, $crate::conformance::On::$on, super::$row);
                }
            )+
        }
    };
}
