//! The transport: QUIC with mutual TLS and raw public keys. The only file that names quinn and rustls.
//!
//! An [`Endpoint`] makes [`Link`]s to peers whose key is proven by the handshake; a link carries byte streams. What the
//! bytes mean is not known here.

use crate::error::{NetError, Reason};
use crate::identity::{Identity, NodeId};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ConnectionError, ReadError, Runtime, TransportErrorCode, VarInt, WriteError};
use rendez_wire::FrameReader;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, SignatureScheme};
use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// The protocol's name in the TLS handshake. The version of the frames is told in the hello.
const ALPN: &[u8] = b"rendez/1";
/// QUIC wants a server name; keys identify nodes, so that it says nothing.
const SERVER_NAME: &str = "rendez";
/// DER before the 32 bytes of an Ed25519 public key (RFC 8410).
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// The TLS alert of a peer that does not admit our key: access_denied (RFC 8446).
const ALERT_ACCESS_DENIED: u8 = 49;

/// Largest UDP payload on loopback. Ten offloaded segments of more than 6,550 bytes pass the kernel's 64 KiB and are
/// dropped without a word; an initial MTU of 2^14 or more panics in quinn's handshake.
const LOOPBACK_MTU: u16 = 6_500;
/// What a round trip on loopback is taken to last before one was seen; quinn's own 333 ms makes a silent peer cost 3 s.
const LOOPBACK_RTT: Duration = Duration::from_millis(25);
/// Bytes under way on one stream, and on one connection: what a peer can make us hold.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// Connections whose handshake is not finished, and bytes kept for them.
const INCOMING_MAX: usize = 64;
const INCOMING_BYTES_MAX: u64 = 1 << 20;
/// How often it is looked whether the socket is free.
const RELEASE_POLL: Duration = Duration::from_millis(1);
/// The most that one read takes from a stream.
const READ_MAX: usize = 64 << 10;

/// Settings of the transport that a user may want to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    /// A peer that is silent for this long is lost. Default 3 s.
    pub idle_timeout: Duration,
    /// How often an idle connection shows that it lives. Default 500 ms.
    pub keep_alive: Duration,
    /// Streams that a peer may have open: one for each remote channel end, and one more. Default 128. Each costs
    /// some tens of bytes on both sides from the start.
    pub streams: u32,
}

impl Default for Transport {
    fn default() -> Self {
        Self { idle_timeout: Duration::from_secs(3), keep_alive: Duration::from_millis(500), streams: 128 }
    }
}

/// This node's UDP socket.
pub(crate) struct Endpoint {
    inner: Mutex<Option<quinn::Endpoint>>,
    /// The socket, for as long as quinn's tasks hold it.
    held: Weak<dyn quinn::AsyncUdpSocket>,
    tls: Tls,
    transport: Transport,
    address: SocketAddr,
}

