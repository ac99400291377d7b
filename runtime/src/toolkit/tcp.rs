//! TCP as processes: who listens sends connections, and a connection is bytes in, bytes out. Not for nodes of rendez, whose channels
//! cross the network by themselves (`rendez::net`).

use super::SocketError;
use crate::log::tell;
use crate::os;
use crate::{Outcome, alt, process, trace};
use rendez_channels::{Receiver, Sender, after, future};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener as Listener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many connections of one [`TcpListener`] there may be at one time, unless [`limit`](TcpListener::limit) says another number.
pub const CONNECTIONS_MAX: usize = 1024;
/// How many bytes a connection reads at most before they are taken.
pub const CHUNK_MAX: usize = 16 * 1024;
/// How long a listener waits when there is no file descriptor left.
const PAUSE: Duration = Duration::from_millis(50);

/// A socket that listens; [`tcp_listen`] accepts its connections.
///
/// From [`bind`](Self::bind) on the system completes connections by itself and keeps a number of them in its queue.
#[derive(Debug)]
pub struct TcpListener {
    socket: Listener,
    address: SocketAddr,
    places: Arc<Semaphore>,
}

impl TcpListener {
    /// Listens at an address such as `127.0.0.1:8080` or `localhost:0`; port 0 is any free one.
    ///
    /// # Errors
    /// It is no address, somebody else listens there, or it is none of this machine's; the error names it.
    ///
    /// # Cancel safety
    /// Nothing listens then.
    pub async fn bind(address: &str) -> Result<Self, SocketError> {
        let trouble = SocketError::of("listen at", address);
        let bound = async {
            let socket = Listener::bind(address).await?;
            Ok((socket.local_addr()?, socket))
        };
        let (address, socket) = bound.await.map_err(trouble)?;
        Ok(Self { socket, address, places: Arc::new(Semaphore::new(CONNECTIONS_MAX)) })
    }

    /// How many connections there may be at one time; at least one.
    #[must_use]
    pub fn limit(self, connections: usize) -> Self {
        let places = connections.clamp(1, Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), ..self }
    }

    /// Where it listens, with the port that it was given.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection, once there is a place for it.
    async fn accept(&self) -> Result<TcpConnection, SocketError> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => return Ok(TcpConnection::new(stream, peer, place)),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) if os::is_out_of_descriptors(&error) => {
                    let at = self.address;
                    tell!(warn, "a connection at {at} waits until files or sockets are closed: {error}");
                    after(PAUSE).await;
                }
                Err(error) => return Err(SocketError::of("accept at", self.address)(error)),
            }
        }
    }
}

/// Whether a connection has gone before it was accepted; the next may be well.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

/// An open connection that no process serves yet; [`tcp`] does. Dropped before, it is reset.
#[derive(Debug)]
pub struct TcpConnection {
    stream: TcpStream,
    peer: SocketAddr,
    /// Both sides have said all they had to say.
    is_over: bool,
    _place: Option<OwnedSemaphorePermit>,
}

impl TcpConnection {
    /// Connects to an address such as `127.0.0.1:8080` or `example.org:80`. It takes as long as the system tries: put a `within` around
    /// it, if that is too long.
    ///
    /// # Errors
    /// It is no address, or nobody answers there; the error names it.
    ///
    /// # Cancel safety
    /// The connection is not made, or closed.
    pub async fn open(address: &str) -> Result<Self, SocketError> {
        let trouble = SocketError::of("connect to", address);
        let opened = async {
            let stream = TcpStream::connect(address).await?;
            Ok((stream.peer_addr()?, stream))
        };
        let (peer, stream) = opened.await.map_err(trouble)?;
        Ok(Self::new(stream, peer, None))
    }

    fn new(stream: TcpStream, peer: SocketAddr, place: Option<OwnedSemaphorePermit>) -> Self {
        // A piece that is sent is to go now; one that cannot have it so goes a little later.
        let _ = stream.set_nodelay(true);
        Self { stream, peer, is_over: false, _place: place }
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }
}

impl Drop for TcpConnection {
    /// What was cut short must not look like an end to the peer.
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.stream.set_zero_linger();
        }
    }
}

