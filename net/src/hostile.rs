//! A peer that is admitted and then hostile: what it costs, and that others do not notice. Tests only.

use crate::proto::{ChannelControl, ControlFrame, Direction, Hello, ProtocolError, Raw, put};
use crate::quic::{Code, Endpoint, Link, Reader, Writer};
use crate::{Admit, Config, Identity, Node, NodeEvent, Reason, Transport};
use rendez_channels::{Ended, Loss, Receiver, Sender, channel};
use rendez_wire::{FRAME_MAX, FrameReader, fingerprint};
use std::future::Future;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// A node with a channel that takes numbers, a friend that uses it, and a foe that is admitted too.
struct Scene {
    hub: Node,
    events: Receiver<NodeEvent>,
    input: Receiver<u32>,
    friend: Node,
    friendly: Sender<u32>,
    foe: Endpoint,
}

impl Scene {
    async fn new() -> Self {
        let hub = Node::bind(Config::new("hub", Identity::generate().unwrap())).unwrap();
        let friend = Node::bind(Config::new("friend", Identity::generate().unwrap())).unwrap();
        let foe_key = Identity::generate().unwrap();
        [friend.id(), foe_key.id()].into_iter().for_each(|id| hub.admit().add(id));
        let (results, input) = channel();
        let options = crate::Publish { on_loss: crate::OnLoss::RetireEnd, ..crate::Publish::default() };
        hub.publish_sender_with("results", results, options).unwrap();
        let peer = friend.connect(hub.address(), hub.id()).await.unwrap();
        let friendly = peer.sender("results").await.unwrap();
        let foe = Endpoint::bind(&foe_key, "127.0.0.1:0".parse().unwrap(), Transport::default()).unwrap();
        let events = hub.events();
        Self { hub, events, input, friend, friendly, foe }
    }

    async fn connect(&self) -> Foe {
        let link = self.foe.connect(self.hub.address(), self.hub.id()).await.unwrap();
        let (mut writer, reader) = link.open().await.unwrap();
        writer.write_all(&frame(&Hello::ours("foe"))).await.unwrap();
        let mut foe = Foe { link, writer, reader };
        foe.hear().await;
        foe
    }

    /// The foe is lost for breaking the protocol, in these words, and the friend goes on.
    async fn ends_with(self, foe: &Foe, error: ProtocolError) {
        let told = foe.link.closed().await;
        assert_eq!(told, Reason::Dismissed(error.to_string()));
        let lost = loop {
            if let NodeEvent::Lost { name, reason, .. } = self.events.recv().await.unwrap() {
                break (name, reason);
            }
        };
        assert_eq!(lost, ("foe".to_owned(), Reason::Protocol(error)));
        self.friend_goes_on().await;
    }

    async fn friend_goes_on(self) {
        self.friendly.send(42).await.unwrap();
        while self.input.recv().await.unwrap() != 42 {}
        self.friend.shutdown().await;
        self.hub.shutdown().await;
    }
}

struct Foe {
    link: Link,
    writer: Writer,
    reader: Reader,
}

impl Foe {
    async fn say(&mut self, bytes: &[u8]) {
        // The hub may have hung up in the middle of it.
        let _ = self.writer.write_all(bytes).await;
    }

    async fn hear(&mut self) {
        assert!(self.reader.read(&mut FrameReader::new()).await.unwrap());
    }

    /// Opens the channel as it should be opened.
    async fn open(&self) -> Self {
        let (writer, reader) = self.link.open().await.unwrap();
        let mut line = Self { link: self.link.clone(), writer, reader };
        let fingerprint = fingerprint::<u32>().0;
        let open =
            ChannelControl::Open { name: "results", direction: Direction::Send, label: "u32", fingerprint, window: 0 };
        line.say(&frame(&open)).await;
        line.hear().await;
        line
    }
}

fn frame<F: serde::Serialize>(frame: &F) -> Vec<u8> {
    let mut out = vec![];
    put(&mut out, frame).unwrap();
    out
}

fn body(bytes: &[u8]) -> Vec<u8> {
    let mut out = (bytes.len() as u32).to_le_bytes().to_vec();
    out.extend(bytes);
    out
}

