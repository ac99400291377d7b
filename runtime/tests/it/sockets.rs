//! TCP and UDP as processes, on loopback: what ends, poison and limits mean at a connection.

use rendez_channels::{Ended, Receiver, Sender, channel, channel_bounded};
use rendez_runtime::toolkit::*;
use rendez_runtime::{Outcome, RunOptions, Spawned, par, run, spawn};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::timeout;

const LOOPBACK: &str = "127.0.0.1:0";
/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(20);
/// What would not come is not waited for any longer.
const MOMENT: Duration = Duration::from_millis(300);

/// Runs something that is over soon, or fails.
fn soon(body: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
    run(async { timeout(PATIENCE, body).await.expect("it is over soon") })
}

/// One side of a connection that is served.
struct Side {
    write: Sender<Vec<u8>>,
    read: Receiver<Vec<u8>>,
    serving: Spawned<()>,
    peer: SocketAddr,
}

impl Side {
    fn serve(connection: TcpConnection) -> Self {
        let ((write, input), (output, read)) = (channel(), channel());
        let peer = connection.peer();
        Self { write, read, serving: spawn(tcp(connection, input, output)), peer }
    }

    /// All that comes until the peer's half is closed.
    async fn read_all(&self) -> Result<Vec<u8>, Ended> {
        let mut all = Vec::new();
        while let Some(piece) = self.read.next().await? {
            assert!((1..=CHUNK_MAX).contains(&piece.len()));
            all.extend(piece);
        }
        Ok(all)
    }
}

/// A connection with itself, both of whose sides are served.
async fn connected() -> Outcome<(Side, Side)> {
    let (a, b) = unserved().await?;
    Ok((Side::serve(a), Side::serve(b)))
}

async fn unserved() -> Outcome<(TcpConnection, TcpConnection)> {
    let listener = TcpListener::bind(LOOPBACK).await?;
    let address = listener.address().to_string();
    let (tx, connections) = channel();
    let listening = spawn(tcp_listen(listener, tx));
    let ours = TcpConnection::open(&address).await?;
    let theirs = connections.recv().await?;
    listening.stop();
    Ok((ours, theirs))
}

/// What is written, of a length that tells if some of it is lost.
fn text(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n * 7 % 251) as u8).collect()
}

#[test]
fn what_goes_in_at_one_end_comes_out_at_the_other_both_ways_and_then_both_end() {
    for (there, back, piece) in [(0, 0, 1), (1, 5, 1), (300_000, 70_000, 1 + CHUNK_MAX), (40_000, 500_000, 999)] {
        soon(async move {
            let (a, b) = connected().await?;
            let (there, back) = (text(there), text(back));
            let pieces = |all: &[u8]| all.chunks(piece).map(<[u8]>::to_vec).collect::<Vec<_>>();
            let (to_b, to_a) = (pieces(&there), pieces(&back));
            par![
                source(to_b, a.write.clone()),
                source(to_a, b.write.clone()),
                async move {
                    a.write.retire();
                    let mut all = Vec::new();
                    while let Some(piece) = a.read.next().await? {
                        all.extend(piece);
                    }
                    assert!(all == back);
                    a.serving.join().await
                },
                async move {
                    b.write.retire();
                    let mut all = Vec::new();
                    while let Some(piece) = b.read.next().await? {
                        all.extend(piece);
                    }
                    assert!(all == there);
                    b.serving.join().await
                },
            ]
            .await
        })
        .unwrap();
    }
}

#[test]
fn who_has_said_all_is_still_answered() {
    soon(async {
        let (a, b) = connected().await?;
        a.write.send(b"question".to_vec()).await?;
        a.write.retire();
        assert_eq!(b.read_all().await?, b"question", "our half is closed");
        b.write.send(b"answer".to_vec()).await?;
        assert_eq!(a.read.recv().await?, b"answer", "theirs is not");
        b.write.retire();
        assert_eq!(a.read.next().await?, None);
        a.serving.join().await?;
        b.serving.join().await
    })
    .unwrap();
}