/// Accepts connections and sends each; when all have their places taken it waits for one that is dropped or ends.
///
/// At most [`TcpListener::limit`] connections are there at one time; further ones wait in the system's queue, which is bounded too.
/// It does not accept before the one before is taken, and ends when nobody takes any. A connection that is gone before it is
/// accepted is passed over, and where files run out it waits for some; all else is a failure that names the address.
///
/// Law: each connection made comes out once.
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::toolkit::{TcpConnection, TcpListener, collect, source, tcp, tcp_listen};
/// use rendez_runtime::{Outcome, par, run, spawn};
///
/// // A server that sends back what it gets, and one who calls it.
/// let echoed = run(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let address = listener.address().to_string();
///     let (tx, connections) = channel();
///     let server = spawn(tcp_listen(listener, tx));
///     let echo = spawn(async move {
///         while let Some(connection) = connections.next().await? {
///             let (output, input) = channel();
///             spawn(tcp(connection, input, output)); // What comes out of it goes into it.
///         }
///         Outcome::Ok(())
///     });
///
///     let ((to, from_us), (to_us, from)) = (channel(), channel());
///     let call = tcp(TcpConnection::open(&address).await?, from_us, to_us);
///     let ((), (), answer) = par![source([b"hello".to_vec()], to), call, collect(from)].values().await?;
///     server.stop();
///     echo.join().await?;
///     Outcome::Ok(answer.concat())
/// });
/// assert_eq!(echoed.unwrap(), b"hello");
/// ```
#[process]
pub async fn tcp_listen(listener: TcpListener, output: Sender<TcpConnection>) -> Outcome {
    loop {
        let mut accepting = pin!(listener.accept());
        let connection = alt! {
            accepted = future(accepting.as_mut()) => accepted?,
            ended = output.closed() => return Err(ended.into()),
        };
        output.send(connection).await?;
    }
}

/// Serves a connection: what comes in is written to the peer, what the peer writes goes out in pieces of up to [`CHUNK_MAX`] bytes.
///
/// Ends of channels and of the connection mean each other:
///
/// | here | at the connection |
/// |---|---|
/// | the input ends | our half is closed; the peer may still write |
/// | the peer closes its half, or all | the output ends, once all is taken; what comes in is still written |
/// | both have ended | it is closed, and this process ends |
/// | the input is poisoned, nobody receives the output, its scope ends it | it is reset: the peer sees an error, not an end of work |
/// | the output is poisoned, and this process fails and names the peer | the peer resets it, or is gone |
///
/// Nothing is kept but one piece each way: the peer is held up while nobody takes what it writes, and who sends here while the peer
/// does not read. Pieces are not messages: their borders are the network's, see [`lines`](super::lines).
///
/// Law: what goes in at one end of a connection comes out at the other, as bytes, in order.
#[process]
pub async fn tcp(connection: TcpConnection, input: Receiver<Vec<u8>>, output: Sender<Vec<u8>>) -> Outcome {
    let mut connection = connection;
    let peer = connection.peer;
    let (from, to) = connection.stream.split();
    // What is read is on behalf of nobody here, whatever is written beside it.
    let (mut writing, mut reading) =
        (pin!(write(input, to, peer)), pin!(trace::within(None, read(from, output, peer))));
    let (mut writes, mut reads) = (true, true);
    while writes || reads {
        alt! {
            written = future(writing.as_mut()), if writes => {
                written?;
                writes = false;
            }
            read = future(reading.as_mut()), if reads => {
                read?;
                reads = false;
            }
        }
    }
    connection.is_over = true;
    Ok(())
}

/// Writes until there is no more, then closes our half.
async fn write(input: Receiver<Vec<u8>>, mut to: WriteHalf<'_>, peer: SocketAddr) -> Outcome {
    while let Some(piece) = input.next().await? {
        to.write_all(&piece).await.map_err(SocketError::of("write to", peer))?;
    }
    match to.shutdown().await {
        // The peer has gone meanwhile, and had got all.
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
        closed => Ok(closed.map_err(SocketError::of("close the way to", peer))?),
    }
}

/// Reads until the peer closes its half. A piece has its memory only once there is something to read.
async fn read(from: ReadHalf<'_>, output: Sender<Vec<u8>>, peer: SocketAddr) -> Outcome {
    loop {
        let mut readable = pin!(from.readable());
        let ready = alt! {
            ready = future(readable.as_mut()) => ready,
            ended = output.closed() => return Err(ended.into()),
        };
        let mut piece = Vec::with_capacity(CHUNK_MAX);
        match ready.and_then(|()| from.try_read_buf(&mut piece)) {
            Ok(0) => return Ok(()),
            Ok(_) => {
                piece.shrink_to_fit();
                output.send(piece).await?;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(SocketError::of("read from", peer)(error).into()),
        }
    }
}
