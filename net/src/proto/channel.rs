//! One channel's stream: who may send how many values, and how it ends. Does not hold the values themselves.
//!
//! Values leave from the *feeder* and arrive at the *taker*; which of the two is the channel's home does not matter
//! here. Invariant: values under way (fed and not yet reported as taken) never exceed the window that the taker gave.

use super::ProtocolError;
use super::frame::{ChannelControl, ChannelFrame, Mark};

/// The side that values leave from.
#[derive(Debug)]
pub(crate) struct Feeder {
    window: u32,
    under_way: u32,
    retired: bool,
}

/// What a frame from the taker means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FeederNews {
    /// Values have been taken.
    Taken,
    /// No more values are wanted; those under way were not taken.
    Retired,
    /// The channel is poisoned.
    Poisoned(Poisoning),
}

/// Poison from the other node.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Poisoning {
    pub(crate) channel: String,
    pub(crate) cause: String,
    pub(crate) origin: String,
}

impl Poisoning {
    fn new(channel: &str, cause: &str, origin: &str) -> Self {
        Self { channel: channel.to_owned(), cause: cause.to_owned(), origin: origin.to_owned() }
    }
}

impl Feeder {
    pub(crate) const fn new(window: u32) -> Self {
        Self { window, under_way: 0, retired: false }
    }

    /// Whether another value may be sent.
    pub(crate) const fn may_feed(&self) -> bool {
        !self.retired && self.under_way < self.window
    }

    /// A value was sent.
    pub(crate) fn fed(&mut self) {
        debug_assert!(self.may_feed());
        self.under_way += 1;
    }

    /// No more values will be sent.
    pub(crate) fn retire(&mut self) {
        self.retired = true;
    }

    /// Values that are sent and not known to be taken.
    pub(crate) const fn under_way(&self) -> u32 {
        self.under_way
    }

    pub(crate) fn handle(&mut self, frame: &ChannelFrame<'_>) -> Result<FeederNews, ProtocolError> {
        match frame {
            ChannelFrame::Other(ChannelControl::Taken { count }) => {
                self.under_way = self
                    .under_way
                    .checked_sub(*count)
                    .ok_or(ProtocolError::Unexpected { what: "credit for values that were not sent" })?;
                Ok(FeederNews::Taken)
            }
            ChannelFrame::Other(ChannelControl::Retire) => {
                self.retired = true;
                Ok(FeederNews::Retired)
            }
            ChannelFrame::Other(ChannelControl::Poison { channel, cause, origin }) => {
                self.retired = true;
                Ok(FeederNews::Poisoned(Poisoning::new(channel, cause, origin)))
            }
            ChannelFrame::Item(_) => {
                Err(ProtocolError::Unexpected { what: "value against the direction of a channel" })
            }
            ChannelFrame::Other(ChannelControl::Follow { .. }) => {
                Err(ProtocolError::Unexpected { what: "trace against the direction of a channel" })
            }
            ChannelFrame::Other(_) => Err(ProtocolError::Unexpected { what: "second opening of a channel" }),
        }
    }
}

/// The side that values arrive at.
#[derive(Debug)]
pub(crate) struct Taker {
    window: u32,
    /// Values that have arrived and are not reported as taken.
    held: u32,
    /// Those of them that were taken.
    taken: u32,
    retired: bool,
}

