//! What a call costs in memory, counted by the allocator of this test program, thread by thread.
#![allow(unsafe_code)]

use rendez_runtime::{actor, run, spawn_actor};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: it hands every request through to the system's allocator, as it came; counting touches no memory of theirs.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above; the block came from `System` too.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Sum(u64);

#[actor(crate = rendez_runtime)]
impl Sum {
    pub(crate) async fn add(&mut self, n: u64) -> u64 {
        self.0 += n;
        self.0
    }

    #[actor(one_way)]
    pub(crate) async fn note(&mut self, n: u64) {
        self.0 += n;
    }
}

/// How many allocations this thread makes in `act`, once it is warm: the least of some rounds, as another test may follow something
/// meanwhile, which has all values packed.
async fn count<F: Future>(calls: u64, act: impl Fn() -> F) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..50 {
        let before = COUNT.get();
        for _ in 0..calls {
            act().await;
        }
        least = least.min(COUNT.get() - before);
    }
    least
}

#[test]
fn asks_that_follow_each_other_and_tells_allocate_nothing() {
    const CALLS: u64 = 1000;
    // One thread does all of it, so that one count has all of it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (asks, tells) = runtime.block_on(async {
        let sum = spawn_actor(Sum(0));
        let asks = count(CALLS, || sum.add(1)).await;
        // The mailbox is emptied now and then: it keeps its memory.
        let tells = count(CALLS, || async {
            sum.note(1).await.unwrap();
            tokio::task::yield_now().await;
        });
        (asks, tells.await)
    });
    assert_eq!((asks, tells), (0, 0));
    run(async {}).unwrap();
}
