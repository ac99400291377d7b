//! UDP as a process: datagrams in, datagrams out. What the network loses is lost.

use super::SocketError;
use crate::{Outcome, alt, process, trace};
use rendez_channels::{Receiver, Sender, future};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use tokio::net::UdpSocket as Socket;

/// How many bytes a datagram can have.
const DATAGRAM_MAX: usize = 65_535;

/// What goes over UDP: some bytes, and who has sent them or is to get them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The other side.
    pub peer: SocketAddr,
    /// At most 65,507 over IPv4; more is a failure.
    pub bytes: Vec<u8>,
}

/// A UDP socket that no process serves yet; [`udp`] does.
#[derive(Debug)]
pub struct UdpSocket {
    socket: Socket,
    address: SocketAddr,
}

impl UdpSocket {
    /// A socket at an address such as `127.0.0.1:5353`; port 0 is any free one.
    ///
    /// # Errors
    /// It is no address, somebody else has it, or it is none of this machine's; the error names it.
    ///
    /// # Cancel safety
    /// There is no socket then.
    pub async fn bind(address: &str) -> Result<Self, SocketError> {
        let trouble = SocketError::of("bind to", address);
        let bound = async {
            let socket = Socket::bind(address).await?;
            Ok((socket.local_addr()?, socket))
        };
        let (address, socket) = bound.await.map_err(trouble)?;
        Ok(Self { socket, address })
    }

    /// Where it is, with the port that it was given.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Sends what comes in to the peers it names, and what comes from the network goes out. It ends with its input, or when nobody receives.
///
/// Datagrams that come while the last one is not taken wait with the system; when its buffer is full it drops them, as UDP does, and
/// nobody is told. One that cannot be sent is a failure that names its peer.
///
/// Law: what comes out was sent to this socket, each datagram whole; on a quiet machine all of it, in order.
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::toolkit::{Datagram, UdpSocket, udp};
/// use rendez_runtime::{Outcome, run, spawn};
///
/// let heard = run(async {
///     let (a, b) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
///     let peer = b.address();
///     let ((speak, a_in), (a_out, _quiet)) = (channel(), channel());
///     let ((_silent, b_in), (b_out, hear)) = (channel(), channel());
///     let both = [spawn(udp(a, a_in, a_out)), spawn(udp(b, b_in, b_out))];
///     speak.send(Datagram { peer, bytes: b"anybody there?".to_vec() }).await?;
///     let heard = hear.recv().await?;
///     both.iter().for_each(|socket| socket.stop());
///     Outcome::Ok(heard.bytes)
/// });
/// assert_eq!(heard.unwrap(), b"anybody there?");
/// ```
#[process]
pub async fn udp(socket: UdpSocket, input: Receiver<Datagram>, output: Sender<Datagram>) -> Outcome {
    let UdpSocket { socket, address } = socket;
    // What is received is on behalf of nobody here, whatever is sent beside it.
    let receiving = trace::within(None, receive(output, &socket, address));
    let (mut sending, mut receiving) = (pin!(send(input, &socket)), pin!(receiving));
    alt! {
        sent = future(sending.as_mut()) => sent,
        received = future(receiving.as_mut()) => received,
    }
}

async fn send(input: Receiver<Datagram>, socket: &Socket) -> Outcome {
    while let Some(Datagram { peer, bytes }) = input.next().await? {
        socket.send_to(&bytes, peer).await.map_err(SocketError::of("send to", peer))?;
    }
    Ok(())
}

async fn receive(output: Sender<Datagram>, socket: &Socket, address: SocketAddr) -> Outcome {
    let mut bytes = vec![0; DATAGRAM_MAX];
    loop {
        let mut readable = pin!(socket.readable());
        let ready = alt! {
            ready = future(readable.as_mut()) => ready,
            ended = output.closed() => return Err(ended.into()),
        };
        match ready.and_then(|()| socket.try_recv_from(&mut bytes)) {
            Ok((length, peer)) => output.send(Datagram { peer, bytes: bytes[..length].to_vec() }).await?,
            // Some systems say here that an earlier datagram has not arrived.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionReset) => {}
            Err(error) => return Err(SocketError::of("receive at", address)(error).into()),
        }
    }
}
