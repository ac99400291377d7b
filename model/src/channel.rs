//! A channel as data: its kind, its counters and who holds its ends. Not the channel itself.

use crate::ProcessId;
use std::fmt;

/// Names a channel within its node; counts from 1 in the order of creation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChannelId(pub u64);

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// Names a channel of another node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChannelRef {
    /// The [`Node::id`](crate::Node::id) of the channel's home.
    pub node: String,
    /// The channel there.
    pub channel: ChannelId,
}

/// What a channel holds between a send and a receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ChannelKind {
    /// Nothing: sender and receiver meet.
    Rendezvous,
    /// At most this many values.
    Bounded(u64),
    /// Any number of values.
    Unbounded,
}

impl fmt::Display for ChannelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rendezvous => f.write_str("rendezvous"),
            Self::Bounded(n) => write!(f, "bounded({n})"),
            Self::Unbounded => f.write_str("unbounded"),
        }
    }
}

/// What a bounded channel does with a value that it has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Overflow {
    /// The sender waits for room.
    #[default]
    Wait,
    /// The send fails and gives the value back.
    Fail,
    /// The value is dropped and counted.
    DropNewest,
    /// The oldest value in the channel is dropped and counted, so that there is room.
    DropOldest,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wait => "wait",
            Self::Fail => "fail",
            Self::DropNewest => "drop newest",
            Self::DropOldest => "drop oldest",
        })
    }
}

/// To whom a value of a channel goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Delivery {
    /// To one receive.
    #[default]
    One,
    /// To every receiving end.
    All,
    /// To every receiving end that looks before there is a newer one.
    Latest,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "to one",
            Self::All => "broadcast",
            Self::Latest => "watch",
        })
    }
}

/// One of the two directions of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    /// The end that values go into.
    Send,
    /// The end that values come out of.
    Receive,
}

impl Side {
    /// The side that can help a party waiting on this one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Send => Self::Receive,
            Self::Receive => Self::Send,
        }
    }
}

/// What is brought about, without a value, for who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Occasion {
    /// An event that is set.
    Event,
    /// A condition that is notified.
    Condition,
    /// A token that is cancelled.
    Token,
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event => "event",
            Self::Condition => "condition",
            Self::Token => "token",
        })
    }
}

/// How a channel has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Closing {
    /// All ends of one side were given up.
    Retired,
    /// Somebody poisoned it, for this cause.
    Poisoned(String),
}

/// The ends of one side: how many live, and which processes are known to hold one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ends {
    /// Number of living ends.
    pub count: u32,
    /// Known holders, one entry for each end with a known holder; fewer than `count` when some are not known.
    /// When no end lives any more: who used to hold one.
    pub holders: Vec<ProcessId>,
    /// How many of the ends cannot leave their holders: the holder's own code shows that it never gives them away.
    pub kept: u32,
}

impl Ends {
    /// Ends that are all held by known processes.
    #[must_use]
    pub fn held_by(holders: impl IntoIterator<Item = ProcessId>) -> Self {
        let holders: Vec<_> = holders.into_iter().collect();
        Self { count: u32::try_from(holders.len()).unwrap_or(u32::MAX), holders, kept: 0 }
    }

    /// The same, where none of them can leave its holder.
    #[must_use]
    pub fn kept_by(holders: impl IntoIterator<Item = ProcessId>) -> Self {
        let ends = Self::held_by(holders);
        Self { kept: ends.count, ..ends }
    }

    /// Whether every living end has a known holder.
    #[must_use]
    pub fn all_known(&self) -> bool {
        self.holders.len() as u64 >= u64::from(self.count)
    }

    /// Whether every living end has a known holder that cannot give it away.
    #[must_use]
    pub fn all_kept(&self) -> bool {
        self.all_known() && self.kept >= self.count
    }
}

/// A channel at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Channel {
    /// Its id on its node.
    pub id: ChannelId,
    /// Its name; empty when nobody named it.
    pub name: String,
    /// The type of its values, as written in Rust without paths.
    pub item: String,
    /// What it holds between send and receive.
    pub kind: ChannelKind,
    /// To whom a value goes.
    pub delivery: Delivery,
    /// What it does when it has no room.
    pub overflow: Overflow,
    /// Values that this has dropped so far.
    pub dropped: u64,
    /// Values that are in it now.
    pub depth: u64,
    /// The largest depth so far.
    pub high_water: u64,
    /// Values that a sender has handed over so far, those too that were dropped at once. Where each goes to one receiver, this
    /// is `received` + `depth` + `dropped` + what was taken back, undelivered, from a channel that has ended.
    pub sent: u64,
    /// Values that a receiver has committed to so far; once for each receiver, where each value goes to all.
    pub received: u64,
    /// Its sending ends.
    pub senders: Ends,
    /// Its receiving ends.
    pub receivers: Ends,
    /// Where its values come back, as those of a lock do: how many are out, and who is known to have one. Only who has one
    /// can help who waits to receive.
    pub lent: Option<Ends>,
    /// Where it carries no values but tells of something: of what. Its senders are then all who can bring that about.
    pub occasion: Option<Occasion>,
    /// How it ended, if it has.
    pub closing: Option<Closing>,
    /// When this is the local face of a channel of another node: that channel.
    pub home: Option<ChannelRef>,
}

impl Channel {
    /// A fresh channel without ends.
    #[must_use]
    pub fn new(id: ChannelId, name: impl Into<String>, kind: ChannelKind) -> Self {
        Self {
            id,
            name: name.into(),
            item: String::new(),
            kind,
            delivery: Delivery::One,
            overflow: Overflow::Wait,
            dropped: 0,
            depth: 0,
            high_water: 0,
            sent: 0,
            received: 0,
            senders: Ends::default(),
            receivers: Ends::default(),
            lent: None,
            occasion: None,
            closing: None,
            home: None,
        }
    }

    /// Its name, or its id where it has none.
    #[must_use]
    pub fn label(&self) -> String {
        if self.name.is_empty() { self.id.to_string() } else { self.name.clone() }
    }

    /// Its ends of one side.
    #[must_use]
    pub const fn ends(&self, side: Side) -> &Ends {
        match side {
            Side::Send => &self.senders,
            Side::Receive => &self.receivers,
        }
    }
}
