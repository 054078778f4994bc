//! What a journal stands on.

use std::fmt;

/// A segment's number, from 1, without gaps among those that are still kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentNo(pub u64);

impl SegmentNo {
    /// The first of a journal's life.
    pub const FIRST: Self = Self(1);

    /// The one after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The one before, if there is one.
    #[must_use]
    pub const fn before(self) -> Option<Self> {
        if self.0 <= Self::FIRST.0 {
            return None;
        }
        Some(Self(self.0.saturating_sub(1)))
    }
}

impl fmt::Display for SegmentNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// Why storage did not do what it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// No room. What was to be written may be there in part; trying again is safe.
    #[error("no space left for the journal; free some, or keep less with a shorter `retain`")]
    NoSpace,
    /// Anything else. What was to be written or synced may be lost for good.
    #[error("the journal's disk failed: {0}")]
    Failed(String),
}

/// Segments of bytes by number: files, or a test's memory.
///
/// What was written is safe only after `sync`; until then a power cut may keep any part of it.
pub trait Storage {
    /// The segments that are there, ascending.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    fn segments(&self) -> Result<Vec<SegmentNo>, StorageError>;

    /// Makes an empty segment; one of that number is emptied. Durable with its first sync.
    ///
    /// # Errors
    /// Both kinds.
    fn create(&mut self, segment: SegmentNo) -> Result<(), StorageError>;

    /// Writes bytes at a place, at or before the end of what was written so far.
    ///
    /// # Errors
    /// Both kinds.
    fn write(&mut self, segment: SegmentNo, at: u64, bytes: &[u8]) -> Result<(), StorageError>;

    /// Cuts off everything from a place on, spare room too.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    fn truncate(&mut self, segment: SegmentNo, at: u64) -> Result<(), StorageError>;

    /// Makes durable what was written to a segment, and that it is there at all.
    ///
    /// # Errors
    /// [`StorageError::Failed`], after which nothing unsynced can be trusted (a second sync may
    /// succeed although the bytes are lost).
    fn sync(&mut self, segment: SegmentNo) -> Result<(), StorageError>;

    /// At most `most` bytes of a segment from a place on; fewer only at its end. What was written
    /// may be followed by spare room, which reads as zeros.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    fn read(&self, segment: SegmentNo, at: u64, most: usize) -> Result<Vec<u8>, StorageError>;

    /// Removes a segment.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    fn remove(&mut self, segment: SegmentNo) -> Result<(), StorageError>;
}

/// Storage that puts room aside for when it is full, so that what was begun can be finished.
///
/// A write that finds no room gives the reserve back by itself and tries once more.
pub trait Reserve: Storage {
    /// Whether what is put aside is still there, or nothing ever is.
    fn has_reserve(&self) -> bool;

    /// Puts room aside again, if there is any; whether it is there.
    fn refill_reserve(&mut self) -> bool;

    /// Gives back what was put aside; whether there was any.
    fn release_reserve(&mut self) -> bool;
}