/// How one side can end early, in words and in deeds.
type EarlyEnd = (&'static str, fn(Side));

const EARLY_ENDS: [EarlyEnd; 4] = [
    ("poison", |side| side.write.poison("the well is bad")),
    ("nobody receives", |side| {
        let Side { write, read, serving, .. } = side;
        drop(read);
        drop((serving, write));
    }),
    ("its scope ends it", |side| side.serving.stop()),
    ("it is killed with its ends", |side| {
        side.serving.stop();
        drop(side);
    }),
];

#[test]
fn what_is_cut_short_is_a_failure_to_the_peer_that_names_us_and_poisons_what_it_feeds() {
    for (how, end) in EARLY_ENDS {
        soon(async move {
            let (a, b) = connected().await?;
            let (us, ours) = (b.peer.to_string(), a.serving.process());
            a.write.send(b"some".to_vec()).await?;
            assert_eq!(b.read.recv().await?, b"some");
            end(a);
            let ended = timeout(PATIENCE, b.read.recv()).await.expect("it hears of it").unwrap_err();
            assert!(matches!(ended, Ended::Poisoned(_)), "{how}: {ended}");
            let failure = b.serving.join().await.unwrap_err();
            let text = failure.to_string();
            assert!(text.contains(&us) && text.contains("reset"), "{how}: {text}");
            ours.ended().await;
            Outcome::Ok(())
        })
        .unwrap_err(); // It is the scope's failure, too.
    }
}

#[test]
fn a_connection_that_nobody_serves_is_reset() {
    let outcome = soon(async {
        let (a, b) = unserved().await?;
        drop(a);
        let b = Side::serve(b);
        timeout(PATIENCE, b.serving.join()).await.expect("it hears of it")
    });
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("cannot read from `127.0.0.1:") && text.contains("reset"), "{text}");
}

#[test]
fn who_writes_is_held_up_while_nobody_takes_it_and_nothing_is_lost() {
    const PIECES: usize = 64 * 1024;
    const PIECE: usize = 1024;
    soon(async {
        let (a, b) = connected().await?;
        let (count, counted) = channel_bounded::<()>(PIECES);
        let write = a.write.clone();
        let writing = spawn(async move {
            for n in 0..PIECES {
                write.send(vec![n as u8; PIECE]).await?;
                count.send(()).await?;
            }
            Outcome::Ok(())
        });
        a.write.retire();
        // The system keeps some megabytes of the 64, and we keep a piece.
        assert!(timeout(4 * MOMENT, writing.process().ended()).await.is_err(), "all was taken by nobody");
        assert!(counted.len() < PIECES);
        let all = b.read_all().await?;
        assert!(all.len() == PIECES * PIECE && all.chunks(PIECE).enumerate().all(|(n, piece)| piece[7] == n as u8));
        writing.join().await?;
        b.write.retire();
        b.serving.join().await
    })
    .unwrap();
}

