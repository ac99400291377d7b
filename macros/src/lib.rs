//! rendez-macros: the attributes and macros of rendez. They write code; what the code does is in the other crates.
//!
//! Each works on the shape of its input alone: patterns, types and bodies are handed through as they were written, also
//! half-typed ones, so that the compiler's own messages and an editor's completion work inside them.

mod actor;
mod alt;
mod beside;
mod function;
mod hook;
mod kept;
mod main_fn;
mod message;
mod method;
mod options;
mod process;
mod reference;
mod state;
mod supervise;
mod test_fn;
mod tokens;

use proc_macro::TokenStream;

/// Waits for the first of several guards, and runs the body of the one that commits.
///
/// ```text
/// alt! {
///     pattern = guard => body,
///     pattern = guard, if condition => body,
///     else => body,
/// }
/// ```
///
/// A guard is a channel operation (`input.recv()`, `input.next()`, `output.send(x)`, `output.send_from(&mut slot)`,
/// `output.closed()`), a timer (`after(delay)`) or any future (`future(f)`, pinned: `future(&mut pinned)` also keeps it
/// for the next choice). **Exactly one guard commits**; the others have no effect. The guards are evaluated in the order
/// they are written, and dropped before a body runs, so that a body may use the same ends.
///
/// - Of several ready guards the least recently served commits, so that of guards that stay ready each has its turn.
///   `alt!(pri ..)`, or `alt! { pri; .. }`, takes the first that is ready.
/// - A guard whose `if` does not hold is not even evaluated.
/// - `else`, written last, runs when no guard is ready; without it the choice waits.
/// - The pattern has to match whatever the guard gives: a receive gives a `Result`, which a body opens with `?`.
/// - Bodies are arms of one `match`: they have one type, and `?`, `return`, `break` and `continue` mean what they mean
///   around the choice. A comma ends a body that is not a block.
///
/// `alt!(crate = path; ..)` names the crate where it is not `::rendez`.
///
/// # Cancel safety
/// Nothing is lost when the surrounding future is dropped while it waits: no guard has committed, or what a partner had
/// handed over goes to the channel's next receive.
///
/// ```
/// use rendez::{after, alt, block_on, channel_bounded};
/// use std::time::Duration;
///
/// let (orders, incoming) = channel_bounded(8);
/// let (_close, closing) = channel_bounded::<()>(1);
/// orders.try_send("tea").unwrap();
/// let served = block_on(async {
///     alt! {
///         order = incoming.recv() => order.unwrap(),
///         _ = closing.recv() => "closed",
///         _ = after(Duration::from_secs(5)) => "quiet",
///     }
/// });
/// assert_eq!(served, Ok("tea"));
/// ```
#[proc_macro]
pub fn alt(input: TokenStream) -> TokenStream {
    alt::expand(input.into()).into()
}

