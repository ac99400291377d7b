//! rendez-macros: the attributes and macros of rendez. They write code; what the code does is in the other crates.
//!
//! Each works on the shape of its input alone: patterns, types and bodies are handed through as they were written, also
//! half-typed ones, so that the compiler's own messages and an editor's completion work inside them.

mod actor;
mod alt;
mod function;
mod main_fn;
mod options;
mod process;
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
/// `output.closed()`), a timer (`after(delay)`) or any future (`future(f)`; `future(&mut pinned)` keeps it for the next
/// choice). **Exactly one guard commits**; the others have no effect. The guards are evaluated in the order they are
/// written, and dropped before a body runs, so that a body may use the same ends.
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

/// Makes an `async fn main` the root process: runs it on a runtime of its own, waits for everything below it, prints
/// its failure and makes that the program's exit code.
///
/// `#[main(crate = path)]` names the crate where it is not `::rendez`.
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
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    main_fn::expand(arguments.into(), item.into()).into()
}

/// Makes an actor of the type that the `impl` block is for: each `pub async fn` with `&mut self` or `&self` becomes a
/// message, and a reference type named `TypeRef` has the same methods as calls.
///
/// A call `reference.method(..)` sends the message and waits for the answer; `reference.tell_method(..)` waits for room in
/// the mailbox only. The actor handles one message after another: its state is exclusive across `.await`. A method that
/// returns `Result<T, E>`, written so, gives calls that return `Result<T, CallError<E>>`; any other type `R` gives
/// `Result<R, CallError>`. All other items of the block stay what they are. `spawn_actor` starts it, or a supervisor.
///
/// - `#[actor(remote)]` makes references that work from other nodes too: arguments and answers have to be
///   `Serialize + DeserializeOwned`. Two nodes agree when names and signatures are written alike.
/// - `#[actor(crate = path)]` names the crate where it is not `::rendez`.
///
/// ```
/// use rendez::{actor, run, spawn_actor};
///
/// struct Counter(u64);
///
/// #[actor]
/// impl Counter {
///     /// Adds, and answers the sum.
///     pub async fn add(&mut self, n: u64) -> u64 {
///         self.0 += n;
///         self.0
///     }
/// }
///
/// run(async {
///     let counter = spawn_actor(Counter(40));
///     assert_eq!(counter.add(2).await, Ok(42));
/// })
/// .unwrap();
/// ```
#[proc_macro_attribute]
pub fn actor(arguments: TokenStream, item: TokenStream) -> TokenStream {
    actor::expand(arguments.into(), item.into()).into()
}
