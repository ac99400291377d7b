//! Fuzz bodies of the protocol: any bytes, no panic. Called by the ordinary tests and by `fuzz/`.

use super::{Calls, Feeder, Hello, Taker, TakerNews, channel_frame, control_frame};
use rendez_wire::FrameReader;

const WINDOW: u32 = 4;

/// A hostile peer on the control stream.
pub fn control_stream(bytes: &[u8]) {
    let mut calls = Calls::new(4);
    for waiter in 0..3 {
        calls.start(waiter);
    }
    each_frame(bytes, |body| {
        let Ok(frame) = control_frame(body) else { return };
        let _ = Hello::theirs(&frame);
        if let super::ControlFrame::Answer { number, .. } = frame {
            let _ = calls.answer(number);
        }
    });
}

/// A hostile peer on a channel's stream, as taker and as feeder.
pub fn channel_stream(bytes: &[u8]) {
    let (mut feeder, mut taker) = (Feeder::new(WINDOW), Taker::new(WINDOW));
    let mut held = 0;
    each_frame(bytes, |body| {
        let Ok(frame) = channel_frame(body) else { return };
        if let Ok(TakerNews::Value(_)) = taker.handle(&frame) {
            held += 1;
            assert!(held <= WINDOW, "a peer made us hold more than the window");
        }
        if feeder.may_feed() {
            feeder.fed();
        }
        let _ = feeder.handle(&frame);
        assert!(feeder.under_way() <= WINDOW);
    });
}

fn each_frame(bytes: &[u8], mut body: impl FnMut(&[u8])) {
    let mut reader = FrameReader::new();
    reader.push(bytes);
    while let Ok(Some(frame)) = reader.next_frame() {
        body(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::frame::{ChannelControl, Direction, Raw, Refusal};
    use crate::proto::{ControlFrame, Mark, Outcome, put, put_item};
    use rendez_wire::fuzz::mutate;

    const ROUNDS: u64 = 10_000;
    const MARK: Mark<'_> = Mark { node: "till", id: 17, name: "order" };

    #[test]
    fn a_hostile_peer_does_not_break_the_control_stream() {
        let frames = [
            Hello::ours("node"),
            ControlFrame::Find { request: 1, name: "index", interface: "Index", fingerprint: 7 },
            ControlFrame::Refuse { request: 1, refusal: Refusal::Unknown { published: vec!["a".into()], more: 3 } },
            ControlFrame::Call { number: 1, actor: 2, method: 3, trace: None, args: Raw(&[1, 2, 3]) },
            ControlFrame::Call { number: 2, actor: 2, method: 3, trace: Some(MARK), args: Raw(&[]) },
            ControlFrame::Answer { number: 1, result: Raw(&[9]) },
            ControlFrame::Failure { number: 2, outcome: Outcome::Failed, text: "no" },
        ];
        let mut all = vec![];
        frames.iter().for_each(|frame| put(&mut all, frame).unwrap());
        mutate(&[all], ROUNDS, control_stream);
    }

    #[test]
    fn a_hostile_peer_does_not_break_a_channel() {
        let mut all = vec![];
        let open =
            ChannelControl::Open { name: "jobs", direction: Direction::Send, label: "u64", fingerprint: 1, window: 1 };
        put(&mut all, &open).unwrap();
        put(&mut all, &ChannelControl::Accept { window: 2 }).unwrap();
        put(&mut all, &ChannelControl::Follow { trace: Some(MARK) }).unwrap();
        put_item(&mut all, &7_u64).unwrap();
        put_item(&mut all, &"text").unwrap();
        put(&mut all, &ChannelControl::Taken { count: 1 }).unwrap();
        put(&mut all, &ChannelControl::Poison { channel: "ch", cause: "c", origin: "o" }).unwrap();
        put(&mut all, &ChannelControl::Retire).unwrap();
        mutate(&[all], ROUNDS, channel_stream);
    }
}
