//! Whom a node lets in: those whose id it was told, and nobody else. Does not know how an id is proven.

use crate::NodeId;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// The ids that a node admits. Clones are the same list, so that it can grow while the node runs.
///
/// There is no way to admit everybody.
#[derive(Clone, Default)]
pub struct Admit {
    ids: Arc<RwLock<BTreeSet<NodeId>>>,
}

impl Admit {
    /// Nobody, until somebody is [added](Self::add).
    #[must_use]
    pub fn nobody() -> Self {
        Self::default()
    }

    /// These ids only.
    #[must_use]
    pub fn only(ids: impl IntoIterator<Item = NodeId>) -> Self {
        Self { ids: Arc::new(RwLock::new(ids.into_iter().collect())) }
    }

    /// Admits one more, from now on.
    pub fn add(&self, id: NodeId) {
        self.ids.write().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Admits this one no longer. A connection that it has already stays.
    pub fn remove(&self, id: &NodeId) {
        self.ids.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Whether this one is admitted.
    #[must_use]
    pub fn admits(&self, id: &NodeId) -> bool {
        self.ids.read().unwrap_or_else(PoisonError::into_inner).contains(id)
    }
}

impl fmt::Debug for Admit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ids.read().unwrap_or_else(PoisonError::into_inner).iter()).finish()
    }
}