async fn bounded(test: impl Future<Output = ()>) {
    tokio::time::timeout(PATIENCE, test).await.expect("it ends in time");
}

#[tokio::test]
async fn garbage_on_the_control_stream() {
    bounded(async {
        let scene = Scene::new().await;
        let mut foe = scene.connect().await;
        foe.say(&body(&[0xee; 40])).await;
        let Reason::Dismissed(why) = foe.link.closed().await else { panic!("the hub hangs up") };
        assert!(why.starts_with("a malformed frame: cannot decode `ControlFrame`"), "{why}");
        scene.friend_goes_on().await;
    })
    .await;
}

#[tokio::test]
async fn garbage_in_place_of_a_hello() {
    bounded(async {
        let scene = Scene::new().await;
        let link = scene.foe.connect(scene.hub.address(), scene.hub.id()).await.unwrap();
        let (mut writer, _reader) = link.open().await.unwrap();
        writer.write_all(&frame(&ControlFrame::Found { request: 1, actor: 1 })).await.unwrap();
        assert_eq!(link.closed().await, Reason::Dismissed("unexpected frame before the hello".into()));
        scene.friend_goes_on().await;
    })
    .await;
}

#[tokio::test]
async fn another_version() {
    bounded(async {
        let scene = Scene::new().await;
        let link = scene.foe.connect(scene.hub.address(), scene.hub.id()).await.unwrap();
        let (mut writer, _reader) = link.open().await.unwrap();
        writer.write_all(&frame(&ControlFrame::Hello { version: 9, name: "foe" })).await.unwrap();
        let told = Reason::Dismissed(ProtocolError::Version { theirs: 9, ours: 2 }.to_string());
        assert_eq!(link.closed().await, told);
        scene.friend_goes_on().await;
    })
    .await;
}

#[tokio::test]
async fn a_frame_that_claims_four_gibibytes() {
    bounded(async {
        let scene = Scene::new().await;
        let mut foe = scene.connect().await;
        foe.say(&u32::MAX.to_le_bytes()).await;
        scene.ends_with(&foe, ProtocolError::Oversized { length: u32::MAX as usize }).await;
    })
    .await;
}

#[tokio::test]
async fn a_frame_that_claims_the_limit_and_never_comes_costs_nothing() {
    bounded(async {
        let scene = Scene::new().await;
        let mut foe = scene.connect().await;
        foe.say(&(FRAME_MAX as u32).to_le_bytes()).await;
        foe.link.close(Code::Goodbye, "");
        scene.friend_goes_on().await;
    })
    .await;
}

#[tokio::test]
async fn values_without_credit() {
    bounded(async {
        let scene = Scene::new().await;
        let foe = scene.connect().await;
        let mut line = foe.open().await;
        for _ in 0..3 {
            line.say(&body(&[0x7f, 7])).await;
        }
        scene.ends_with(&foe, ProtocolError::Overrun { window: 1 }).await;
    })
    .await;
}

