//! rendez-macros: the attributes and macros of rendez. They write code; what the code does is in the other crates.
//!
//! Each works on the shape of its input alone: patterns, types and bodies are handed through as they were written, also
//! half-typed ones, so that the compiler's own messages and an editor's completion work inside them.

mod alt;
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
/// # extern crate rendez_channels as rendez;
/// # use rendez_macros::alt;
/// # fn main() {
/// use rendez::{after, block_on, channel_bounded};
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
/// # }
/// ```
#[proc_macro]
pub fn alt(input: TokenStream) -> TokenStream {
    alt::expand(input.into()).into()
}