impl Endpoint {
    pub(crate) fn bind(identity: &Identity, listen: SocketAddr, transport: Transport) -> Result<Self, NetError> {
        let tls = Tls::new(identity)?;
        let listening = |error: std::io::Error| match error.kind() {
            ErrorKind::AddrInUse => NetError::AddressInUse { address: listen },
            _ => NetError::Listen { address: listen, why: error.to_string() },
        };
        let socket = std::net::UdpSocket::bind(listen).map_err(listening)?;
        let mut config = quinn::EndpointConfig::default();
        if listen.ip().is_loopback() {
            config.max_udp_payload_size(LOOPBACK_MTU).map_err(|e| tls_failed(&e))?;
        }
        let server = server_config(tls.server(&Door::closed())?, listen, &transport);
        let runtime = Arc::new(quinn::TokioRuntime);
        let socket = runtime.wrap_udp_socket(socket).map_err(listening)?;
        let held = Arc::downgrade(&socket);
        let inner =
            quinn::Endpoint::new_with_abstract_socket(config, Some(server), socket, runtime).map_err(listening)?;
        let address = inner.local_addr().map_err(listening)?;
        Ok(Self { inner: Mutex::new(Some(inner)), held, tls, transport, address })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connects to the node of this id. The peer may still refuse: it has admitted us when it has said something.
    pub(crate) async fn connect(&self, to: SocketAddr, expected: NodeId) -> Result<Link, NetError> {
        let door = Door::only(expected);
        let unreachable = |why: String| NetError::Unreachable { address: to, peer: expected, why };
        let mut config = quinn::ClientConfig::new(self.tls.client(&door)?);
        config.transport_config(transport_config(to, &self.transport));
        let endpoint = self.get().ok_or(NetError::ShutDown)?;
        let connecting = endpoint.connect_with(config, to, SERVER_NAME).map_err(|e| unreachable(e.to_string()))?;
        drop(endpoint);
        let connection = connecting.await.map_err(|error| match door.knocked() {
            Some(found) if found != expected => NetError::WrongPeer { address: to, expected, found },
            _ if is_refusal(&error) => NetError::NotAdmitted { address: to, peer: expected, me: self.tls.id },
            _ => unreachable(self.reason(&error).to_string()),
        })?;
        Ok(Link::new(expected, connection, &self.transport))
    }

    /// The next peer that knocks; `None` once the endpoint is closed.
    pub(crate) async fn accept(&self) -> Option<Knock> {
        self.get()?.accept().await.map(Knock)
    }

    /// Does the handshake with a peer that knocked, if `admits` its key.
    pub(crate) async fn admit(
        &self,
        knock: Knock,
        admits: impl Fn(&NodeId) -> bool + Send + Sync + 'static,
    ) -> Admission {
        let address = knock.0.remote_address();
        let door = Door::new(Box::new(admits));
        let failed = |why: String| Admission::Failed { address, why };
        let tls = match self.tls.server(&door) {
            Ok(tls) => tls,
            Err(error) => return failed(error.to_string()),
        };
        let config = server_config(tls, self.address, &self.transport);
        let connecting = match knock.0.accept_with(Arc::new(config)) {
            Ok(connecting) => connecting,
            Err(error) => return failed(self.reason(&error).to_string()),
        };
        match (connecting.await, door.knocked()) {
            (Ok(connection), Some(peer)) => Admission::Admitted(Link::new(peer, connection, &self.transport)),
            (Err(_), Some(id)) if !(door.admits)(&id) => Admission::Refused { id, address },
            (Err(error), _) => failed(self.reason(&error).to_string()),
            (Ok(_), None) => failed("the peer showed no key".to_owned()),
        }
    }

    /// Ends all links, telling the peers why.
    pub(crate) fn close(&self, code: Code) {
        if let Some(endpoint) = self.get() {
            endpoint.close(code.number(), b"");
        }
    }

    /// Waits until the peers know of the end of their links, or are lost.
    pub(crate) async fn closed(&self) {
        if let Some(endpoint) = self.get() {
            endpoint.wait_idle().await;
        }
    }

    /// Gives the socket back to the system as soon as no link uses it.
    pub(crate) fn release(&self) {
        let endpoint = self.inner.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(endpoint);
    }

    /// Waits until the system has the socket back, after [`release`](Self::release).
    pub(crate) async fn released(&self) {
        // Quinn's tasks drop it when they are polled next, and tell nobody.
        while self.held.strong_count() > 0 {
            tokio::time::sleep(RELEASE_POLL).await;
        }
    }

    fn get(&self) -> Option<quinn::Endpoint> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reason(&self, error: &ConnectionError) -> Reason {
        reason(error, self.transport.idle_timeout)
    }
}

/// A peer that wants to connect, its key not seen yet.
pub(crate) struct Knock(quinn::Incoming);

impl Knock {
    /// Turns it away without a handshake: there is no room.
    pub(crate) fn turn_away(self) {
        self.0.refuse();
    }
}

/// What became of a peer that knocked.
pub(crate) enum Admission {
    /// Its key is admitted.
    Admitted(Link),
    /// Its key is not.
    Refused { id: NodeId, address: SocketAddr },
    /// The handshake failed.
    Failed { address: SocketAddr, why: String },
}

/// Why a side closes a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Its work is done.
    Goodbye,
    /// The other side broke the protocol.
    Protocol,
    /// It has as many peers as it may.
    Busy,
}

impl Code {
    fn number(self) -> VarInt {
        VarInt::from_u32(self as u32)
    }
}

/// A connection with a peer whose key is proven. Clones are the same connection.
#[derive(Clone)]
pub(crate) struct Link {
    peer: NodeId,
    address: SocketAddr,
    idle_timeout: Duration,
    /// `None` once released: then nothing of it is left, whoever still holds the link.
    connection: Arc<Mutex<Option<quinn::Connection>>>,
}

impl Link {
    fn new(peer: NodeId, connection: quinn::Connection, transport: &Transport) -> Self {
        let (address, idle_timeout) = (connection.remote_address(), transport.idle_timeout);
        Self { peer, address, idle_timeout, connection: Arc::new(Mutex::new(Some(connection))) }
    }