#[tokio::test]
async fn a_value_of_another_type() {
    bounded(async {
        let scene = Scene::new().await;
        let foe = scene.connect().await;
        let mut line = foe.open().await;
        line.say(&body(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])).await;
        let Reason::Dismissed(why) = foe.link.closed().await else { panic!("the hub hangs up") };
        assert!(why.starts_with("a value of another type: cannot decode `u32`"), "{why}");
        scene.friend_goes_on().await;
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_ends_inside_of_a_frame() {
    bounded(async {
        let scene = Scene::new().await;
        let foe = scene.connect().await;
        let mut line = foe.open().await;
        line.say(&[9, 0, 0, 0, 0x7f]).await;
        line.writer.finish();
        scene.ends_with(&foe, ProtocolError::CutOff).await;
    })
    .await;
}

#[tokio::test]
async fn a_call_of_an_actor_that_was_never_found() {
    bounded(async {
        let scene = Scene::new().await;
        let mut foe = scene.connect().await;
        foe.say(&frame(&ControlFrame::Call { number: 0, actor: 5, method: 0, trace: None, args: Raw(&[]) })).await;
        scene.ends_with(&foe, ProtocolError::Unexpected { what: "call of an actor that was not found" }).await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for() {
    bounded(async {
        let scene = Scene::new().await;
        let mut foe = scene.connect().await;
        foe.say(&frame(&ControlFrame::Answer { number: 3, result: Raw(&[]) })).await;
        scene.ends_with(&foe, ProtocolError::Unexpected { what: "answer that nobody asked for" }).await;
    })
    .await;
}

#[tokio::test]
async fn more_streams_than_are_allowed_wait_at_the_foe() {
    bounded(async {
        let scene = Scene::new().await;
        let foe = scene.connect().await;
        let limit = Transport::default().streams as usize;
        let mut streams = vec![];
        let opening = async {
            loop {
                streams.push(foe.link.open().await.unwrap());
            }
        };
        assert!(tokio::time::timeout(Duration::from_millis(500), opening).await.is_err());
        assert_eq!(streams.len(), limit - 1, "the control stream is one more");
        scene.friend_goes_on().await;
    })
    .await;
}

#[tokio::test]
async fn noise_on_the_socket_before_any_handshake() {
    bounded(async {
        let scene = Scene::new().await;
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut noise = [0_u8; 1200];
        for round in 0..200_usize {
            noise.iter_mut().enumerate().for_each(|(at, byte)| *byte = (at * 31 + round * 17) as u8);
            noise[0] |= 0xc0;
            socket.send_to(&noise[..1 + round * 6 % 1200], scene.hub.address()).unwrap();
        }
        scene.friend_goes_on().await;
    })
    .await;
}

#[tokio::test]
async fn a_foe_that_opens_and_says_nothing_is_told_that_it_took_too_long() {
    bounded(async {
        let scene = Scene::new().await;
        let foe = scene.connect().await;
        let (mut writer, _reader) = foe.link.open().await.unwrap();
        writer.write_all(&[0]).await.unwrap();
        scene.ends_with(&foe, ProtocolError::NoHello).await;
    })
    .await;
}

#[tokio::test]
async fn a_lost_foe_retires_only_its_own_end() {
    bounded(async {
        let scene = Scene::new().await;
        let foe = scene.connect().await;
        let mut line = foe.open().await;
        line.say(&body(&[0x7f, 7])).await;
        assert_eq!(scene.input.recv().await, Ok(7));
        foe.link.close(Code::Protocol, "so there\n\u{7}");
        let reason = loop {
            if let NodeEvent::Lost { reason, .. } = scene.events.recv().await.unwrap() {
                break reason;
            }
        };
        assert_eq!(reason, Reason::Dismissed("so there??".into()), "words of a peer are made fit to print");
        scene.friend_goes_on().await;
    })
    .await;
}

#[tokio::test]
async fn a_hub_that_breaks_the_protocol_ends_the_channel_here_as_lost() {
    bounded(async {
        let foe_key = Identity::generate().unwrap();
        let foe = Endpoint::bind(&foe_key, "127.0.0.1:0".parse().unwrap(), Transport::default()).unwrap();
        let worker =
            Node::bind(Config { admit: Admit::nobody(), ..Config::new("worker", Identity::generate().unwrap()) });
        let worker = worker.unwrap();
        let serving = async {
            let knock = foe.accept().await.unwrap();
            let crate::quic::Admission::Admitted(link) = foe.admit(knock, |_| true).await else { panic!("it may in") };
            let (mut writer, reader) = link.accept().await.unwrap();
            writer.write_all(&frame(&Hello::ours("hub"))).await.unwrap();
            let (mut line, asked) = link.accept().await.unwrap();
            line.write_all(&frame(&ChannelControl::Accept { window: 0 })).await.unwrap();
            line.write_all(&body(&[0x7f, 1])).await.unwrap();
            line.write_all(&body(&[0x7f, 2])).await.unwrap();
            link.closed().await;
            drop((writer, reader, asked));
        };
        let using = async {
            let peer = worker.connect(foe.address(), foe_key.id()).await.unwrap();
            let remote = peer.receiver::<u32>("anything").await.unwrap();
            let ended = loop {
                if let Err(ended) = remote.recv().await {
                    break ended;
                }
            };
            let reason = "it broke the protocol: more than 1 values under way";
            assert_eq!(ended, Ended::Lost(Loss::new("anything@hub", "hub", reason).into()));
            worker.shutdown().await;
        };
        tokio::join!(serving, using);
    })
    .await;
}
