//! Processes that ask a recipient of actix, and send to it what comes from a channel.

use actix::{Actor, ActorContext, Context, Handler, Message};
use rendez_channels::{Receiver, Sender, channel, channel_unbounded};
use rendez_runtime::actix::{ask, guest_actor, outlet};
use rendez_runtime::{CallError, Outcome, par, run, spawn};
use std::sync::{Arc, Mutex};

/// Notes what it is sent, and stops at 0.
struct Listener(Sender<u32>);

impl Actor for Listener {
    type Context = Context<Self>;
}

struct Heard(u32);
impl Message for Heard {
    type Result = u32;
}
impl Handler<Heard> for Listener {
    type Result = u32;
    fn handle(&mut self, Heard(n): Heard, context: &mut Context<Self>) -> u32 {
        if n == 0 {
            context.terminate();
        }
        let _ = self.0.try_send(n);
        2 * n
    }
}

fn all(noted: &Receiver<u32>) -> Vec<u32> {
    std::iter::from_fn(|| noted.try_recv().ok()).collect()
}

#[test]
fn a_call_says_what_became_of_it() {
    run(async {
        let (noted, notes) = channel_unbounded();
        let (listener, process) = guest_actor("listener", move |_| Listener(noted));
        let process = spawn(process);
        let recipient = listener.recipient();
        assert_eq!(ask(&recipient, Heard(2)).await, Ok(4));
        let _ = ask(&recipient, Heard(0)).await;
        process.join().await?;
        let late = ask(&recipient, Heard(3)).await;
        assert_eq!(late, Err(CallError::NotSent("the actix actor has stopped".into())));
        assert_eq!(all(&notes), [2, 0]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_channel_leads_to_a_recipient_in_order_and_ends_with_either() {
    run(async {
        let (noted, notes) = channel_unbounded();
        let (listener, process) = guest_actor("listener", move |_| Listener(noted));
        let ((first, input), (second, more)) = (channel(), channel());
        let recipient = listener.recipient();
        let heard = Arc::new(Mutex::new(vec![]));
        let hears = Arc::clone(&heard);
        par![process, outlet(input, recipient.clone()), outlet(more, recipient), async move {
            for n in 1..=5 {
                first.send(Heard(n)).await?;
            }
            drop(first);
            // What an outlet has taken is under way: the other one may be faster.
            for _ in 1..=5 {
                let n = notes.recv().await?;
                hears.lock().unwrap().push(n);
            }
            second.send(Heard(0)).await?;
            // Its actor has stopped: the outlet ends, and its input with it.
            while second.send(Heard(7)).await.is_ok() {}
            Outcome::Ok(())
        }]
        .await?;
        assert_eq!(*heard.lock().unwrap(), [1, 2, 3, 4, 5]);
        Outcome::Ok(())
    })
    .unwrap();
}