    pub(crate) const fn peer(&self) -> NodeId {
        self.peer
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens a stream. Waits while the peer has as many as it allows.
    pub(crate) async fn open(&self) -> Result<(Writer, Reader), Reason> {
        let (writer, reader) = self.get()?.open_bi().await.map_err(|e| self.reason(&e))?;
        Ok(self.halves(writer, reader))
    }

    /// The next stream that the peer opens.
    pub(crate) async fn accept(&self) -> Result<(Writer, Reader), Reason> {
        let (writer, reader) = self.get()?.accept_bi().await.map_err(|e| self.reason(&e))?;
        Ok(self.halves(writer, reader))
    }

    pub(crate) fn close(&self, code: Code, why: &str) {
        if let Ok(connection) = self.get() {
            connection.close(code.number(), why.as_bytes());
        }
    }

    /// Lets go of the connection, which has ended.
    pub(crate) fn release(&self) {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(connection);
    }

    /// Waits for the end of the link.
    pub(crate) async fn closed(&self) -> Reason {
        match self.get() {
            Ok(connection) => self.reason(&connection.closed().await),
            Err(reason) => reason,
        }
    }

    /// Whether the link ended because the peer does not admit this node.
    pub(crate) fn is_refused(&self) -> bool {
        self.get().is_ok_and(|connection| connection.close_reason().is_some_and(|error| is_refusal(&error)))
    }

    fn get(&self) -> Result<quinn::Connection, Reason> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Reason::Closed)
    }

    fn reason(&self, error: &ConnectionError) -> Reason {
        reason(error, self.idle_timeout)
    }

    fn halves(&self, writer: quinn::SendStream, reader: quinn::RecvStream) -> (Writer, Reader) {
        (Writer { inner: writer, link: self.clone() }, Reader { inner: reader, link: self.clone() })
    }
}

/// The half of a stream that bytes go into. Dropped, it ends the stream after what was written.
pub(crate) struct Writer {
    inner: quinn::SendStream,
    link: Link,
}

impl Writer {
    /// Writes some of the bytes: how many.
    ///
    /// # Cancel safety
    /// A dropped write wrote nothing.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<usize, Reason> {
        self.inner.write(bytes).await.map_err(|error| match error {
            WriteError::ConnectionLost(error) => self.link.reason(&error),
            other => Reason::Transport(other.to_string()),
        })
    }

    /// Writes all bytes.
    pub(crate) async fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), Reason> {
        while !bytes.is_empty() {
            let written = self.write(bytes).await?;
            bytes = &bytes[written..];
        }
        Ok(())
    }

    /// Waits until the peer has everything, after [`finish`](Self::finish).
    pub(crate) async fn delivered(&self) {
        // An error says that the connection is gone, and so is the question.
        let _ = self.inner.stopped().await;
    }

    /// Ends the stream; what was written still arrives.
    pub(crate) fn finish(&mut self) {
        // An error says that the stream has ended already.
        let _ = self.inner.finish();
    }
}

/// The half of a stream that bytes come out of.
pub(crate) struct Reader {
    inner: quinn::RecvStream,
    link: Link,
}

