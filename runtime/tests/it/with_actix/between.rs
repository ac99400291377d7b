//! Arbiters and carriers ask each other, in circles of answers, without either waiting for the other's thread.

use actix::{Actor, Addr, Context, Handler, Message, Recipient, ResponseFuture};
use rendez_runtime::actix::{Inlet, Takes, guest_actor, inlet};
use rendez_runtime::{ActorOptions, Outcome, Reply, actor, par, run, spawn};

/// Asks for what is one less, until there is nothing.
struct Down(u32);
impl Message for Down {
    type Result = u32;
}

/// Of actix, on its arbiter.
struct There(Addr<Inlet<Here>>);

impl Actor for There {
    type Context = Context<Self>;
}

impl Handler<Down> for There {
    type Result = ResponseFuture<u32>;

    fn handle(&mut self, Down(n): Down, _: &mut Context<Self>) -> ResponseFuture<u32> {
        let here = self.0.clone();
        Box::pin(async move { if n == 0 { 0 } else { 1 + here.send(Down(n - 1)).await.expect("it goes on") } })
    }
}

/// Of rendez, on its carriers.
struct Here {
    there: Option<Recipient<Down>>,
}

#[actor(crate = rendez_runtime, reentrant)]
impl Here {
    pub(crate) async fn meet(&mut self, there: Recipient<Down>) {
        self.there = Some(there);
    }

    #[actor(reentrant)]
    pub(crate) async fn down(&self, n: u32) -> u32 {
        match &self.there {
            Some(there) if n > 0 => 1 + there.clone().send(Down(n - 1)).await.expect("it goes on"),
            _ => 0,
        }
    }

    pub(crate) async fn part(&mut self) {
        self.there = None;
    }
}

impl Takes<Down> for Here {
    fn take(Down(n): Down, reply: Reply<u32>) -> HereMessage {
        HereMessage::down(n, reply)
    }
}

#[test]
fn calls_go_to_and_fro_between_arbiter_and_carriers() {
    const CALLERS: u32 = 8;
    const DEPTH: u32 = 6;
    const ROUNDS: u32 = 50;
    let sums = run(async {
        let here = ActorOptions::new().mailbox(2).spawn(Here { there: None });
        let (there, process) = {
            let here = inlet(here.address());
            guest_actor("there", move |_| There(here))
        };
        let process = spawn(process);
        here.meet(there.clone().recipient()).await?;
        let callers = (0..CALLERS).map(|_| {
            let there = there.clone();
            async move {
                let mut sum = 0;
                for _ in 0..ROUNDS {
                    sum += there.send(Down(DEPTH)).await?;
                }
                Outcome::Ok(sum)
            }
        });
        let sums = par(callers).values().await?;
        // They hold each other: one lets go.
        here.part().await?;
        drop(there);
        process.join().await?;
        Outcome::Ok(sums)
    });
    assert_eq!(sums.unwrap(), [DEPTH * ROUNDS; CALLERS as usize]);
}
