//! Changed fields, kept aside from the frame they change.

use crate::iso::message::{Bitmap, FieldId};
use std::ops::Range;

/// Fields as they will stand on the wire, in one buffer.
#[derive(Clone)]
pub(super) struct Edits {
    bytes: Vec<u8>,
    fields: Bitmap,
    /// By the place of each field among them.
    places: Vec<Range<usize>>,
}

impl Edits {
    pub(super) const NONE: Self = Self {
        bytes: Vec::new(),
        fields: Bitmap::EMPTY,
        places: Vec::new(),
    };

    pub(super) fn bytes(&self, field: FieldId) -> Option<&[u8]> {
        if !self.fields.contains(field) {
            return None;
        }
        let place = self.places.get(self.fields.rank(field))?;
        self.bytes.get(place.clone())
    }

    /// Writes a field's bytes by `write`; on its failure nothing has changed.
    pub(super) fn put<E>(
        &mut self,
        field: FieldId,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.bytes.capacity() == 0 {
            // Room for a usual message at once, rather than growing into it.
            self.bytes.reserve(512);
            self.places.reserve(32);
        }
        let start = self.bytes.len();
        if let Err(wrong) = write(&mut self.bytes) {
            self.bytes.truncate(start);
            return Err(wrong);
        }
        let place = start..self.bytes.len();
        let rank = self.fields.rank(field);
        match self.places.get_mut(rank) {
            Some(old) if self.fields.contains(field) => *old = place,
            _ => self.places.insert(rank, place),
        }
        self.fields.insert(field);
        Ok(())
    }

    /// Forgets all changes and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.fields = Bitmap::EMPTY;
        self.places.clear();
    }

    pub(super) fn remove(&mut self, field: FieldId) {
        if self.fields.contains(field) {
            self.places.remove(self.fields.rank(field));
            self.fields.remove(field);
        }
    }
}
