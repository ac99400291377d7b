//! A barrier as data: who has to come, and who has. Not the barrier itself.

use crate::Ends;
use std::fmt;

/// Names a barrier within its node; counts from 1 in the order of creation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BarrierId(pub u64);

impl fmt::Display for BarrierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", self.0)
    }
}

/// A barrier at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Barrier {
    /// Its id on its node.
    pub id: BarrierId,
    /// How many parties are enrolled.
    pub enrolled: u32,
    /// The parties that have not come, with who is known to hold them. All of them have to come.
    pub absent: Ends,
}