/// Declares a supervisor with its children: a [`Supervisor`], which is awaited, started or made the child of another.
///
/// ```text
/// supervise!(
///     strategy, option = value, ..;
///     child,
///     #[word] variable = child,
///     ..
/// )
/// ```
///
/// - The strategy is `one_for_one`, `one_for_all`, `rest_for_one` or `dynamic`, the constructors of [`Supervisor`].
/// - Options are `intensity = 3 per Duration::from_secs(10)`, `backoff = ..`, `auto_shutdown = ..` and `name = ..`.
/// - A child is an actor, a process or another supervisor, such as a further `supervise!`, in the order in which they are started.
///   It is **made again at each start**. Of a call, `reader(input, 3)`, the arguments are evaluated once, here, and cloned
///   for each start; any other expression, `Till { sum: 0 }`, is evaluated each time, and takes what it uses along. Braces
///   around a call make it such.
/// - `variable = child` assigns the reference of an actor, or of a supervisor, to a variable declared before, so that later
///   children and whoever declares them can use it. It is also the child's name; else that is the actor's type or the
///   function.
/// - Words on a child: `#[permanent]`, `#[transient]` (as if nothing were said) and `#[temporary]` say which ends have it started
///   again; `#[significant]`, `#[shutdown = ..]` and `#[name = ..]` are those of [`ChildSpec`].
/// - `supervise!(crate = path; ..)` names the crate where it is not `::rendez`.
///
/// [`Supervisor`]: https://docs.rs/rendez/latest/rendez/struct.Supervisor.html
/// [`ChildSpec`]: https://docs.rs/rendez/latest/rendez/struct.ChildSpec.html
///
/// # Cancel safety
/// Awaited and dropped unfinished, it ends the supervisor and its children at once; the current process does not end before them.
///
/// ```
/// use rendez::{Outcome, Receiver, Sender, actor, channel, process, run, supervise};
/// use std::time::Duration;
///
/// struct Till {
///     sum: u32,
/// }
///
/// #[actor]
/// impl Till {
///     pub async fn pay(&mut self, coin: u32) -> u32 {
///         assert!(coin > 0, "a coin of nothing");
///         self.sum += coin;
///         self.sum
///     }
/// }
///
/// #[process]
/// async fn clerk(till: TillRef, coins: Receiver<u32>, sums: Sender<u32>) -> Outcome {
///     while let Some(coin) = coins.next().await? {
///         sums.send(till.pay(coin).await?).await?;
///     }
///     Ok(())
/// }
///
/// let sums = run(async {
///     let ((coins, inserted), (counted, sums)) = (channel(), channel());
///     let till: TillRef;
///     let shop = supervise!(
///         one_for_one, intensity = 3 per Duration::from_secs(10);
///         #[permanent] till = Till { sum: 0 },
///         clerk(till.clone(), inserted, counted),
///     )
///     .start();
///     coins.send(5).await?;
///     let first = sums.recv().await?;
///     coins.send(0).await?; // it fails, and the clerk with it; both are started again
///     coins.send(2).await?;
///     let second = sums.recv().await?;
///     shop.stop();
///     Outcome::Ok((first, second))
/// });
/// assert_eq!(sums.unwrap(), (5, 2));
/// ```
#[proc_macro]
pub fn supervise(input: TokenStream) -> TokenStream {
    supervise::expand(input.into()).into()
}

/// Makes a function a process: calling it gives a [`Process`] of its name, which runs when it is put into a `par!`,
/// spawned or awaited.
///
/// [`Process`]: https://docs.rs/rendez/latest/rendez/struct.Process.html
///
/// The body is an `async fn` that returns `Outcome`, `Outcome<T>` or nothing. Its arguments move into the process, so
/// that they have to be `Send + 'static`: channel ends, values, `Arc`s. Every argument that is or holds channel ends
/// (whatever implements `Ports`) is declared as a port, which is what the picture and the deadlock report go by.
/// Generics, patterns, attributes and visibility stay as they are written.
///
/// - `#[process(blocking)]` on an ordinary `fn` runs the body on a thread where it may block.
/// - `#[process(crate = path)]` names the crate where it is not `::rendez`.
///
/// ```
/// use rendez::{Outcome, Receiver, Sender, channel, par, process};
///
/// #[process]
/// async fn squares(input: Receiver<u64>, output: Sender<u64>) -> Outcome {
///     while let Some(n) = input.next().await? {
///         output.send(n * n).await?;
///     }
///     Ok(())
/// }
///
/// #[process(blocking)]
/// fn count(to: u64, output: Sender<u64>) -> Outcome {
///     for n in 1..=to {
///         output.send_blocking(n)?;
///     }
///     Ok(())
/// }
///
/// #[process]
/// async fn sum(input: Receiver<u64>) -> Outcome<u64> {
///     let mut sum = 0;
///     while let Some(n) = input.next().await? {
///         sum += n;
///     }
///     Ok(sum)
/// }
///
/// let ((numbers, input), (output, results)) = (channel(), channel());
/// let network = async move { par![count(3, numbers), squares(input, output), sum(results)].values().await };
/// assert_eq!(rendez::run(network).unwrap(), ((), (), 1 + 4 + 9));
/// ```
#[proc_macro_attribute]
pub fn process(arguments: TokenStream, item: TokenStream) -> TokenStream {
    process::expand(arguments.into(), item.into()).into()
}