#[test]
fn a_listener_sends_each_connection_once_and_ends_when_nobody_takes_any() {
    soon(async {
        let listener = TcpListener::bind(LOOPBACK).await?;
        let address = listener.address().to_string();
        let (tx, connections) = channel();
        let listening = spawn(tcp_listen(listener, tx));
        let (mut callers, mut peers) = (vec![], BTreeSet::new());
        for _ in 0..30 {
            callers.push(TcpStream::connect(&address)?);
        }
        for _ in 0..30 {
            peers.insert(connections.recv().await?.peer());
        }
        let expected: BTreeSet<_> = callers.iter().map(|caller| caller.local_addr().unwrap()).collect();
        assert_eq!(peers, expected);
        drop(connections);
        assert!(listening.join().await.unwrap_err().is_retired());
        let refused = TcpConnection::open(&address).await.unwrap_err();
        assert_eq!(refused.source.kind(), std::io::ErrorKind::ConnectionRefused, "nobody listens any more");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn more_connections_than_the_limit_wait_until_one_ends() {
    soon(async {
        let listener = TcpListener::bind(LOOPBACK).await?.limit(2);
        let address = listener.address().to_string();
        let (tx, connections) = channel();
        let listening = spawn(tcp_listen(listener, tx));
        let _callers = [TcpStream::connect(&address)?, TcpStream::connect(&address)?, TcpStream::connect(&address)?];
        let (first, second) = (connections.recv().await?, connections.recv().await?);
        assert!(timeout(MOMENT, connections.recv()).await.is_err(), "a third, of at most two");
        drop(first);
        timeout(PATIENCE, connections.recv()).await.expect("there is a place")?;
        drop(second);
        listening.stop();
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn addresses_that_are_none_taken_or_silent_are_named() {
    soon(async {
        let listener = TcpListener::bind(LOOPBACK).await?;
        let taken = listener.address().to_string();
        let error = TcpListener::bind(&taken).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot listen at `{taken}`: ")) && error.contains("in use"), "{error}");
        drop(listener);
        let error = TcpConnection::open(&taken).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot connect to `{taken}`: ")) && error.contains("refused"), "{error}");
        for none in ["", "127.0.0.1", "127.0.0.1:70000", ":::"] {
            let errors = [
                TcpListener::bind(none).await.unwrap_err(),
                TcpConnection::open(none).await.unwrap_err(),
                UdpSocket::bind(none).await.unwrap_err(),
            ];
            assert!(errors.iter().all(|error| error.to_string().contains(&format!("`{none}`"))), "{errors:?}");
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn datagrams_arrive_whole_and_their_socket_ends_with_its_input() {
    soon(async {
        let (a, b) = (UdpSocket::bind(LOOPBACK).await?, UdpSocket::bind(LOOPBACK).await?);
        let (from, peer) = (a.address(), b.address());
        let ((to_a, a_in), (a_out, _from_a)) = (channel(), channel());
        let ((_to_b, b_in), (b_out, from_b)) = (channel(), channel());
        let (sends, _receives) = (spawn(udp(a, a_in, a_out)), spawn(udp(b, b_in, b_out)));
        for length in [0, 1, 1000, 60_000] {
            to_a.send(Datagram { peer, bytes: text(length) }).await?;
            let got = timeout(PATIENCE, from_b.recv()).await.expect("it arrives")?;
            assert_eq!(got, Datagram { peer: from, bytes: text(length) });
        }
        to_a.retire();
        sends.join().await?;
        drop(from_b);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_datagram_that_is_too_long_is_a_failure_that_names_its_peer() {
    let outcome = soon(async {
        let a = UdpSocket::bind(LOOPBACK).await?;
        let ((to_a, a_in), (a_out, _from_a)) = (channel(), channel());
        let peer: SocketAddr = "127.0.0.1:9".parse()?;
        let socket = spawn(udp(a, a_in, a_out));
        to_a.send(Datagram { peer, bytes: vec![0; 70_000] }).await?;
        socket.join().await
    });
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("cannot send to `127.0.0.1:9`"), "{text}");
}

const CHILD: &str = "RENDEZ_TEST_CROWDED";
const CALLERS: usize = 80;

/// Not a test: a server that may have few files, which ends when all have called.
#[test]
fn the_crowded() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let outcome: Outcome = RunOptions::new().run(async {
        let listener = TcpListener::bind(LOOPBACK).await?;
        println!(">{}", listener.address());
        let (tx, connections) = channel();
        let listening = spawn(tcp_listen(listener, tx));
        for _ in 0..CALLERS {
            let ((_, input), (output, read)) = (channel(), channel());
            spawn(tcp(connections.recv().await?, input, output));
            spawn(sink(read));
        }
        listening.stop();
        Outcome::Ok(())
    });
    println!(">{outcome:?}");
    std::process::exit(0);
}

#[cfg(unix)]
#[test]
fn a_listener_that_is_out_of_files_goes_on_when_some_are_closed() {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 40; exec \"$0\" --exact sockets::the_crowded --nocapture --test-threads=1"])
        .arg(program)
        .env(CHILD, "")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = || lines.find_map(|line| Some(line[line.find('>')? + 1..].to_owned()));
    let address = said().unwrap();
    // All have called before the first hangs up: more than it has files for.
    let callers: Vec<_> = (0..CALLERS).map(|_| TcpStream::connect(&address).unwrap()).collect();
    for mut caller in callers {
        // It is served, and knows that we write no more, before the next hangs up.
        caller.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        caller.read_to_end(&mut rest).unwrap();
    }
    assert_eq!(said().as_deref(), Some("Ok(())"));
    assert!(child.wait().unwrap().success());
}
