//! Cells in numbered places, so that one enters and leaves without looking at the others. It knows nothing of what they are.

use crate::cell::Cell;
use std::sync::Arc;

/// Places kept when the last cell has left.
const KEPT: usize = 64;
/// How many places are copied at a time, under the lock that they are kept under.
pub(crate) const LOT: usize = 1_024;
/// The end of the list of free places.
const NONE: u32 = u32::MAX;

/// The places, taken and free.
pub(crate) struct Slots {
    places: Vec<Place>,
    free: u32,
    taken: u32,
}

enum Place {
    Taken(Arc<Cell>),
    /// The next free place.
    Free(u32),
}

impl Default for Slots {
    fn default() -> Self {
        Self { places: Vec::new(), free: NONE, taken: 0 }
    }
}

impl Slots {
    pub(crate) const fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// Takes a cell in, and tells it its place.
    pub(crate) fn enter(&mut self, cell: &Arc<Cell>) {
        let taken = Place::Taken(Arc::clone(cell));
        self.taken += 1;
        let place = self.free;
        match self.places.get_mut(place as usize) {
            Some(slot) => {
                if let Place::Free(next) = std::mem::replace(slot, taken) {
                    self.free = next;
                }
                cell.set_place(place);
            }
            None => {
                cell.set_place(u32::try_from(self.places.len()).unwrap_or(NONE));
                self.places.push(taken);
            }
        }
    }

    /// Lets a cell go; none when it is not here. The caller drops it when its lock is free.
    pub(crate) fn leave(&mut self, cell: &Arc<Cell>) -> Option<Arc<Cell>> {
        let place = cell.place();
        let slot = self.places.get_mut(place as usize)?;
        if !matches!(slot, Place::Taken(known) if Arc::ptr_eq(known, cell)) {
            return None;
        }
        let Place::Taken(left) = std::mem::replace(slot, Place::Free(self.free)) else { return None };
        self.free = place;
        self.taken -= 1;
        if self.taken == 0 && self.places.len() > KEPT {
            *self = Self::default();
        }
        Some(left)
    }

    /// Adds those in the next places; gives where to go on, if there are more.
    pub(crate) fn copy_lot(&self, from: usize, into: &mut Vec<Arc<Cell>>) -> Option<usize> {
        let to = self.places.len().min(from + LOT);
        let taken = |place: &Place| if let Place::Taken(cell) = place { Some(Arc::clone(cell)) } else { None };
        into.extend(self.places.get(from..to).unwrap_or_default().iter().filter_map(taken));
        (to < self.places.len()).then_some(to)
    }

    /// All cells.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &Arc<Cell>> {
        self.places.iter().filter_map(|place| match place {
            Place::Taken(cell) => Some(cell),
            Place::Free(_) => None,
        })
    }
}
