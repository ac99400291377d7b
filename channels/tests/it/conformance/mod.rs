//! The conformance suite of channels and choice: what every transport has to do. It knows no transport itself.
//!
//! A row is an async function over a [`Net`], which opens channels and starts processes. Who runs the suite brings a
//! [`Transport`] and a macro `rows!`, which makes a test of each row. A row settles before it looks at what was done at
//! another end: by a `try_`, an `else`, or a poll by hand.
//!
//! Its sources, each row's in the words above it:
//! - *Q1* to *Q18*, the questions that CSP libraries have answered wrongly (Q17, a partial deadlock is named, is of processes);
//! - PyCSP's test suite (its processes on other machines and its blocking I/O are of processes, too);
//! - Go's tests of channels and `select`. Left out is what is of its language and its collector: perm.go (the types forbid
//!   it), sendstmt.go, select4.go and select5.go but for what they run (how expressions are evaluated), select8.go (`break`
//!   and `goto`), select2.go (memory; Q18 asks the same), sends of interfaces, stacks that shrink, write barriers, the race
//!   detector; and closing twice, which the types forbid;
//! - crossbeam-channel's tests of channels and selection. Left out is what is of its macro's syntax (that is tested with
//!   `alt!`), of `Select`'s unfinished operations (a guard of ours is finished by its choice), of `tick` and `never` (no
//!   such channels: a timer made anew, and a guard whose condition does not hold), and of the modules `ready` and `mpsc`.

mod crossbeam_channels;
mod crossbeam_choice;
mod go_channels;
mod go_choice;
mod go_programs;
mod net;
mod pycsp;
mod questions;

pub(crate) use net::{Net, On, Transport, Value, run};

use rendez::Receiver;

/// All that comes until the channel is retired.
async fn drain<V: Value>(rx: &Receiver<V>) -> Vec<V> {
    let mut seen = Vec::new();
    while let Some(value) = rx.next().await.expect("nobody poisons it") {
        seen.push(value);
    }
    seen
}