/// Turns the `pub async fn` methods of an `impl` block into the messages of an actor.
///
/// The block stays as it is. Beside it, for an actor `Shop`, there is `ShopRef`: a reference to a running one, which may
/// be cloned and sent anywhere. For each message, a method `pub async fn` that takes `&mut self` or `&self`, it has
///
/// - a method of the same name and arguments, which sends the message and waits for the answer. What the actor returns
///   as `Result<X, E>` arrives as `Result<X, CallError<E>>`, so that one `?` does; any other `R` as
///   `Result<R, CallError>`. The type has to be written as a `Result` with two parameters: an alias counts as `R`.
/// - a method `tell_` and the name, which sends the message and does not wait for an answer;
///
/// and `process()`, the actor's process. One message is handled at a time: the state is exclusive, also across `.await`.
/// Arguments and answers are sent, so they own what they hold (`String`, not `&str`). A message with `&self` that awaits
/// needs a state that is `Sync`; with `&mut self`, any state that is `Send` will do. All other functions of the block
/// stay ordinary ones.
///
/// What a method is, words on it say:
///
/// - `#[actor(one_way)]`: nobody waits for an answer, and there is none. `#[actor(urgent)]`: it overtakes what is in the mailbox.
/// - `#[actor(when = condition)]`: it is handled while the condition over `&self` and the arguments (as references) holds, and
///   waits until it does. What waits is looked at again after each message, before newer ones.
/// - `#[actor(answers = message, when = condition)]`: in this state this method answers that message, which has its own
///   `when`; the first whose condition holds does. So an actor *becomes* another one: its state is a field, and who sends
///   knows nothing of it.
/// - An argument `context: &mut Context<Self>` is not sent; it is what a method can do beyond its state. An argument
///   `reply: Reply<R>` is not sent either: the method returns nothing, and the answer is given through it, later, or by
///   whoever it is passed on to.
/// - `#[actor(reentrant)]`, on a method with `&self` or, for all of these, on the block: the messages of such methods are
///   handled beside each other, while one of them awaits; what changes meanwhile is behind locks or atomics of the actor's
///   own. So an actor answers who it waits for itself, where `a` asks `b` and `b` asks `a`, which else is a deadlock (and named).
///   A method with `&mut self` waits until none of them is under way, and is alone.
/// - `#[actor(started)]`, `stopping`, `stopped`, `exited` and `describe` are hooks, and no messages.
///
/// ```
/// use rendez::{Outcome, actor, run, spawn, spawn_actor};
///
/// struct Door {
///     open: bool,
/// }
///
/// #[actor]
/// impl Door {
///     #[actor(when = self.open)]
///     pub async fn knock(&mut self) -> &'static str {
///         "come in"
///     }
///     #[actor(answers = knock)]
///     async fn knock_closed(&mut self) -> &'static str {
///         "who is there?"
///     }
///     #[actor(when = self.open)]
///     pub async fn enter(&mut self) {}
///     pub async fn open(&mut self) {
///         self.open = true;
///     }
/// }
///
/// run(async {
///     let door = spawn_actor(Door { open: false });
///     assert_eq!(door.knock().await?, "who is there?");
///     let waits = door.clone();
///     let entered = spawn(async move { Outcome::Ok(waits.enter().await?) });
///     door.open().await?;
///     entered.join().await?;
///     assert_eq!(door.knock().await?, "come in");
///     Outcome::Ok(())
/// }).unwrap();
/// ```
///
/// - `#[actor(remote)]` makes a reference that also works from another node. Arguments and answers then implement
///   serde's `Serialize` and `Deserialize`. A method may answer with the `Receiver` or `Sender` of a channel, also as the `Ok` of a
///   `Result`: whoever asks from another node gets a remote end of it. The methods are numbered in the order they are written, and two nodes agree
///   only if all signatures are the same.
/// - `#[actor(crate = path)]` names the crate where it is not `::rendez`.
///
/// ```
/// use rendez::{CallError, actor, run, spawn_actor};
///
/// struct Shop {
///     shelf: Vec<String>,
/// }
///
/// #[derive(Debug, PartialEq)]
/// struct Full;
///
/// #[actor]
/// impl Shop {
///     pub async fn store(&mut self, item: String) -> Result<usize, Full> {
///         if self.shelf.len() == 1 {
///             return Err(Full);
///         }
///         self.shelf.push(item);
///         Ok(self.shelf.len())
///     }
///
///     pub async fn items(&self) -> Vec<String> {
///         self.shelf.clone()
///     }
/// }
///
/// let items = run(async {
///     let shop: ShopRef = spawn_actor(Shop { shelf: Vec::new() });
///     assert_eq!(shop.store("tea".into()).await, Ok(1));
///     assert_eq!(shop.store("rice".into()).await, Err(CallError::Answer(Full)));
///     shop.tell_store("salt".into()).await?;
///     Ok::<_, CallError>(shop.items().await?)
/// });
/// assert_eq!(items.unwrap(), ["tea"]);
/// ```
#[proc_macro_attribute]
pub fn actor(arguments: TokenStream, item: TokenStream) -> TokenStream {
    actor::expand(arguments.into(), item.into()).into()
}

