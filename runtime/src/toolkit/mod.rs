//! Toolkit: processes ready to use, each with a law that it keeps. Not a library of stream operators: each is a process,
//! seen in the picture, that talks over channels only.
//!
//! After the `plugNplay` collections of JCSP and PyCSP, whose names are kept where they have one.
//!
//! | in, out | processes |
//! |---|---|
//! | none, one | [`source`], [`ticker`], [`file_reader`], [`signals`], `tcp_listen` |
//! | one, one | [`identity`], [`map`], [`keep`], [`prefix`], [`tail`], [`successor`], [`pairs`], [`not_multiple_of`], [`sieve`], [`lines`], [`unlines`], [`subprocess`], `tcp`, `udp` |
//! | two or more, one | [`plus`], [`zip`], [`merge`], [`mux`], [`sampler`] |
//! | one, two or more | [`delta`], [`unzip`], [`demux`] |
//! | one, none | [`collect`], [`sink`], [`file_writer`] |
//!
//! All end when their input has ended, and so does what follows them; poison passes through with its origin. When nobody
//! receives any more they end at their next send, so that a network winds down from either side.
//!
//! ```
//! use rendez_channels::channel;
//! use rendez_runtime::toolkit::{collect, source, successor};
//! use rendez_runtime::{par, run};
//!
//! let numbers = run(async {
//!     let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
//!     par![source([1, 2, 3], a_tx), successor(a_rx, b_tx), collect(b_rx)].values().await
//! });
//! assert_eq!(numbers.unwrap().2, [2, 3, 4]);
//! ```
//!
//! Sockets (`TcpListener` and `tcp_listen`, `TcpConnection` and `tcp`, `UdpSocket` and `udp`) are there with feature `sockets`.
//!
//! ```text
//!  source ---> successor ---> collect
//! ```

mod edges;
mod files;
mod joins;
mod lines;
mod sieve;
mod signals;
#[cfg(feature = "sockets")]
mod sockets;
mod splits;
mod stages;
mod subprocess;
#[cfg(feature = "sockets")]
mod tcp;
mod time;
#[cfg(feature = "sockets")]
mod udp;

pub use crate::os::Signal;
pub use edges::{collect, sink, source};
pub use files::{file_reader, file_writer};
pub use joins::{merge, mux, plus, zip};
pub use lines::{LINE_MAX, lines, unlines};
pub use sieve::{not_multiple_of, sieve};
pub use signals::signals;
#[cfg(feature = "sockets")]
pub use sockets::SocketError;
pub use splits::{delta, demux, unzip};
pub use stages::{identity, keep, map, pairs, prefix, successor, tail};
pub use subprocess::subprocess;
#[cfg(feature = "sockets")]
pub use tcp::{CHUNK_MAX, CONNECTIONS_MAX, TcpConnection, TcpListener, tcp, tcp_listen};
pub use time::{sampler, ticker};
#[cfg(feature = "sockets")]
pub use udp::{Datagram, UdpSocket, udp};
