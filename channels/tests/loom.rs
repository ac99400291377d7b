//! The waiter lists and the words of choices under loom, which runs every interleaving of two or three threads up to a
//! bound on preemptions. Run by `cargo xtask deep loom`; nothing is here without `--cfg loom`.
#![cfg(loom)]

use loom::thread;
use rendez_channels::{Alt, Receiver, Sender, channel};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A waker that remembers whether it was woken. Not loom's: who was woken is asked when all threads have ended.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Woken {
    fn is_woken(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn poll<F: Future>(self: &Arc<Self>, future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
    }
}

#[test]
fn a_sender_that_comes_while_a_use_begins_is_seen() {
    loom::model(|| {
        let (tx, rx): (Sender<u8>, Receiver<u8>) = channel();
        let [sending, choosing] = [0, 1].map(|_| Arc::new(Woken::default()));
        let mut alt = Alt::new();
        alt.receive(&rx, |received| received);
        // An end that has waited gets ready to wait at once the next time.
        assert!(sending.poll(pin!(tx.send(0))).is_pending());
        assert!(alt.try_next().is_none(), "it stands on its list, idle");
        let sender = {
            let sending = Arc::clone(&sending);
            thread::spawn(move || {
                let mut send = Box::pin(async move { tx.send(1).await });
                let waits = sending.poll(send.as_mut()).is_pending();
                (send, waits)
            })
        };
        let mut next = pin!(alt.next());
        let chooser_waits = choosing.poll(next.as_mut()).is_pending();
        let (_send, sender_waits) = sender.join().unwrap();
        let asleep = sender_waits && chooser_waits && !sending.is_woken() && !choosing.is_woken();
        assert!(!asleep, "both wait for each other and nobody was woken");
    });
}
