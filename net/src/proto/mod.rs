//! The protocol between two nodes as state machines: frames in, answers and events out. No socket, no task, no clock.

mod calls;
mod channel;
mod frame;
#[doc(hidden)]
pub mod fuzz;
mod hello;

pub(crate) use calls::Calls;
pub(crate) use channel::{Feeder, FeederNews, Poisoning, Taker, TakerNews};
pub use frame::ProtocolError;
pub(crate) use frame::{
    ChannelControl, ChannelFrame, ControlFrame, Direction, Mark, NAME_MAX, Outcome, PUBLISHED_MAX, PutError, Raw,
    Refusal, Told, channel_frame, control_frame, cut, put, put_item,
};
pub(crate) use hello::Hello;