impl Reader {
    /// Reads what has arrived, at least one byte; `false` at the end of the stream.
    ///
    /// # Cancel safety
    /// A dropped read took nothing.
    pub(crate) async fn read(&mut self, into: &mut FrameReader) -> Result<bool, Reason> {
        match self.inner.read_chunk(READ_MAX, true).await {
            Ok(Some(chunk)) => {
                into.push(&chunk.bytes);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(ReadError::ConnectionLost(error)) => Err(self.link.reason(&error)),
            Err(other) => Err(Reason::Transport(other.to_string())),
        }
    }
}

fn reason(error: &ConnectionError, idle_timeout: Duration) -> Reason {
    match error {
        ConnectionError::TimedOut => Reason::Silent(idle_timeout),
        ConnectionError::LocallyClosed => Reason::Closed,
        ConnectionError::ApplicationClosed(close) if close.error_code == Code::Goodbye.number() => Reason::Left,
        ConnectionError::ApplicationClosed(close) => Reason::Dismissed(printable(&close.reason)),
        ConnectionError::Reset => Reason::Transport("it was restarted and does not know this connection".to_owned()),
        other => Reason::Transport(other.to_string()),
    }
}

/// Words of a peer, made fit to print.
fn printable(bytes: &[u8]) -> String {
    const MAX: usize = 200;
    String::from_utf8_lossy(bytes).chars().take(MAX).map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn is_refusal(error: &ConnectionError) -> bool {
    let denied = TransportErrorCode::crypto(ALERT_ACCESS_DENIED);
    match error {
        ConnectionError::ConnectionClosed(close) => close.error_code == denied,
        ConnectionError::TransportError(error) => error.code == denied,
        _ => false,
    }
}

fn server_config(tls: Arc<QuicServerConfig>, at: SocketAddr, transport: &Transport) -> quinn::ServerConfig {
    let mut config = quinn::ServerConfig::with_crypto(tls);
    config.transport_config(transport_config(at, transport));
    config.max_incoming(INCOMING_MAX).incoming_buffer_size_total(INCOMING_BYTES_MAX);
    config.migration(false);
    config
}

fn transport_config(path: SocketAddr, transport: &Transport) -> Arc<quinn::TransportConfig> {
    let mut config = quinn::TransportConfig::default();
    // A timeout too long for QUIC's integers is as good as none.
    config.max_idle_timeout(transport.idle_timeout.try_into().ok());
    config.keep_alive_interval(Some(transport.keep_alive));
    config.max_concurrent_bidi_streams(transport.streams.into());
    config.max_concurrent_uni_streams(0_u32.into());
    config.datagram_receive_buffer_size(None);
    config.stream_receive_window(STREAM_WINDOW.into());
    config.receive_window(CONNECTION_WINDOW.into());
    config.send_window(CONNECTION_WINDOW.into());
    if path.ip().is_loopback() {
        let mut discovery = quinn::MtuDiscoveryConfig::default();
        discovery.upper_bound(LOOPBACK_MTU);
        config.initial_mtu(LOOPBACK_MTU).mtu_discovery_config(Some(discovery)).initial_rtt(LOOPBACK_RTT);
    }
    Arc::new(config)
}

/// The key of this node and what TLS needs with it.
struct Tls {
    id: NodeId,
    key: Arc<CertifiedKey>,
    provider: Arc<CryptoProvider>,
}

impl Tls {
    fn new(identity: &Identity) -> Result<Self, NetError> {
        let signer =
            ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(identity.pkcs8())).map_err(|e| tls_failed(&e))?;
        let spki = [SPKI_HEAD.as_slice(), identity.id().as_bytes()].concat();
        let key = Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki)], signer));
        Ok(Self { id: identity.id(), key, provider: Arc::new(ring::default_provider()) })
    }

    fn server(&self, door: &Arc<Door>) -> Result<Arc<QuicServerConfig>, NetError> {
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|e| tls_failed(&e))?
            .with_client_cert_verifier(Arc::new(Verifier::new(door, &self.provider)))
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(Arc::clone(&self.key))));
        config.alpn_protocols = vec![ALPN.to_vec()];
        // No resumption: each connection proves its key anew.
        config.send_tls13_tickets = 0;
        QuicServerConfig::try_from(config).map(Arc::new).map_err(|e| tls_failed(&e))
    }

    fn client(&self, door: &Arc<Door>) -> Result<Arc<QuicClientConfig>, NetError> {
        let mut config = rustls::ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|e| tls_failed(&e))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier::new(door, &self.provider)))
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(Arc::clone(&self.key))));
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        QuicClientConfig::try_from(config).map(Arc::new).map_err(|e| tls_failed(&e))
    }
}

fn tls_failed(error: &dyn fmt::Display) -> NetError {
    NetError::Key { why: error.to_string() }
}

/// Whose key may pass in one handshake, and whose was shown.
struct Door {
    admits: Box<dyn Fn(&NodeId) -> bool + Send + Sync>,
    knocked: Mutex<Option<NodeId>>,
}

impl Door {
    fn new(admits: Box<dyn Fn(&NodeId) -> bool + Send + Sync>) -> Arc<Self> {
        Arc::new(Self { admits, knocked: Mutex::new(None) })
    }

    fn only(id: NodeId) -> Arc<Self> {
        Self::new(Box::new(move |shown| *shown == id))
    }

    fn closed() -> Arc<Self> {
        Self::new(Box::new(|_| false))
    }

    fn knocked(&self) -> Option<NodeId> {
        *self.knocked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, certificate: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        let key = certificate.strip_prefix(&SPKI_HEAD).and_then(|key| key.try_into().ok());
        let id = NodeId(key.ok_or(rustls::Error::InvalidCertificate(CertificateError::BadEncoding))?);
        *self.knocked.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
        if (self.admits)(&id) {
            Ok(())
        } else {
            Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }
}

/// A door in the shape that rustls asks for.
struct Verifier {
    door: Arc<Door>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn new(door: &Arc<Door>, provider: &CryptoProvider) -> Self {
        Self { door: Arc::clone(door), algorithms: provider.signature_verification_algorithms }
    }

    fn tls13(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let key = SubjectPublicKeyInfoDer::from(certificate.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

/// What both verifiers have in common: raw Ed25519 keys and TLS 1.3 only.
macro_rules! raw_ed25519_only {
    () => {
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Err(rustls::Error::General("TLS 1.3 only".to_owned()))
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            self.tls13(message, certificate, signed)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ED25519]
        }

        fn requires_raw_public_keys(&self) -> bool {
            true
        }
    };
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.door.pass(certificate).map(|()| ServerCertVerified::assertion())
    }

    raw_ed25519_only!();
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.door.pass(certificate).map(|()| ClientCertVerified::assertion())
    }

    raw_ed25519_only!();
}