/// Makes an `async fn` a test that is explored: in a time of its own, under several schedules, and nobody may be left behind.
///
/// Time passes at once where nobody is ready. It fails if it panics or ends with a failure, if it deadlocks, and if a process that it
/// has started still lives when it has ended; then it prints what happened step by step and the seed. `RENDEZ_SEED=..` runs it from
/// that seed on.
///
/// - Without arguments it runs once with all processes in turn, and under ten schedules by chance; `#[test(schedules = 1000)]` under
///   so many, `#[test(exhaustive)]` under all.
/// - `#[test(crate = path)]` names the crate where it is not `::rendez`.
///
/// ```
/// use rendez::{Outcome, alt, after, channel, spawn};
/// use std::time::Duration;
///
/// #[rendez::test]
/// async fn an_answer_comes_before_the_deadline() -> Outcome {
///     let (tx, rx) = channel();
///     let answers = spawn(async move { Outcome::Ok(tx.send(42).await?) });
///     let got = alt! {
///         got = rx.recv() => Some(got?),
///         () = after(Duration::from_secs(3600)) => None,
///     };
///     assert_eq!(got, Some(42));
///     answers.join().await
/// }
/// ```
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    test_fn::expand(arguments.into(), item.into()).into()
}

/// Makes an `async fn main` the root process: runs it on a runtime of its own, waits for everything below it, prints
/// its failure and makes that the program's exit code.
///
/// Ctrl-c and `SIGTERM` request an end, as in [`run`]: who listens tidies up, all others are ended, and a second request ends the
/// program at once. A program ended so has the exit status 130 or 143.
///
/// What the runtime has to tell (deadlocks, crashes of actors, processes that keep their thread) goes to `tracing`; where that has no
/// subscriber, to standard error, a line each.
///
/// - `#[main(quiet)]` drops that instead: for a program that provokes it. Its own failure is printed all the same.
/// - `#[main(crate = path)]` names the crate where it is not `::rendez`.
///
/// ```
/// use rendez::Outcome;
///
/// #[rendez::main]
/// async fn main() -> Outcome {
///     println!("{} lines", "one\ntwo".lines().count());
///     Ok(())
/// }
/// ```
///
/// [`run`]: https://docs.rs/rendez/latest/rendez/fn.run.html
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    main_fn::expand(arguments.into(), item.into()).into()
}
