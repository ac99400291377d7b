//! States of an actor: how it answers in each (`become`), what waits for another one, what is stashed by hand.

use rendez_channels::{Receiver, Sender, channel_unbounded};
use rendez_runtime::{ActorOptions, CallError, Context, Outcome, Reply, Supervisor, actor, run, spawn, spawn_actor};

/// The code lock of OTP's documentation of `gen_statem`, whose buttons do nothing while it is open.
struct CodeLock {
    code: Vec<u8>,
    pressed: Vec<u8>,
    open: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Pressed {
    Wrong,
    More,
    Opens,
    IsOpen,
}

#[actor(crate = rendez_runtime)]
impl CodeLock {
    #[actor(when = !self.open)]
    pub(crate) async fn press(&mut self, button: u8) -> Pressed {
        self.pressed.push(button);
        if !self.code.starts_with(&self.pressed) {
            self.pressed.clear();
            return Pressed::Wrong;
        }
        self.open = self.pressed == self.code;
        if self.open { Pressed::Opens } else { Pressed::More }
    }

    #[actor(answers = press)]
    async fn press_open(&mut self, _button: u8) -> Pressed {
        Pressed::IsOpen
    }

    /// Comes in when it is open, and waits for that.
    #[actor(when = self.open)]
    pub(crate) async fn enter(&mut self, who: &'static str) -> &'static str {
        self.open = false;
        self.pressed.clear();
        who
    }
}

fn lock() -> CodeLock {
    CodeLock { code: vec![1, 2], pressed: vec![], open: false }
}

#[test]
fn in_another_state_another_method_answers() {
    run(async {
        let lock = spawn_actor(lock());
        assert_eq!(lock.press(2).await?, Pressed::Wrong);
        assert_eq!(lock.press(1).await?, Pressed::More);
        assert_eq!(lock.press(2).await?, Pressed::Opens);
        assert_eq!(lock.press(1).await?, Pressed::IsOpen, "it has become an open lock");
        assert_eq!(lock.enter("Ann").await?, "Ann");
        assert_eq!(lock.press(1).await?, Pressed::More, "and a closed one again");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn what_no_state_answers_yet_waits_for_one_that_does() {
    run(async {
        let lock = ActorOptions::new().aside(1).spawn(lock());
        let opening = async {
            lock.press(1).await?;
            lock.press(2).await
        };
        let (ann, opened) = tokio::join!(lock.enter("Ann"), opening);
        assert_eq!((ann, opened), (Ok("Ann"), Ok(Pressed::Opens)));
        Outcome::Ok(())
    })
    .unwrap();
}

/// Three states, the conditions over the arguments too.
struct Teller {
    balance: u64,
    is_closed: bool,
}

#[actor(crate = rendez_runtime)]
impl Teller {
    #[actor(when = !self.is_closed && *sum <= self.balance)]
    pub(crate) async fn draw(&mut self, sum: u64) -> Result<u64, String> {
        self.balance -= sum;
        Ok(self.balance)
    }

    #[actor(answers = draw, when = self.is_closed)]
    async fn draw_closed(&mut self, sum: u64, context: &mut Context<Self>) -> Result<u64, String> {
        Err(format!("{}: {sum} tomorrow", context.process().name()))
    }

    /// Later: by then whoever waits may have its money, or the teller be closed.
    #[actor(answers = draw, when = *sum > 100)]
    async fn draw_much(&mut self, sum: u64, reply: Reply<Result<u64, String>>) {
        reply.answer(Err(format!("never {sum}")));
    }

    pub(crate) async fn put(&mut self, sum: u64) {
        self.balance += sum;
    }

    pub(crate) async fn close(&mut self) {
        self.is_closed = true;
    }
}

#[test]
fn the_first_method_whose_state_it_is_answers_and_without_one_the_message_waits() {
    run(async {
        let teller = spawn_actor(Teller { balance: 10, is_closed: false });
        assert_eq!(teller.draw(4).await, Ok(6));
        assert_eq!(teller.draw(200).await, Err(CallError::Answer("never 200".into())));
        let (waiting, put) = tokio::join!(teller.draw(7), teller.put(1));
        assert_eq!((waiting, put), (Ok(0), Ok(())), "there was too little, then enough");
        let (waiting, closed) = tokio::join!(teller.draw(7), teller.close());
        assert_eq!((waiting, closed), (Err(CallError::Answer("Teller: 7 tomorrow".into())), Ok(())));
        Outcome::Ok(())
    })
    .unwrap();
}

/// Stashes what comes before it is ready.
struct Office {
    ready: bool,
    served: Sender<u32>,
}

#[actor(crate = rendez_runtime)]
impl Office {
    pub(crate) async fn serve(&mut self, n: u32, reply: Reply<Result<u32, u32>>, context: &mut Context<Self>) {
        if self.ready {
            let _ = self.served.try_send(n);
            return reply.answer(Ok(n));
        }
        if let Err(full) = context.stash(OfficeMessage::serve(n, reply)) {
            assert_eq!(
                full.to_string(),
                format!(
                    "{} messages are stashed, and no more can be: `unstash` them earlier, or set `aside` higher",
                    full.room
                )
            );
            let OfficeMessage::serve(n, reply) = full.message else { panic!("the message comes back") };
            reply.answer(Err(n));
        }
    }

    pub(crate) async fn open(&mut self, context: &mut Context<Self>) {
        self.ready = true;
        context.unstash();
    }

    pub(crate) async fn is_ready(&self) -> bool {
        self.ready
    }

    pub(crate) async fn crash(&mut self) {
        panic!("as asked");
    }
}

fn office() -> (Office, Receiver<u32>) {
    let (served, order) = channel_unbounded();
    (Office { ready: false, served }, order)
}

fn all(order: &Receiver<u32>) -> Vec<u32> {
    std::iter::from_fn(|| order.try_recv().ok()).collect()
}

#[test]
fn what_is_stashed_is_handled_when_it_is_unstashed_in_its_order_before_the_mailbox() {
    run(async {
        let (state, order) = office();
        let office = spawn_actor(state);
        for n in 0..3 {
            office.tell_serve(n).await?;
        }
        let letters = vec![OfficeMessage::open(Reply::none()), OfficeMessage::serve(3, Reply::none())];
        office.address().batch(letters).await?;
        assert_eq!(office.serve(4).await, Ok(4));
        assert_eq!(all(&order), [0, 1, 2, 3, 4]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_full_stash_gives_the_message_back() {
    run(async {
        let (state, order) = office();
        let office = ActorOptions::new().aside(2).spawn(state);
        for n in 0..2 {
            office.tell_serve(n).await?;
        }
        assert_eq!(office.serve(2).await, Err(CallError::Answer(2)));
        office.open().await?;
        assert_eq!(office.serve(3).await, Ok(3));
        assert_eq!(all(&order), [0, 1, 3]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_stash_outlives_the_incarnation() {
    run(async {
        let (served, order) = channel_unbounded();
        let make = move || Office { ready: false, served: served.clone() };
        let office = Supervisor::one_for_one().start().actor("office", make);
        office.tell_serve(1).await?;
        assert!(office.crash().await.is_err());
        office.open().await?;
        assert_eq!(office.serve(2).await, Ok(2));
        assert_eq!(all(&order), [1, 2]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn what_is_stashed_when_the_actor_ends_is_counted_and_who_asked_learns_it() {
    run(async {
        let (state, _order) = office();
        let office = spawn_actor(state);
        office.tell_serve(1).await?;
        let address = office.address().clone();
        let (asked, ()) = tokio::join!(office.serve(2), async {
            let _ = office.is_ready().await;
            address.stop();
            address.process().ended().await;
        });
        assert!(matches!(asked, Err(CallError::Unknown(_))), "its handler had begun: {asked:?}");
        assert_eq!(address.undelivered(), 2);
        Outcome::Ok(())
    })
    .unwrap();
}

/// Passes a question on and lets who knows answer it: nobody waits in between.
struct Desk(OfficeRef);

#[actor(crate = rendez_runtime)]
impl Desk {
    pub(crate) async fn ask(&mut self, n: u32, reply: Reply<Result<u32, u32>>) {
        let _ = self.0.address().tell(OfficeMessage::serve(n, reply)).await;
    }

    pub(crate) async fn is_free(&self) -> bool {
        true
    }
}

#[test]
fn a_reply_can_be_given_on_to_another_actor() {
    run(async {
        let (state, _order) = office();
        let office = spawn_actor(state);
        let desk = spawn_actor(Desk(office.clone()));
        let asking = desk.clone();
        let asked = spawn(async move { Outcome::Ok(asking.ask(5).await) });
        assert!(desk.is_free().await?, "it does not wait for the answer");
        office.open().await?;
        assert_eq!(asked.join().await?, Ok(5));
        Outcome::Ok(())
    })
    .unwrap();
}
