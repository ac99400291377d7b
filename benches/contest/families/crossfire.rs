//! crossfire: a form for one receiver and one for several, and for each of async, blocking and between both other types.

use super::WRONG_KIND;
use crate::family::{Capacity, Family, chooses_by_select, well};
use crate::place::{Tasks, Threads};
use crossfire::{AsyncRx, MAsyncRx, MAsyncTx, MTx, Rx, mpmc, mpsc};

macro_rules! family {
    ($(#[$doc:meta])* $name:ident, $tx:ty, $rx:ty, $make:path, $send:ident, $recv:ident, $carrier:ty) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl Family for $name {
            type Tx = $tx;
            type Rx = $rx;
            type Carrier = $carrier;

            fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
                $make(capacity.places().expect(WRONG_KIND))
            }

            async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
                $send!(tx.send(value))
            }

            async fn recv(rx: &mut Self::Rx) -> Option<u64> {
                $recv!(rx.recv())
            }
        }
    };
}

/// An operation that waits.
macro_rules! waits {
    ($operation:expr) => {
        $operation.await.ok()
    };
}

/// An operation that blocks.
macro_rules! blocks {
    ($operation:expr) => {
        $operation.ok()
    };
}

type Single<T> = mpsc::Array<T>;
type Several<T> = mpmc::Array<T>;

family!(
    /// Async, with one receiver.
    Crossfire, MAsyncTx<Single<u64>>, AsyncRx<Single<u64>>, mpsc::bounded_async, waits, waits, Tasks
);
family!(
    /// Async, with several receivers.
    CrossfireShared, MAsyncTx<Several<u64>>, MAsyncRx<Several<u64>>, mpmc::bounded_async, waits, waits, Tasks
);
family!(
    /// Blocking, with one receiver.
    CrossfireBlocked, MTx<Single<u64>>, Rx<Single<u64>>, mpsc::bounded_blocking, blocks, blocks, Threads
);
family!(
    /// From a thread that blocks to a task.
    CrossfireCrossed, MTx<Single<u64>>, AsyncRx<Single<u64>>, mpsc::bounded_blocking_async, blocks, waits, Tasks
);

chooses_by_select!(Crossfire);

/// Without a bound, with one receiver.
pub(crate) struct CrossfireUnbounded;

impl Family for CrossfireUnbounded {
    type Tx = MTx<mpsc::List<u64>>;
    type Rx = AsyncRx<mpsc::List<u64>>;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        assert_eq!(capacity, Capacity::Unbounded, "{WRONG_KIND}");
        mpsc::unbounded_async()
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).ok()
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send {
        well(rx.recv())
    }
}
