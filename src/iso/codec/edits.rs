//! Changed fields, kept aside from the frame they change.

use crate::iso::message::FieldId;
use std::ops::Range;

/// Fields as they will stand on the wire, in one buffer.
#[derive(Clone, Default)]
pub(super) struct Edits {
    bytes: Vec<u8>,
    /// Ascending by field.
    places: Vec<(FieldId, Range<usize>)>,
}

impl Edits {
    pub(super) const NONE: Self = Self {
        bytes: Vec::new(),
        places: Vec::new(),
    };

    pub(super) fn bytes(&self, field: FieldId) -> Option<&[u8]> {
        let at = self.find(field).ok()?;
        self.bytes.get(self.places.get(at)?.1.clone())
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
        match self.find(field) {
            Ok(at) => {
                if let Some(old) = self.places.get_mut(at) {
                    old.1 = place;
                }
            }
            Err(at) => self.places.insert(at, (field, place)),
        }
        Ok(())
    }

    /// Forgets all changes and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }

    pub(super) fn remove(&mut self, field: FieldId) {
        if let Ok(at) = self.find(field) {
            self.places.remove(at);
        }
    }

    fn find(&self, field: FieldId) -> Result<usize, usize> {
        // Messages are mostly filled in ascending order: then the place is the end.
        match self.places.last() {
            Some((last, _)) if *last < field => Err(self.places.len()),
            _ => self.places.binary_search_by_key(&field, |(id, _)| *id),
        }
    }
}