/// What a frame from the feeder means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TakerNews<'a> {
    /// A value, still encoded.
    Value(&'a [u8]),
    /// What the values after this belong to.
    Follows(Option<Mark<'a>>),
    /// No more values come.
    Retired,
    /// The channel is poisoned.
    Poisoned(Poisoning),
}

impl Taker {
    pub(crate) const fn new(window: u32) -> Self {
        Self { window, held: 0, taken: 0, retired: false }
    }

    /// A receive took a value that had arrived.
    pub(crate) fn taken(&mut self) {
        debug_assert!(self.taken < self.held);
        self.taken += 1;
    }

    /// The frame that says how many were taken since the last one; none where there is nothing to say.
    pub(crate) fn report(&mut self) -> Option<ChannelControl<'static>> {
        let count = std::mem::take(&mut self.taken);
        self.held -= count;
        (count > 0).then_some(ChannelControl::Taken { count })
    }

    pub(crate) fn handle<'a>(&mut self, frame: &ChannelFrame<'a>) -> Result<TakerNews<'a>, ProtocolError> {
        match frame {
            _ if self.retired => Err(ProtocolError::Unexpected { what: "frame after the end of a channel" }),
            ChannelFrame::Item(_) if self.held == self.window => Err(ProtocolError::Overrun { window: self.window }),
            ChannelFrame::Item(value) => {
                self.held += 1;
                Ok(TakerNews::Value(value))
            }
            ChannelFrame::Other(ChannelControl::Follow { trace }) => Ok(TakerNews::Follows(*trace)),
            ChannelFrame::Other(ChannelControl::Retire) => {
                self.retired = true;
                Ok(TakerNews::Retired)
            }
            ChannelFrame::Other(ChannelControl::Poison { channel, cause, origin }) => {
                self.retired = true;
                Ok(TakerNews::Poisoned(Poisoning::new(channel, cause, origin)))
            }
            ChannelFrame::Other(ChannelControl::Taken { .. }) => {
                Err(ProtocolError::Unexpected { what: "credit against the direction of a channel" })
            }
            ChannelFrame::Other(_) => Err(ProtocolError::Unexpected { what: "second opening of a channel" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(count: u32) -> ChannelFrame<'static> {
        ChannelFrame::Other(ChannelControl::Taken { count })
    }

    #[test]
    fn credit_returns_only_when_values_are_taken() {
        let (mut feeder, mut taker) = (Feeder::new(2), Taker::new(2));
        for _ in 0..2 {
            feeder.fed();
            assert_eq!(taker.handle(&ChannelFrame::Item(&[1])), Ok(TakerNews::Value(&[1])));
        }
        assert!(!feeder.may_feed());
        assert_eq!(taker.report(), None);
        taker.taken();
        taker.taken();
        let frame = ChannelFrame::Other(taker.report().unwrap());
        assert_eq!(feeder.handle(&frame), Ok(FeederNews::Taken));
        assert_eq!(feeder.under_way(), 0);
    }

    #[test]
    fn a_value_without_credit_and_credit_without_a_value_break_the_protocol() {
        let mut taker = Taker::new(1);
        taker.handle(&ChannelFrame::Item(&[])).unwrap();
        assert_eq!(taker.handle(&ChannelFrame::Item(&[])), Err(ProtocolError::Overrun { window: 1 }));
        assert!(Feeder::new(1).handle(&taken(1)).is_err());
    }

    #[test]
    fn after_the_end_it_is_known_how_many_values_were_not_taken() {
        let mut feeder = Feeder::new(3);
        feeder.fed();
        feeder.fed();
        let end = feeder.handle(&ChannelFrame::Other(ChannelControl::Retire));
        assert_eq!((end, feeder.under_way()), (Ok(FeederNews::Retired), 2));
        assert!(!feeder.may_feed());
    }

    #[test]
    fn a_trace_goes_with_the_values_only_and_takes_no_credit() {
        let follow = ChannelFrame::Other(ChannelControl::Follow { trace: None });
        let mut taker = Taker::new(1);
        assert_eq!(taker.handle(&follow), Ok(TakerNews::Follows(None)));
        taker.handle(&ChannelFrame::Item(&[])).unwrap();
        assert_eq!(taker.handle(&follow), Ok(TakerNews::Follows(None)));
        assert!(Feeder::new(1).handle(&follow).is_err());
    }

    #[test]
    fn nothing_follows_the_end() {
        let mut taker = Taker::new(3);
        taker.handle(&ChannelFrame::Other(ChannelControl::Retire)).unwrap();
        assert!(taker.handle(&ChannelFrame::Item(&[])).is_err());
    }
}
