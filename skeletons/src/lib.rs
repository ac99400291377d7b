//! rendez-skeletons: networks that are needed again and again: farm, pool, all_reduce. Written on the public API alone.
//!
//! ```
//! use rendez_channels::channel;
//! use rendez_runtime::{Outcome, par, run};
//! use rendez_skeletons::{Farm, Pool};
//!
//! let squares = run(async { Pool::new(4).map(|n| n * n, 0..5).await });
//! assert_eq!(squares.unwrap(), [0, 1, 4, 9, 16]);
//!
//! let lengths = run(async {
//!     let ((words, input), (output, lengths)) = (channel(), channel());
//!     let source = async move {
//!         for word in ["to", "be", "or", "not"] {
//!             words.send(word).await?;
//!         }
//!         Outcome::Ok(())
//!     };
//!     let sink = async move {
//!         let mut seen = vec![];
//!         while let Some(length) = lengths.next().await? {
//!             seen.push(length);
//!         }
//!         Outcome::Ok(seen)
//!     };
//!     let farm = Farm::new(3).ordered().map(input, output, |word: &str| async move { Ok(word.len()) });
//!     par![source, farm, sink].values().await
//! });
//! assert_eq!(lengths.unwrap().2, [2, 2, 2, 3]);
//! ```
//!
//! ```text
//!            +-> worker -+
//!  source ---+-> worker -+--> sink
//!            +-> worker -+
//! ```

// The expansions of the macros begin at `::rendez`; what they use of it is in the runtime.
extern crate rendez_runtime as rendez;

mod all_reduce;
mod farm;
mod order;
mod pool;

pub use all_reduce::{Member, Reduced, root};
pub use farm::Farm;
pub use pool::Pool;
